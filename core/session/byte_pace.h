// How fast a client may send bytes: `burst` at once after it was quiet, then `per_second`. What has come has come, so
// it is counted afterwards, and the answer is how long to read no more. 8 bytes. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/token_bucket.h"

namespace wshub::session {

class BytePace {
public:
    // So many bytes have come. How long until there is room for more, `longest` at most: what a wait of that length
    // does not pay for is forgiven, as it would add up for a client that goes on. 0: no need to wait.
    std::chrono::nanoseconds take(const base::Rate& rate, std::size_t bytes, base::SteadyTime now,
                                  std::chrono::nanoseconds longest) {
        if (rate.per_second <= 0) return {};
        const double ns_per_byte = 1e9 / rate.per_second;
        const double most = 1e18;  // nanoseconds
        const auto cost = static_cast<std::int64_t>(std::min(ns_per_byte * static_cast<double>(bytes), most));
        const auto saved = static_cast<std::int64_t>(std::min(ns_per_byte * rate.burst, most));
        const std::int64_t at = now.time_since_epoch().count();
        full_at_ = std::max(full_at_, at) + cost;
        const std::int64_t wait = std::clamp<std::int64_t>(full_at_ - at - saved, 0, longest.count());
        full_at_ = std::min(full_at_, at + saved + wait);
        return std::chrono::nanoseconds(wait);
    }

private:
    std::int64_t full_at_ = 0;  // when all of the burst is saved up again
};

}  // namespace wshub::session
