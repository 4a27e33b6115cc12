// Lets events gather while a loop is busy, as network cards do with interrupts. A loop that takes up each event as soon
// as it comes spends most of its time on going to the system and back, and answers a client's messages one by one; if
// it looks a little later it finds several clients, with several messages each, and sends their answers together.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace wshub::net {

// The loop's thread.
class TurnPace {
public:
    // Turns begin that far apart while the loop is busy; 0: as soon as something has come, always.
    explicit TurnPace(std::chrono::microseconds interval) : interval_(interval) {}

    // A turn begins that has found so many events.
    void began(base::SteadyTime now, int events) {
        const bool soon = now - began_ < interval_;
        began_ = now;
        if (gathers_) {
            if (events < kWorthwhile) {
                if (++in_vain_ == kMostInVain) give_up();
            } else {
                in_vain_ = 0;
                busy_from_ = kBusy;
            }
        } else {
            soon_ = soon && events > 0 ? soon_ + 1 : 0;
            if (soon_ >= busy_from_) gathers_ = true, in_vain_ = 0;
        }
    }

    // How long events are still to be let gather at that time, after the turn; 0 for a loop that is not busy, so that
    // what comes after a rest never waits.
    std::chrono::nanoseconds pause(base::SteadyTime now) const {
        if (!gathers_) return std::chrono::nanoseconds{0};
        // At most the interval, whatever the clock does.
        return std::clamp<std::chrono::nanoseconds>(began_ + interval_ - now, std::chrono::nanoseconds{0}, interval_);
    }

private:
    // So many turns after each other that began within the interval make a loop busy. So many that waited and found
    // next to nothing show that it has few clients, who wait for it in turn: it tries again only after twice as many.
    static constexpr int kBusy = 16, kMostBusy = 64 * 1024;
    static constexpr int kMostInVain = 4;
    static constexpr int kWorthwhile = 4;

    void give_up() {
        gathers_ = false;
        soon_ = 0;
        busy_from_ = std::min(2 * busy_from_, kMostBusy);
    }

    const std::chrono::microseconds interval_;
    base::SteadyTime began_{};
    bool gathers_ = false;
    int soon_ = 0, in_vain_ = 0, busy_from_ = kBusy;
};

}  // namespace wshub::net
