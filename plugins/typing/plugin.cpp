#include <wshub/plugin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/sender.h"
#include "indicators.h"
#include "running.h"

namespace {

namespace json = wshub::json;
using Clock = std::chrono::steady_clock;

class Typing : public wshub::Plugin {
public:
    explicit Typing(wshub::Host host) : Plugin(host) {
        on("system:typingStart", [this](wshub::Event& event) { start(event); });
        on("system:typingStop", [this](wshub::Event& event) { stop(event); });
        on_disconnect([this](wshub::Session session, std::string_view) { farewell(session); });
    }

protected:
    // Nothing of what is shown as typing stays so because the plugin is replaced: [["session",[["target",ms],...]],...]
    std::string save() override {
        const typing::Time now = Clock::now();
        json::Raw all{"["};
        typists_.for_each([&](wshub_session id, const Typist& typist) {
            json::Raw targets{"["};
            for (const auto& [target, until] : typist.running.entries()) {
                const auto left = std::chrono::ceil<wshub::Millis>(until - now);
                append(targets, json::arr(std::to_string(target), left.count()));
            }
            if (targets.text == "[") return;
            targets.text += ']';
            append(all, json::arr(std::to_string(id), targets));
        });
        return all.text += ']';
    }
    void restore(std::uint32_t, std::string_view text) override {
        const auto saved = json::View::parse(text);
        if (!saved) return;
        const typing::Time now = Clock::now();
        saved->each([&](std::string_view, const json::View& each) {
            Typist& typist = typists_[session(number(each[0]))];
            each[1].each([&](std::string_view, const json::View& target) {
                const wshub::Millis left(target[1].num());
                typist.running.start(number(target[0]), now + std::clamp(left, wshub::Millis(0), timeout_));
                return true;
            });
            return true;
        });
    }
    // What was armed before the plugin was stopped is gone, whether this is a new version or goes on.
    void on_start() override {
        typists_.for_each([this](wshub_session id, Typist& typist) {
            typist.waiting = false;
            wait(session(id), typist);
        });
    }

private:
    static void append(json::Raw& list, const json::Raw& item) {
        if (list.text.size() > 1) list.text += ',';
        list.text += item.text;
    }
    static std::uint64_t number(const json::View& text) { return std::strtoull(text.str().c_str(), nullptr, 10); }

    // One timer for each typist, however many targets. It is not moved when a timeout is put off, but looks again then.
    struct Typist {
        typing::Running running;
        wshub::Timer timer;
        bool waiting = false;
    };

    void start(wshub::Event& event) {
        const auto request = read(event);
        if (!request) return;
        const wshub::Session session = event.session();
        Typist& typist = typists_[session];
        const auto [first, dropped] = typist.running.start(request->target.id(), Clock::now() + timeout_);
        if (dropped) tell(request->sender, {*dropped}, false);
        if (first) tell(request->sender, {request->target.id()}, true);
        wait(session, typist);
    }

    // Told in any case: it costs little, and what the target shows may be of an earlier session.
    void stop(wshub::Event& event) {
        const auto request = read(event);
        if (!request) return;
        typists_[event.session()].running.stop(request->target.id());
        tell(request->sender, {request->target.id()}, false);
    }

    struct Request {
        families::Sender sender;
        wshub::Session target;
    };
    // Nothing: the event has been refused.
    std::optional<Request> read(wshub::Event& event) {
        const auto named = typing::read_target(event[0]);
        if (const auto* refusal = std::get_if<families::Refusal>(&named)) {
            families::refuse(event, *refusal);
            return std::nullopt;
        }
        auto sender = families::speaker(event, families::Payload::left_out);
        if (!sender) return std::nullopt;
        const wshub::Session target = user(std::get<std::string>(named));
        if (!target) {
            families::refuse(event, families::kTargetNotFound);
            return std::nullopt;
        }
        return Request{std::move(*sender), target};
    }

    void tell(const families::Sender& sender, const std::vector<typing::Target>& targets, bool is_typing) {
        std::vector<wshub::Session> sessions;
        for (const typing::Target target : targets) sessions.push_back(session(target));
        families::with(to(sessions), sender)
            .emit("system:typingUpdate", typing::update(sender.object, is_typing, timestamp()));
    }

    void wait(const wshub::Session& session, Typist& typist) {
        const auto next = typist.running.next();
        if (typist.waiting || !next) return;
        typist.waiting = true;
        const auto left = std::chrono::ceil<wshub::Millis>(*next - Clock::now());
        typist.timer = after(
            left, [this, session] { look(session); }, session);
    }

    // The session's handlers and this never run at the same time, and its end cancels this.
    void look(const wshub::Session& session) {
        // One that went while the plugin was not there was never said goodbye to.
        if (session.connected_at_ms() == 0) return typists_.erase(session);
        Typist& typist = typists_[session];
        typist.waiting = false;
        const auto over = typist.running.take_over(Clock::now());
        if (!over.empty()) tell(families::describe(session), over, false);
        wait(session, typist);
    }

    void farewell(const wshub::Session& session) {
        Typist& typist = typists_[session];
        typist.timer.cancel();
        const auto running = typist.running.take_all();
        if (!running.empty()) tell(families::describe(session), running, false);
    }

    const wshub::Millis timeout_ =
        config("timeout", std::chrono::seconds(5), "A typist who says nothing more for so long has stopped.",
               {wshub::Millis(100), std::chrono::hours(1)});
    wshub::PerSession<Typist> typists_{*this};
};

}  // namespace

WSHUB_PLUGIN(Typing, "typing", "0.1.0")
