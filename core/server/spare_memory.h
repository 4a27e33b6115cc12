// Memory of clients that have left. The allocator keeps it for the next ones, most of it between what is still in use,
// and the system sees none of it again unless it is told to look. Main thread.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace wshub::server {

class SpareMemory {
public:
    // Peaks between two looks are not seen.
    static constexpr base::milliseconds kLookEvery{1'000};
    // Giving back takes locks that the loops' allocations need, milliseconds long: not often, and not for a few.
    static constexpr base::milliseconds kLeastPause{60'000};
    static constexpr std::size_t kFew = 1'000;  // sessions

    // Whether to give back now: more than half of the sessions have gone that were open at most since the last time.
    // Called every kLookEvery or so.
    bool is_due(std::size_t sessions, base::SteadyTime now);

    static void give_back();

private:
    std::size_t most_ = 0;
    base::SteadyTime not_before_{};
};

}  // namespace wshub::server
