// Timers of one loop: arming, moving and cancelling cost O(1) and no memory, since each timer lies inside its owner.
// Hierarchical wheel; a timer fires up to kTick late, never early. Its loop's thread only (tests: any one thread).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace wshub::net {

class TimerWheel;

class Timer {
public:
    using Callback = void (*)(void* owner);

    Timer(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    bool armed() const { return next_ != nullptr; }
    void cancel();

private:
    friend class TimerWheel;
    Callback callback_;
    void* owner_;
    Timer* prev_ = nullptr;
    Timer* next_ = nullptr;
    std::int64_t due_ = 0;  // ticks
};

class TimerWheel {
public:
    static constexpr base::milliseconds kTick{4};

    explicit TimerWheel(base::SteadyTime now);
    ~TimerWheel();
    TimerWheel(const TimerWheel&) = delete;

    // Arms the timer, or moves it if it is armed. A time in the past fires at the next advance().
    void arm(Timer& timer, base::SteadyTime due);
    // Fires everything that is due; callbacks may arm, move, cancel and destroy timers, their own included.
    void advance(base::SteadyTime now);
    // When advance() has something to do next; nothing if no timer is armed. May be earlier than the first timer, never
    // later.
    std::optional<base::SteadyTime> next_due() const;
    std::size_t size() const { return size_; }

private:
    friend class Timer;
    static constexpr unsigned kBits = 8;  // 256 slots of 4 ms, of 1 s, of 4.4 min, of 18.6 h
    static constexpr unsigned kSlots = 1u << kBits;
    static constexpr unsigned kLevels = 4;
    struct Head;

    void place(Timer& timer);
    void cascade(unsigned level);

    std::array<std::array<Timer*, kSlots>, kLevels> slots_{};
    std::int64_t now_ = 0;  // ticks
    std::size_t size_ = 0;
};

}  // namespace wshub::net
