// One thread with an epoll: owns streams, timers and whatever else lives "on this loop". From elsewhere there is one
// door: post().
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/clock.h"
#include "net/ring.h"
#include "net/timer_wheel.h"
#include "net/turn_pace.h"
#include "net/turn_watch.h"

namespace wshub::net {

// Something that collects output during a turn of the loop and sends it once, at its end. May be destroyed at any time,
// by its own flush() too; takes itself off the loop's list then.
class Flushable : public RingLink<Flushable> {
public:
    virtual void flush() = 0;

protected:
    ~Flushable() = default;
};

// A file descriptor watched by the loop: edge-triggered, for reading and writing, registered once. May unwatch and
// destroy itself, and others, in on_events().
class Watched : public RingLink<Watched> {
public:
    // `events`: EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR
    virtual void on_events(std::uint32_t events) = 0;

protected:
    ~Watched() = default;
};

// Something that nobody above owns any more and that comes to its end by itself, such as a connection that is being
// closed. The loop destroys what is left when it stops.
class Orphan {
public:
    virtual ~Orphan() = default;
};

class Loop {
public:
    using Task = std::function<void()>;

    // `coalesce`: how long events may gather while the loop is busy, less than a second; see TurnPace. Throws
    // std::system_error.
    Loop(unsigned index, const base::Clock& clock, std::chrono::microseconds coalesce = {});
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Starts the thread; throws std::system_error. stop() lets tasks that are posted already run, then joins; tasks
    // that come later are destroyed with the loop, unrun. Main thread.
    void start();
    void stop();

    unsigned index() const { return index_; }
    bool in_thread() const { return current() == this; }
    // The loop of the calling thread; null elsewhere. Tests may enter a loop that has no thread with Loop::Enter.
    static Loop* current();
    class Enter;

    // Runs the task on this loop, after tasks posted before by the same thread. Any thread; wakes the loop only if it
    // may sleep for long, not while it lets events gather.
    void post(Task task);

    // How many connections live here or are on their way; kept by those who bring them. For choosing the emptiest loop.
    // Any thread.
    std::atomic<std::size_t>& load() { return load_; }

    // How long its turns take. Any thread.
    TurnWatch& turns() { return turns_; }
    const TurnWatch& turns() const { return turns_; }

    // The rest: loop's thread only.
    base::SteadyTime now() const { return now_; }  // of this turn
    base::WallTime wall() const { return clock_.wall(); }
    const base::Clock& clock() const { return clock_; }
    void arm(Timer& timer, base::SteadyTime due) { timers_.arm(timer, due); }
    void arm_in(Timer& timer, base::milliseconds delay) { timers_.arm(timer, now_ + delay); }
    // flush() is called once at the end of this turn, however often this is called before. Asked for during flushes, it
    // comes at the end of the next turn, which follows without sleeping.
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

    // Keeps the orphan until release_orphan() or the loop's end, whichever is first. Released inside its own callback,
    // it must return at once.
    void adopt(std::unique_ptr<Orphan> orphan);
    void release_orphan(Orphan& orphan);

    // 64 KiB to read into; what lies there is gone at the next read.
    std::span<char> scratch() { return {scratch_.get(), kScratchSize}; }
    static constexpr std::size_t kScratchSize = 64 * 1024;

    // One turn without a thread of its own: for tests. Runs tasks, events that are ready now, timers due, deferred
    // tasks, flushes. `wait` is the longest it may sleep for the first of them. Counts as inside the loop meanwhile.
    void turn(base::milliseconds wait = base::milliseconds{0});

private:
    void run();
    void run_turn(base::milliseconds wait);
    void let_events_gather();
    bool has_more_to_do() const;
    int sleep_time(base::milliseconds wait);
    std::size_t take_tasks();
    void run_tasks();
    void run_events();
    void run_deferred();
    void run_flushes();
    void destroy_orphans();

    unsigned index_;
    const base::Clock& clock_;
    base::SteadyTime now_;
    TimerWheel timers_;
    TurnWatch turns_;
    const bool coalesces_;
    TurnPace pace_;
    std::atomic<std::size_t> load_{0};
    std::unique_ptr<char[]> scratch_;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Makes a loop that has no thread the current one, for as long as this lives. They nest.
class Loop::Enter {
public:
    explicit Enter(Loop& loop);
    ~Enter();
    Enter(const Enter&) = delete;
    Enter& operator=(const Enter&) = delete;

private:
    Loop* before_;
};

}  // namespace wshub::net
