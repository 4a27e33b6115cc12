#include "expiry.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace auth {

namespace json = wshub::json;

namespace {

// The clock may be set meanwhile, so that a long time is not waited for at once.
constexpr std::int64_t kLongestWait = 3'600'000;
// Session variable: true once the session was warned. It outlives this instance of the plugin.
constexpr std::string_view kWarnedVar = "auth.warned";

}  // namespace

void Expiry::watch(wshub::Session session, std::int64_t ends_at_ms) {
    forget(session);
    const bool warns = warn_before_ > 0 && session.var(kWarnedVar).empty();
    look(session, ends_at_ms, warns ? Warning::to_come : Warning::given);
}

void Expiry::warn_again(const wshub::Session& session) {
    session.erase_var(kWarnedVar);
}

void Expiry::forget(wshub::Session session) {
    wshub::Timer timer;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = timers_.find(session.id());
        if (found == timers_.end()) return;
        timer = found->second;
        timers_.erase(found);
    }
    timer.cancel();
}

// Runs serially with the session's handlers, so that neither watch() nor forget() comes in between.
void Expiry::look(wshub::Session session, std::int64_t ends_at_ms, Warning warning) {
    const std::int64_t now = plugin_.now_ms();
    // One that went while the plugin was being started was never said goodbye to.
    if (session.connected_at_ms() == 0) return forget(session);
    if (now >= ends_at_ms) {
        forget(session);
        expired_.inc();
        plugin_.debug("session ended reason=expired sid=" + session.sid());
        return session.disconnect();
    }
    const std::int64_t warn_at = ends_at_ms - warn_before_;
    if (warning == Warning::to_come && now >= warn_at) {
        plugin_.to(session).emit("auth:expiring", json::obj("expiresAt", wshub::iso8601_millis(ends_at_ms), "timestamp",
                                                            wshub::iso8601_millis(now)));
        session.set_var(kWarnedVar, true);
        warning = Warning::given;
    }
    const std::int64_t next = warning == Warning::to_come ? warn_at : ends_at_ms;
    const wshub::Timer timer = plugin_.after(
        wshub::Millis(std::min(next - now, kLongestWait)), [=, this] { look(session, ends_at_ms, warning); }, session);
    const std::lock_guard<std::mutex> lock(mutex_);
    timers_[session.id()] = timer;
}

}  // namespace auth
