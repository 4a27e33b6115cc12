#include "hub/limits.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace wshub::hub {

std::uint64_t Drops::add(base::SteadyTime now) {
    const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    for (std::int64_t stale = std::max(second_ + 1, second - kSeconds + 1); stale <= second; ++stale) {
        counts_[static_cast<std::size_t>(stale % kSeconds)] = 0;
    }
    second_ = std::max(second_, second);
    ++counts_[static_cast<std::size_t>(second_ % kSeconds)];
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

base::Rate connect_rate(const base::Rate& events) {
    if (events.per_second <= 0) return {};
    return {std::max(events.per_second, 1.0), std::max(events.burst, 20.0)};
}

std::uint64_t most_drops(const base::Rate& rate) {
    return static_cast<std::uint64_t>(std::max(rate.burst, 1.0) * 10);
}

}  // namespace wshub::hub
