// Keeps what a client can cause again and again from filling the log: one line a second, and how many were left out.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace wshub::base {

// Any thread.
class LogLimit {
public:
    // Nothing: do not write this line. Otherwise how many like it were left out since the last one that was written.
    std::optional<std::uint64_t> take(SteadyTime now) {
        constexpr std::int64_t kInterval = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
        const std::int64_t at = now.time_since_epoch().count();
        std::int64_t last = last_.load(std::memory_order_relaxed);
        const bool due = last == 0 || at - last >= kInterval;
        if (due && last_.compare_exchange_strong(last, at, std::memory_order_relaxed)) {
            return left_out_.exchange(0, std::memory_order_relaxed);
        }
        left_out_.fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
    }

private:
    std::atomic<std::int64_t> last_{0};
    std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace wshub::base
