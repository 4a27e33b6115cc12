#include "hub/limits.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace wshub::hub {

Limiters::Limiters(const Limits& limits, base::Metrics& metrics)
    : events(metrics, "events", limits.events_mode),
      events_per_address(metrics, "events_per_address", limits.events_per_address_mode),
      connects(metrics, "connects", limits.connects_mode),
      event_bytes(metrics, "event_bytes", limits.event_bytes_mode),
      rooms(metrics, "rooms", limits.rooms_dry_run ? base::LimitMode::kDryRun : base::LimitMode::kEnforced),
      connect_guard(metrics, "connects", base::LimitMode::kEnforced),
      events_waiting(metrics, "events_waiting", base::LimitMode::kEnforced) {}

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

std::uint64_t most_drops(const base::Rate& events) {
    const double burst = events.per_second > 0 ? events.burst : Limits{}.events.burst;
    return static_cast<std::uint64_t>(std::max(burst, 1.0) * 10);
}

}  // namespace wshub::hub
