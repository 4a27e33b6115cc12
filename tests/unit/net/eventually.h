// Waiting for something to come true, with a generous limit and no fixed sleeps.
#pragma once

#include <chrono>
#include <thread>

#include "net/loop.h"

namespace wshub::test {

inline constexpr std::chrono::seconds kPatience{20};

// True as soon as the condition is, false when patience ends.
template <class Condition>
bool eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

// The same while a loop without a thread is turned.
template <class Condition>
bool turn_until(net::Loop& loop, Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        loop.turn(std::chrono::milliseconds(20));
    }
    return true;
}

}  // namespace wshub::test
