// How often a client went over its rate lately. Its loop's thread only.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/token_bucket.h"

namespace wshub::hub {

// Events dropped within the last ten seconds, counted by the second.
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

// A client with so many drops within Drops::kSeconds is put out.
std::uint64_t most_drops(const base::Rate& rate);

}  // namespace wshub::hub
