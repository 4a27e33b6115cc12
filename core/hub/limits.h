// The limits on what clients send, and how often one went over them lately.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/limit.h"
#include "base/metrics.h"
#include "base/token_bucket.h"
#include "hub/types.h"

namespace wshub::hub {

// Those that the hub holds clients to. Any thread.
struct Limiters {
    Limiters(const Limits& limits, base::Metrics& metrics);

    base::Limit events, events_per_address, connects;
    base::Limit event_bytes, rooms;
    base::Limit connect_guard;   // connect_rate(), which no dry-run lifts
    base::Limit events_waiting;  // what may wait behind a handler that blocks, the same
};

// Events dropped within the last ten seconds, counted by the second. Its loop's thread only.
class Drops {
public:
    static constexpr std::int64_t kSeconds = 10;

    // One more. What the last ten seconds add up to.
    std::uint64_t add(base::SteadyTime now);

private:
    std::array<std::uint32_t, kSeconds> counts_{};
    std::int64_t second_ = 0;  // of the newest count
};

// How often a client may ask for namespaces: as often as it may send events, but always for a handful at once.
base::Rate connect_rate(const base::Rate& events);

// A client with so many drops within Drops::kSeconds is put out. While its own events are not limited, only those of
// its address, the usual burst counts.
std::uint64_t most_drops(const base::Rate& events);

}  // namespace wshub::hub
