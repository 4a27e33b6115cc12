// Timers of one loop: arming, moving and cancelling cost O(1) and no memory, since each timer lies inside its owner.
// Hierarchical wheel; a timer fires up to kTick late, never early. Its loop's thread only (tests: any one thread).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "net/ring.h"

namespace wshub::net {

class TimerWheel;

class Timer : private RingLink<Timer> {
public:
    using Callback = void (*)(void* owner);

    Timer(Callback callback, void* owner) : callback_(callback), owner_(owner) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    bool armed() const { return wheel_ != nullptr; }
    void cancel();

private:
    friend class TimerWheel;
    friend class Ring<Timer>;
    Callback callback_;
    void* owner_;
    TimerWheel* wheel_ = nullptr;  // while armed
    std::int64_t due_ = 0;         // ticks
};

class TimerWheel {
public:
    static constexpr base::milliseconds kTick{4};

    explicit TimerWheel(base::SteadyTime now);
    // Timers that are still armed are disarmed.
    ~TimerWheel();
    TimerWheel(const TimerWheel&) = delete;

    // Arms the timer, or moves it if it is armed. A time in the past fires at the next advance().
    void arm(Timer& timer, base::SteadyTime due);
    // Fires everything that is due, earlier ticks first; callbacks may arm, move, cancel and destroy timers, their own
    // included. What a callback arms waits for the next advance(), even if it is due already.
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

    struct Level {
        std::array<Ring<Timer>, kSlots> slots;
        // Which slots may hold timers. A bit outlives its last timer until the slot comes up or next_event() looks.
        mutable std::array<std::uint64_t, kSlots / 64> marks{};
    };

    void place(Timer& timer);
    void expire_until(std::int64_t target);
    std::optional<std::int64_t> next_event() const;
    static std::optional<unsigned> distance_to_timers(const Level& level, unsigned from);
    void disarm_all(Ring<Timer>& ring);

    std::array<Level, kLevels> levels_;
    Ring<Timer> expired_;   // due, and not fired yet
    Ring<Timer> firing_;    // what the advance() under way still has to fire
    std::int64_t now_ = 0;  // ticks
    std::size_t size_ = 0;
};

}  // namespace wshub::net
