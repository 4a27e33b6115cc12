// A plugin that decides who comes in, now or later, as the client's auth asks it to: {"NAME":"hold"}. What it holds, a
// client that is in decides: "NAME:accept", "NAME:reject".
#include <wshub/plugin.h>

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace json = wshub::json;

class Door : public wshub::Plugin {
public:
    explicit Door(wshub::Host host) : Plugin(host) {
        on_connect([this](wshub::Connect& connect) { answer(connect); });
        on_connect([this](wshub::Connect& connect) { answer_again(connect); }, -1);
        on_connected([this](wshub::Session session) { to(session).emit(NAME ":welcome", json::Raw{session.roles()}); });

        on(NAME ":accept", [this](wshub::Event& event) { event.ack(decide([](auto v) { return v.accept(); })); });
        on(NAME ":reject",
           [this](wshub::Event& event) { event.ack(decide([](auto v) { return v.reject("NO", "not you"); })); });
        on(NAME ":later",
           [this](wshub::Event&) { thread([this](wshub::StopToken) { decide([](auto v) { return v.accept(); }); }); });
        on(NAME ":bad", [this](wshub::Event& event) {
            event.ack(code_of([this] { return decide([](auto v) { return v.reject_raw("no", "{"); }); }));
        });
        // Whom it was asked about last, held by whomever.
        on(NAME ":steal", [this](wshub::Event& event) {
            event.ack(wshub::Verdict(this->host(), seen_).accept(), wshub::Verdict(this->host(), 12345).accept());
        });

        on("both", [](wshub::Event& event) { event.ack(NAME); });
        on(NAME ":follow", [this](wshub::Event& event) {
            const wshub::Session session = event.session();
            const bool done = session.set_following(json::Raw{std::string(event[0].text())});
            event.ack(done, json::Raw{session.following()}, followers(event[0][0].str()).size());
        });
        on(NAME ":roles", [](wshub::Event& event) {
            const wshub::Session session = event.session();
            session.set_roles(json::Raw{std::string(event[0].text())});
            event.ack(json::Raw{session.roles()}, session.has_role("admin"));
        });
        on(NAME ":name", [](wshub::Event& event) {
            const wshub::Session session = event.session();
            const auto claim = session.set_username(event[0].str());
            event.ack(static_cast<int>(claim), session.username());
        });
        on(NAME ":rooms",
           [](wshub::Event& event) { event.ack(code_of([&event] { return event.session().join(event[0].str()); })); });
        on(NAME ":server", [this](wshub::Event& event) {
            event.ack(server_version(), server_url(), state_directory(), url_at_start_);
        });
    }

protected:
    void on_start() override { url_at_start_ = server_url(); }

private:
    void answer(wshub::Connect& connect) {
        seen_ = connect.session().id();
        const std::string wish = connect.auth()[NAME].str();
        if (connect.auth()["roles"])
            connect.session().set_roles(json::Raw{std::string(connect.auth()["roles"].text())});
        if (wish == "refuse") connect.reject("NO", "not you");
        if (wish == "hold_after_refusal") {
            connect.reject("NO", "not you");
            connect.hold();
        }
        if (wish.compare(0, 4, "hold") != 0 || wish == "hold_after_refusal") return;
        const wshub::Verdict verdict = connect.hold();
        if (wish == "hold_twice") connect.hold();
        if (wish == "hold_throw") throw wshub::Error(WSHUB_EINTERNAL, "secret: hunter2");
        if (wish == "hold_refuse") connect.reject("NO", "not you");
        if (wish == "hold_early") {
            std::thread([&verdict] { verdict.accept(); }).join();
            return;
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        held_.push_back(verdict);
    }
    // Behind the first handler, of this plugin or of others.
    void answer_again(wshub::Connect& connect) {
        if (connect.auth()[NAME "2"].str() != "hold") return;
        const wshub::Verdict verdict = connect.hold();
        const std::lock_guard<std::mutex> lock(mutex_);
        held_.push_back(verdict);
    }

    // The one held longest.
    template <class Decide>
    bool decide(Decide how) {
        std::optional<wshub::Verdict> verdict;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (held_.empty()) return false;
            verdict = held_.front();
            held_.erase(held_.begin());
        }
        return how(*verdict);
    }

    template <class Call>
    static std::int32_t code_of(Call call) {
        try {
            return call() ? 1 : 0;
        } catch (const wshub::Error& error) {
            return error.code();
        }
    }

    std::mutex mutex_;
    std::vector<wshub::Verdict> held_;
    wshub_session seen_ = 0;
    std::string url_at_start_;
};

}  // namespace

WSHUB_PLUGIN_WITH(Door, NAME, "1.0.0", FLAGS, "")
