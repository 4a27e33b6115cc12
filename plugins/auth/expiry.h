// Ends sessions when what let them in runs out, and warns them before.
#pragma once

#include <wshub/plugin.h>

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace auth {

class Expiry {
public:
    // `warn_before` 0: nobody is warned.
    Expiry(wshub::Plugin& plugin, wshub::Millis warn_before, wshub::Counter expired)
        : plugin_(plugin), warn_before_(warn_before.count()), expired_(expired) {}

    // From now on the session ends at this time, and no more at one given before. Warns it once, whichever instance of
    // the plugin has done so. In its handlers, or while none runs.
    void watch(wshub::Session session, std::int64_t ends_at_ms);
    // In its handlers.
    void forget(wshub::Session session);
    // It is warned of the next end that is watched, in any case.
    static void warn_again(const wshub::Session& session);

private:
    enum class Warning : std::uint8_t { to_come, given };
    void look(wshub::Session session, std::int64_t ends_at_ms, Warning warning);

    wshub::Plugin& plugin_;
    const std::int64_t warn_before_;
    wshub::Counter expired_;

    std::mutex mutex_;  // of what follows
    std::unordered_map<wshub_session, wshub::Timer> timers_;
};

}  // namespace auth
