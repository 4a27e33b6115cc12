// How long the turns of a loop take: while one lasts, everybody else on the loop waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/histogram.h"

namespace wshub::net {

class TurnWatch {
public:
    // A turn is remembered as the longest for so long at least, and for twice as long at most.
    static constexpr std::chrono::seconds kWindow{30};

    // Each turn's time goes there too. Before the loop starts; the histogram outlives the loop.
    void record_in(base::Histogram* histogram) { histogram_ = histogram; }

    // ---- the loop's thread, in turns

    void began(base::SteadyTime now) { began_.store(ticks(now), std::memory_order_relaxed); }
    void ended(base::SteadyTime now);

    // ---- any thread

    // How long the turn lasts that is under way; 0 while the loop waits for events.
    std::chrono::nanoseconds underway(base::SteadyTime now) const;
    // The longest one lately, that which is under way included.
    std::chrono::nanoseconds longest(base::SteadyTime now) const;

private:
    static std::int64_t ticks(base::SteadyTime time) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    }

    base::Histogram* histogram_ = nullptr;
    // Written by the loop's thread alone.
    std::atomic<std::int64_t> began_{0};   // 0: no turn is under way
    std::atomic<std::int64_t> window_{0};  // when it began
    std::atomic<std::int64_t> worst_{0};   // in the window
    std::atomic<std::int64_t> before_{0};  // in the window before it
};

}  // namespace wshub::net
