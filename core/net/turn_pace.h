// Lets events gather while a loop is busy, as network cards do with interrupts. A loop that takes up each event as soon
// as it comes spends most of its time on going to the system and back, and answers a client's messages one by one; if
// it looks a little later it finds several clients, with several messages each, and sends their answers together.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/clock.h"

namespace wshub::net {

// The loop's thread.
class TurnPace {
public:
    // The least time between the beginnings of two turns while the loop is busy; 0: turns begin as soon as something
    // has come, always.
    explicit TurnPace(std::chrono::microseconds interval) : interval_(interval) {}

    // A turn begins that has found so much to do: events, and what was posted.
    void began(base::SteadyTime now, std::size_t found) {
        const auto since = now - began_;
        began_ = now;
        if (!gathers_) {
            close_turns_ = since < interval_ && found > 0 ? close_turns_ + 1 : 0;
            if (close_turns_ >= turns_until_busy_) gathers_ = true, in_vain_ = 0;
        } else if (since >= 2 * interval_) {
            rest();
        } else if (waited_ && found < kWorthwhile) {
            if (++in_vain_ < kMostInVain) return;
            turns_until_busy_ = std::min(2 * turns_until_busy_, kMostTurnsUntilBusy);
            rest();
        } else if (waited_) {
            in_vain_ = 0;
            turns_until_busy_ = kTurnsUntilBusy;
        }
    }

    // The turn has ended; how long events are to be let gather before the next one. 0 for a loop that is not busy, so
    // that what comes after a rest never waits; at most the interval, whatever the clock does.
    std::chrono::nanoseconds pause(base::SteadyTime now) {
        const std::chrono::nanoseconds none{0};
        const auto pause =
            gathers_ ? std::clamp<std::chrono::nanoseconds>(began_ + interval_ - now, none, interval_) : none;
        waited_ = pause > none;
        return pause;
    }
    // Nothing has to gather: there is more to do.
    void go_on() { waited_ = false; }

private:
    // So many turns after each other that began within the interval make a loop busy. So many that waited and found
    // next to nothing show that it has few clients, who wait for it in turn: it tries again only after twice as many.
    static constexpr int kTurnsUntilBusy = 16, kMostTurnsUntilBusy = 64 * 1024;
    static constexpr int kMostInVain = 4;
    static constexpr std::size_t kWorthwhile = 4;

    void rest() {
        gathers_ = false;
        close_turns_ = 0;
    }

    const std::chrono::microseconds interval_;
    base::SteadyTime began_{};
    bool gathers_ = false;
    bool waited_ = false;  // before the turn that is under way
    int close_turns_ = 0, in_vain_ = 0, turns_until_busy_ = kTurnsUntilBusy;
};

}  // namespace wshub::net
