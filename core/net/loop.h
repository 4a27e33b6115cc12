// One thread with an epoll: owns streams, timers and whatever else lives "on this loop". From elsewhere there is one
// door: post().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/timer_wheel.h"

namespace wshub::net {

// Something that collects output during a turn of the loop and sends it once, at its end.
class Flushable {
public:
    virtual void flush() = 0;

protected:
    ~Flushable();  // takes itself off the loop's list

private:
    friend class Loop;
    Flushable** list_ = nullptr;  // non-null while queued
    Flushable* next_ = nullptr;
    class Loop* queued_on_ = nullptr;
};

// A file descriptor watched by the loop: edge-triggered, for reading and writing, registered once.
class Watched {
public:
    // `events`: EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR
    virtual void on_events(std::uint32_t events) = 0;

protected:
    ~Watched() = default;
};

class Loop {
public:
    using Task = std::function<void()>;

    Loop(unsigned index, const base::Clock& clock);
    ~Loop();
    Loop(const Loop&) = delete;

    // Starts the thread; throws std::system_error. stop() lets tasks that are posted already run, then joins. Main
    // thread.
    void start();
    void stop();

    unsigned index() const { return index_; }
    bool in_thread() const { return current() == this; }
    // The loop of the calling thread; null elsewhere. Tests may enter a loop that has no thread with Loop::Enter.
    static Loop* current();
    class Enter;

    // Runs the task on this loop, after tasks posted before by the same thread. Any thread; wakes the loop only if it
    // may sleep.
    void post(Task task);

    // The rest: loop's thread only.
    base::SteadyTime now() const { return now_; }  // of this turn
    base::WallTime wall() const;
    const base::Clock& clock() const { return clock_; }
    void arm(Timer& timer, base::SteadyTime due) { timers_.arm(timer, due); }
    void arm_in(Timer& timer, base::milliseconds delay) { timers_.arm(timer, now_ + delay); }
    // flush() is called once at the end of this turn, however often this is called before.
    void flush_later(Flushable& flushable);
    // Runs before the turn ends, after what is being called now has returned; before flushes. In order.
    void defer(Task task);
    // Level for streams that stopped reading because of their budget: on_events(EPOLLIN) again in the next turn,
    // without sleeping.
    void again(Watched& watched);
    void forget_again(Watched& watched);

    // Throws std::system_error. The fd stays the caller's; unwatch before closing it.
    void watch(int fd, Watched& watched);
    void unwatch(int fd, Watched& watched);

    // 64 KiB to read into; what lies there is gone at the next read.
    std::span<char> scratch() { return {scratch_.get(), kScratchSize}; }
    static constexpr std::size_t kScratchSize = 64 * 1024;

    // One turn without a thread of its own: for tests. Runs tasks, events that are ready now, timers due, deferred
    // tasks, flushes.
    void turn(base::milliseconds wait = base::milliseconds{0});

private:
    unsigned index_;
    const base::Clock& clock_;
    base::SteadyTime now_;
    TimerWheel timers_;
    std::unique_ptr<char[]> scratch_;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::net
