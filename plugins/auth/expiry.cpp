#include "expiry.h"

#include <algorithm>
#include <string>

namespace auth {

namespace json = wshub::json;

namespace {

// The clock may be set meanwhile, so that a long time is not waited for at once.
constexpr std::int64_t kLongestWait = 3'600'000;

}  // namespace

void Expiry::watch(wshub::Session session, std::int64_t ends_at_ms) {
    forget(session);
    look(session, ends_at_ms, warn_before_ > 0 ? Warning::to_come : Warning::given);
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
        warning = Warning::given;
    }
    const std::int64_t next = warning == Warning::to_come ? warn_at : ends_at_ms;
    const wshub::Timer timer = plugin_.after(
        wshub::Millis(std::min(next - now, kLongestWait)), [=, this] { look(session, ends_at_ms, warning); }, session);
    const std::lock_guard<std::mutex> lock(mutex_);
    timers_[session.id()] = timer;
}

}  // namespace auth
