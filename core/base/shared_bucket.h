// A token bucket that threads share without a lock: `rate` tokens a second, at most `burst` saved up. 8 bytes; what it
// keeps is the time at which it is full again (the "generic cell rate algorithm"). Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/token_bucket.h"

namespace wshub::base {

class SharedBucket {
public:
    // Takes a token. False if there is none; then nothing changes. A new bucket is full. Always with the same rate.
    bool take(const Rate& rate, SteadyTime now) {
        if (rate.per_second <= 0) return true;
        const double token = std::min(1e9 / rate.per_second, kLongest);
        const auto cost = static_cast<std::int64_t>(token);
        const auto most = static_cast<std::int64_t>(std::min(token * std::max(rate.burst, 1.0), kLongest));
        const std::int64_t at = now.time_since_epoch().count();
        std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
        for (;;) {
            const std::int64_t then = std::max(full_at, at) + cost;
            if (then - at > most) return false;
            if (full_at_.compare_exchange_weak(full_at, then, std::memory_order_relaxed)) return true;
        }
    }

    // It is as good as a new one.
    bool is_full(SteadyTime now) const {
        return full_at_.load(std::memory_order_relaxed) <= now.time_since_epoch().count();
    }

private:
    static constexpr double kLongest = 2e18;  // nanoseconds: lifetimes, and far from an overflow

    std::atomic<std::int64_t> full_at_{0};
};

}  // namespace wshub::base
