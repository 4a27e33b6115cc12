#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <chrono>

namespace wshub::net {
namespace {

constexpr std::int64_t kTickNanoseconds =
    std::chrono::duration_cast<base::SteadyTime::duration>(TimerWheel::kTick).count();

// A time is due when its tick has begun for certain: rounded up.
std::int64_t tick_at_or_after(base::SteadyTime time) {
    const std::int64_t count = time.time_since_epoch().count();
    return count / kTickNanoseconds + (count % kTickNanoseconds > 0 ? 1 : 0);
}

std::int64_t tick_at_or_before(base::SteadyTime time) {
    const std::int64_t count = time.time_since_epoch().count();
    return count / kTickNanoseconds - (count % kTickNanoseconds < 0 ? 1 : 0);
}

base::SteadyTime time_of(std::int64_t tick) {
    return base::SteadyTime(base::SteadyTime::duration(tick * kTickNanoseconds));
}

}  // namespace

void Timer::cancel() {
    if (!armed()) return;
    unlink();
    --wheel_->size_;
    wheel_ = nullptr;
}

TimerWheel::TimerWheel(base::SteadyTime now) : now_(tick_at_or_before(now)) {}

TimerWheel::~TimerWheel() {
    disarm_all(expired_);
    disarm_all(firing_);
    for (Level& level : levels_)
        for (Ring<Timer>& slot : level.slots) disarm_all(slot);
}

void TimerWheel::disarm_all(Ring<Timer>& ring) {
    while (!ring.empty()) ring.pop_front().wheel_ = nullptr;
}

void TimerWheel::arm(Timer& timer, base::SteadyTime due) {
    timer.cancel();
    timer.due_ = tick_at_or_after(due);
    timer.wheel_ = this;
    ++size_;
    place(timer);
}

// A timer lies on the finest level whose span reaches it, in the slot its due tick has there. Its slot on a coarser
// level comes up at or before that tick, and then it is placed again. Beyond the wheel's span it waits in the last
// slot.
void TimerWheel::place(Timer& timer) {
    if (timer.due_ <= now_) return expired_.push_back(timer);
    constexpr std::int64_t kSpan = std::int64_t{1} << (kBits * kLevels);
    const std::int64_t delay = std::min(timer.due_ - now_, kSpan - 1);
    const std::int64_t tick = now_ + delay;
    unsigned number = 0;
    while (delay >> (kBits * (number + 1)) != 0) ++number;
    const auto slot = static_cast<unsigned>(tick >> (kBits * number)) % kSlots;
    Level& level = levels_[number];
    level.slots[slot].push_back(timer);
    level.marks[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::advance(base::SteadyTime now) {
    expire_until(tick_at_or_before(now));
    // Callbacks may fill expired_ again; that is for the next time, or a timer of zero delay would never let us go.
    firing_.take_all(expired_);
    while (!firing_.empty()) {
        Timer& timer = firing_.pop_front();
        timer.wheel_ = nullptr;
        --size_;
        timer.callback_(timer.owner_);
    }
}

void TimerWheel::expire_until(std::int64_t target) {
    while (const auto event = next_event()) {
        if (*event > target) break;
        now_ = *event;
        for (unsigned number = kLevels; number-- > 0;) {
            const unsigned shift = kBits * number;
            if ((now_ & ((std::int64_t{1} << shift) - 1)) != 0) continue;
            Level& level = levels_[number];
            const auto slot = static_cast<unsigned>(now_ >> shift) % kSlots;
            level.marks[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
            Ring<Timer> due;
            due.take_all(level.slots[slot]);
            while (!due.empty()) place(due.pop_front());
        }
    }
    now_ = std::max(now_, target);
}

// The next tick at which a slot that holds timers comes up, on any level.
std::optional<std::int64_t> TimerWheel::next_event() const {
    std::optional<std::int64_t> first;
    for (unsigned number = 0; number < kLevels; ++number) {
        const unsigned shift = kBits * number;
        const std::int64_t here = now_ >> shift;
        const auto distance = distance_to_timers(levels_[number], static_cast<unsigned>(here) % kSlots);
        if (!distance) continue;
        const std::int64_t tick = (here + *distance) << shift;
        if (!first || tick < *first) first = tick;
    }
    return first;
}

// How many slots after `from` the next one with timers comes up: 1 to kSlots, since what lies in `from` itself is a
// whole turn away.
std::optional<unsigned> TimerWheel::distance_to_timers(const Level& level, unsigned from) {
    for (unsigned distance = 1; distance <= kSlots;) {
        const unsigned slot = (from + distance) % kSlots;
        std::uint64_t& word = level.marks[slot / 64];
        const std::uint64_t rest = word >> (slot % 64);
        if (rest == 0) {
            distance += 64 - slot % 64;
            continue;
        }
        const auto skip = static_cast<unsigned>(std::countr_zero(rest));
        distance += skip;
        if (distance > kSlots) break;
        if (!level.slots[slot + skip].empty()) return distance;
        word &= ~(std::uint64_t{1} << ((slot + skip) % 64));
    }
    return std::nullopt;
}

std::optional<base::SteadyTime> TimerWheel::next_due() const {
    if (size_ == 0) return std::nullopt;
    if (!expired_.empty()) return time_of(now_);
    if (const auto event = next_event()) return time_of(*event);
    return std::nullopt;
}

}  // namespace wshub::net
