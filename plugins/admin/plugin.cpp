#include <unistd.h>
#include <wshub/plugin.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access.h"
#include "cards.h"
#include "connections.h"
#include "dashboard.h"
#include "desk.h"
#include "journal.h"
#include "operations.h"
#include "token_file.h"
#include "watchers.h"

namespace {

namespace json = wshub::json;
using wshub::Millis;
using wshub::Session;

using Clock = std::chrono::steady_clock;

constexpr const char* kConnectionUpdate = "admin:connection_update";
constexpr std::string_view kRoom = "watchers";  // private: no client reaches it
constexpr std::int32_t kBeforeOtherTokens = 1000;
constexpr std::string_view kProved = "admin.proved";  // session variable, which the plugin auth reads

class Admin : public wshub::Plugin {
public:
    explicit Admin(wshub::Host host) : Plugin(host) {
        on_connect([this](wshub::Connect& connect) { admit(connect); }, kBeforeOtherTokens);
        on("admin_subscribe", [this](wshub::Event& event) { list(event, Request::admin_subscribe); });
        on("admin_get_connections", [this](wshub::Event& event) { list(event, Request::admin_get_connections); });
        on("admin_unsubscribe", [this](wshub::Event& event) { give_up(event); });
        for (const admin::Operation& operation : admin::operations()) {
            on(operation.event, [this, &operation](wshub::Event& event) { desk_.handle(event, operation); });
        }
        on("admin:subscribe", [this](wshub::Event& event) { desk_.subscribe(event); });
        every(Millis(1000), [this] { desk_.push(); });
        on_connected([this](Session session) { connected(session); });
        on_disconnect([this](Session session, std::string_view) { disconnected(session); });
        on_join([this](Session session, std::string_view room) { joined(session, room); });
        on_leave([this](Session session, std::string_view room) { left(session, room); });
        serve_dashboard();
    }

protected:
    void on_start() override {
        if (access_ == admin::Access::token && token_.empty()) token_ = kept_token();
        // Sessions may be older than this instance of the plugin.
        for (const std::string& nsp : namespaces()) {
            for (const Session& watcher : private_members(kRoom, wshub::Share::own, nsp)) {
                watchers_.add(watcher.id(), nsp);
            }
        }
        desk_.started();
        if (stats_interval_ > Millis::zero()) expect_stats(std::min(next_stats_, Clock::now() + stats_interval_));
        post([this] { send_updates(); });
    }
    // What is under way goes on in the next version: {"desk","updates":[[nsp,event,what,data],...],"stats_in"?}
    std::string save() override {
        json::Raw updates{"["};
        const std::lock_guard<std::mutex> lock(updates_mutex_);
        for (const auto& [nsp, event, what, data] : updates_) {
            if (updates.text.size() > 1) updates.text += ',';
            updates.text += json::arr(nsp, event, what, data).text;
        }
        updates.text += ']';
        std::optional<std::int64_t> stats_in;
        if (stats_interval_ > Millis::zero()) stats_in = std::chrono::ceil<Millis>(next_stats_ - Clock::now()).count();
        return json::obj("desk", desk_.save(), "updates", updates, "stats_in", stats_in).text;
    }
    void restore(std::uint32_t, std::string_view text) override {
        const auto saved = json::View::parse(text);
        if (!saved) return;
        desk_.restore((*saved)["desk"]);
        if (const json::View in = (*saved)["stats_in"]) {
            next_stats_ = Clock::now() + std::clamp(Millis(in.num()), Millis(0), stats_interval_);
        }
        (*saved)["updates"].each([this](std::string_view, const json::View& each) {
            updates_.push_back({each[0].str(), each[1].str(), each[2].str(), {std::string(each[3].text())}});
            return true;
        });
    }

private:
    // ---- who is an admin

    admin::Access read_access() {
        const std::string text = config("access", "token",
                                        "Who is an admin: token (who connects with it), loopback (who connects from "
                                        "this machine) or open (everybody).");
        if (const auto access = admin::read_access(text)) return *access;
        throw wshub::Error(WSHUB_EINVAL, "[plugin.admin] access = \"" + text + "\": expected token, loopback or open");
    }

    std::string kept_token() const {
        const std::string directory = state_directory();
        if (directory.empty()) {
            throw wshub::Error(WSHUB_EINVAL,
                               "there is no place to keep the admin token: set [server] state_directory, or "
                               "[plugin.admin] token, or [plugin.admin] access");
        }
        admin::KeptToken kept = admin::keep_token(directory);
        if (kept.is_new) {
            // For whoever starts the server by hand; the log may be read by others, and a service prints into one.
            const std::string token =
                admin::is_journal(STDOUT_FILENO) ? "read it with sudo cat " + kept.file.string() : kept.token;
            std::printf("wshub admin token: %s dashboard: %s/admin/\n", token.c_str(), server_url().c_str());
            std::fflush(stdout);
        }
        info((kept.is_new ? "admin token made, see file=" : "admin token read file=") + kept.file.string());
        return std::move(kept.token);
    }

    void admit(wshub::Connect& connect) const {
        const Session session = connect.session();
        if (!is_admin(session, connect.auth())) return;
        session.set_roles(admin::with_role(json::View(session.roles())));
        // Who has shown the token need not show another; who is only near, or anybody, must.
        if (access_ == admin::Access::token) session.set_var(kProved, true);
    }

    bool is_admin(const Session& session, const json::View& auth) const {
        switch (access_) {
            case admin::Access::token: return admin::is_token(auth["token"].str(), token_);
            case admin::Access::loopback: return admin::is_local(session.remote(), session.headers());
            case admin::Access::open: return true;
        }
        return false;
    }

    // ---- lists

    using Request = admin::ListAnswer::To;

    void list(wshub::Event& event, Request request) {
        const Session session = event.session();
        if (!session.has_role(admin::kRole)) return event.fail("FORBIDDEN", "Only admins may see the connections");
        // Subscribes first: who comes or goes from now on is told of, behind this answer.
        const bool newly = request == Request::admin_subscribe && subscribe(session, event.nsp());
        if (!event.wants_ack()) return;
        const auto args = list_answer(event.nsp(), request);
        if (args) {
            event.ack_raw(*args);
        } else {
            if (newly) unsubscribe(session);
            event.fail("PAYLOAD_TOO_LARGE", "The list of connections is too large");
        }
        tidy_up();
    }

    // Nothing: it is larger than may be sent.
    std::optional<std::string> list_answer(std::string_view nsp, Request request) {
        admin::ListAnswer answer(request, last_list_bytes_);
        for (const Session& session : sessions(nsp)) {
            if (const auto card = cards_.get(session)) answer.add(*card, session.rooms());
            if (answer.bytes() > max_list_bytes_.bytes) return std::nullopt;
        }
        std::string args = std::move(answer).finish();
        last_list_bytes_ = args.size() + args.size() / 8;
        return args;
    }

    // ---- updates

    // Of a connection, in which case the total is of the moment when it is sent, or of a room.
    struct Update {
        std::string nsp, event, what;
        json::Raw data;
    };

    // False: it had subscribed already.
    bool subscribe(const Session& session, std::string_view nsp) {
        session.join_private(kRoom);
        return watchers_.add(session.id(), nsp);
    }

    void give_up(wshub::Event& event) {
        unsubscribe(event.session());
        event.ack(json::obj("status", "unsubscribed"));
    }

    void unsubscribe(const Session& session) {
        session.leave_private(kRoom);
        watchers_.remove(session.id());
        tidy_up();
    }

    // Nobody looks: nothing is kept.
    void tidy_up() {
        if (watchers_.none()) cards_.clear();
    }

    // Who is no admin any more gets no more.
    bool is_watched(std::string_view nsp) {
        bool watched = false;
        for (const std::uint64_t id : watchers_.in(nsp)) {
            if (session(id).has_role(admin::kRole)) {
                watched = true;
            } else {
                unsubscribe(session(id));
            }
        }
        return watched;
    }

    void connected(const Session& session) {
        to(session).emit("system:stats", stats({}));
        if (!watchers_.none()) announce(session, "connect");
    }

    void disconnected(const Session& session) {
        desk_.forget(session);
        if (watchers_.remove(session.id())) tidy_up();
        {
            const std::lock_guard<std::mutex> lock(leavers_mutex_);
            leavers_.erase(session.id());
        }
        if (!watchers_.none()) announce(session, "disconnect");
        cards_.forget(session);
    }

    // Updates go out from one thread, whatever loops the sessions are on: so the last total that an admin is told is
    // the one that holds.
    void announce(const Session& session, std::string_view what) {
        const auto card = cards_.get(session);
        if (!card) return;
        send({session.nsp(), kConnectionUpdate, std::string(what), card->with_rooms(session.rooms())});
    }

    void send(Update update) {
        {
            const std::lock_guard<std::mutex> lock(updates_mutex_);
            updates_.push_back(std::move(update));
        }
        post([this] { send_updates(); });
    }
    void send_updates() {
        std::vector<Update> updates;
        {
            const std::lock_guard<std::mutex> lock(updates_mutex_);
            updates.swap(updates_);
        }
        for (const auto& [nsp, event, what, data] : updates) {
            if (!is_watched(nsp)) continue;
            const bool counts = event == kConnectionUpdate;
            to_private(kRoom).in(nsp).emit(event,
                                           counts ? admin::connection_update(what, data, session_count(nsp)) : data);
        }
    }

    void joined(const Session& session, std::string_view room) {
        if (!watchers_.none()) announce_room(session, "join", room, session.rooms());
    }

    void left(const Session& session, std::string_view room) {
        if (watchers_.none()) return;
        if (find(session.sid())) return announce_room(session, "leave", room, session.rooms());
        // It is going, and leaves one after the other, maybe a thousand.
        const auto going = leaver(session);
        announce_room(session, "leave", room, going->left(room), admin::Card::kRoomsOfLeaver);
    }

    // Its own session's handlers alone use it.
    std::shared_ptr<admin::Leaver> leaver(const Session& session) {
        const std::lock_guard<std::mutex> lock(leavers_mutex_);
        std::shared_ptr<admin::Leaver>& known = leavers_[session.id()];
        if (!known) known = std::make_shared<admin::Leaver>(session.rooms());
        return known;
    }

    void announce_room(const Session& session, std::string_view what, std::string_view room,
                       const std::vector<std::string>& rooms, std::size_t most = admin::Card::kRoomsInUpdate) {
        const auto card = cards_.get(session);
        if (!card) return;
        send({session.nsp(),
              "admin:room_update",
              {},
              admin::room_update(what, session.sid(), room, card->with_rooms(rooms, most))});
    }

    // ---- figures for everybody

    json::Raw stats(std::string_view nsp) const {
        return admin::stats(session_count(nsp), total_connections(nsp), timestamp());
    }

    // In its rhythm, whichever version of the plugin runs.
    void expect_stats(Clock::time_point when) {
        next_stats_ = when;
        after(std::chrono::ceil<Millis>(when - Clock::now()), [this] {
            expect_stats(std::max(next_stats_ + stats_interval_, Clock::now()));
            tell_everybody();
        });
    }

    void tell_everybody() {
        for (const std::string& nsp : namespaces()) all().in(nsp).emit("system:stats", stats(nsp));
    }

    // ---- the page

    // Anybody may have the page's files; what it shows comes by the events above.
    void serve_dashboard() {
        if (admin::dashboard_files().empty()) return;
        http("GET /admin", [](wshub::Http& request) {
            request.reply(308, "text/plain; charset=utf-8", "See admin/\n",
                          admin::page_headers() + "Location: admin/\r\n");
        });
        http("GET /admin/config.json", [this](wshub::Http& request) {
            request.reply(200, "application/json", dashboard_config().text, admin::page_headers());
        });
        http("GET /admin/*", [](wshub::Http& request) {
            constexpr std::string_view kFolder = "/admin/";
            const std::string_view name = request.path().substr(kFolder.size());
            const auto answer = admin::answer_page(admin::dashboard_files(), name, request.headers());
            request.reply(answer.status, answer.content_type, answer.body, answer.headers);
        });
    }

    // Where the page connects to, and whether it need ask for a token first.
    json::Raw dashboard_config() const {
        const std::vector<std::string> served = namespaces();
        return json::obj("path", server_path(), "namespace", served.empty() ? std::string("/") : served.front(),
                         "needs_token", access_ == admin::Access::token);
    }

    const admin::Access access_ = read_access();
    std::string token_ = config_secret(
        "token",
        "The token of admins; empty makes one at the first start, shown then and kept in [server] state_directory.");
    const Millis stats_interval_ =
        config("stats_interval", Millis(30'000), "How often every client gets system:stats; 0 only on connect.",
               wshub::Range<Millis>{Millis(0), Millis(86'400'000)});
    const wshub::Size max_list_bytes_ =
        config("max_list_bytes", wshub::Size{3'800'000},
               "The largest list of connections an admin is sent; keep it below [limits] max_queued_bytes.");

    Clock::time_point next_stats_ = Clock::time_point::max();  // the timer's

    admin::Desk desk_{*this};
    std::mutex updates_mutex_;
    std::vector<Update> updates_;  // to be sent by a post
    admin::Watchers watchers_;
    admin::Cards cards_{*this};
    std::atomic<std::size_t> last_list_bytes_{0};
    std::mutex leavers_mutex_;
    std::unordered_map<wshub_session, std::shared_ptr<admin::Leaver>> leavers_;  // while somebody watches
};

}  // namespace

WSHUB_PLUGIN(Admin, "admin", "0.1.0")
