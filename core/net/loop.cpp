#include "net/loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <limits>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/alternate_stack.h"

namespace wshub::net {
namespace {

thread_local Loop* t_current = nullptr;

constexpr int kMostEvents = 512;

// How long posted tasks may take of a turn, and how many run between two looks at the clock.
constexpr base::milliseconds kTaskTime{5};
constexpr std::size_t kTasksBetweenLooks = 16;

constexpr std::chrono::nanoseconds kTimerSlack{1'000};

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

class OwnedFd {
public:
    explicit OwnedFd(int fd) : fd_(fd) {}
    ~OwnedFd() { ::close(fd_); }
    OwnedFd(const OwnedFd&) = delete;
    OwnedFd& operator=(const OwnedFd&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

}  // namespace

struct Loop::Impl {
    OwnedFd epoll{checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
    OwnedFd wake{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
    std::thread thread;
    bool stopping = false;  // the loop's thread only
    // The end of the turn before and of what gathered since: the clock is read once for that and for the sleep.
    base::SteadyTime turned_at;

    std::mutex mutex;
    std::vector<Task> posted;  // under the mutex
    bool may_sleep = false;    // under the mutex: the loop will not look at `posted` before it is woken

    std::vector<Task> tasks;     // being run; kept for its capacity
    std::size_t tasks_done = 0;  // of them
    std::vector<Task> deferred;
    std::vector<Task> deferred_now;
    Ring<Flushable> dirty;
    Ring<Watched> again;
    std::unordered_map<Orphan*, std::unique_ptr<Orphan>> orphans;

    std::array<epoll_event, kMostEvents> events;
    int events_from = 0;  // those in [from, to) are still to be told
    int events_to = 0;
};

Loop::Loop(unsigned index, const base::Clock& clock, std::chrono::microseconds coalesce)
    : index_(index),
      clock_(clock),
      now_(clock.steady()),
      timers_(now_),
      coalesces_(coalesce > std::chrono::microseconds{0}),
      pace_(coalesce),
      scratch_(std::make_unique<char[]>(kScratchSize)),
      impl_(std::make_unique<Impl>()) {
    assert(coalesce < std::chrono::seconds{1});
    // Edge-triggered, so that it need never be read: each write is a new edge.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;
    checked(::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, impl_->wake.get(), &event), "epoll_ctl");
}

Loop::~Loop() {
    stop();
    const Enter here(*this);
    destroy_orphans();
    // What tasks hold may post again when it is destroyed.
    for (;;) {
        std::vector<Task> left;
        {
            const std::lock_guard lock(impl_->mutex);
            left.swap(impl_->posted);
        }
        left.insert(left.end(), std::make_move_iterator(impl_->deferred.begin()),
                    std::make_move_iterator(impl_->deferred.end()));
        impl_->deferred.clear();
        if (left.empty()) break;
    }
}

Loop* Loop::current() {
    return t_current;
}

Loop::Enter::Enter(Loop& loop) : before_(std::exchange(t_current, &loop)) {}
Loop::Enter::~Enter() {
    t_current = before_;
}

void Loop::start() {
    assert(!impl_->thread.joinable());
    impl_->stopping = false;
    impl_->thread = std::thread([this] { run(); });
}

void Loop::stop() {
    if (!impl_->thread.joinable()) return;
    assert(!in_thread());
    post([this] { impl_->stopping = true; });
    impl_->thread.join();
}

void Loop::run() {
    const std::string name = "loop-" + std::to_string(index_);
    ::pthread_setname_np(::pthread_self(), name.c_str());
    // By default the system may make each sleep 50 microseconds longer, too much where events gather for so long.
    if (coalesces_) ::prctl(PR_SET_TIMERSLACK, kTimerSlack.count());
    const base::AlternateStack for_crashes;
    const Enter here(*this);
    impl_->turned_at = clock_.steady();
    while (!impl_->stopping) {
        let_events_gather();
        run_turn(base::milliseconds::max());
    }
    destroy_orphans();
}

void Loop::post(Task task) {
    bool wake = false;
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->posted.push_back(std::move(task));
        wake = std::exchange(impl_->may_sleep, false);
    }
    if (!wake) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then the loop has been woken anyway.
    [[maybe_unused]] const ssize_t written = ::write(impl_->wake.get(), &one, sizeof one);
}

void Loop::flush_later(Flushable& flushable) {
    assert(in_thread());
    if (!flushable.linked()) impl_->dirty.push_back(flushable);
}

void Loop::defer(Task task) {
    assert(in_thread());
    impl_->deferred.push_back(std::move(task));
}

void Loop::again(Watched& watched) {
    assert(in_thread());
    if (!watched.linked()) impl_->again.push_back(watched);
}

void Loop::forget_again(Watched& watched) {
    watched.unlink();
}

void Loop::watch(int fd, Watched& watched) {
    assert(in_thread());
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watched;
    checked(::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Loop::unwatch(int fd, Watched& watched) {
    ::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    watched.unlink();
    // Its events that lie in this turn's batch must not reach it, nor who comes to live at its address.
    for (int i = impl_->events_from; i < impl_->events_to; ++i) {
        epoll_event& event = impl_->events[static_cast<std::size_t>(i)];
        if (event.data.ptr == &watched) event.data.ptr = nullptr;
    }
}

void Loop::adopt(std::unique_ptr<Orphan> orphan) {
    assert(in_thread());
    Orphan* const key = orphan.get();
    impl_->orphans.emplace(key, std::move(orphan));
}

void Loop::release_orphan(Orphan& orphan) {
    impl_->orphans.erase(&orphan);
}

void Loop::destroy_orphans() {
    auto orphans = std::exchange(impl_->orphans, {});
    orphans.clear();
}

void Loop::turn(base::milliseconds wait) {
    assert(!impl_->thread.joinable());
    const Enter here(*this);
    impl_->turned_at = clock_.steady();
    run_turn(wait);
}

void Loop::run_turn(base::milliseconds wait) {
    const int count = ::epoll_wait(impl_->epoll.get(), impl_->events.data(), kMostEvents, sleep_time(wait));
    if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_wait");
    // Known from here on: tasks too may unwatch those whose events were fetched.
    impl_->events_from = 0;
    impl_->events_to = std::max(count, 0);
    now_ = clock_.steady();
    turns_.began(now_);
    Ring<Watched> again;
    again.take_all(impl_->again);
    const std::size_t tasks = take_tasks();
    pace_.began(now_, static_cast<std::size_t>(impl_->events_to) + tasks);
    run_tasks();
    run_events();
    while (!again.empty()) again.pop_front().on_events(EPOLLIN);
    timers_.advance(now_);
    run_deferred();
    run_flushes();
    // What flushes deferred, such as the end of a connection that just broke, belongs to this turn too.
    run_deferred();
    impl_->turned_at = clock_.steady();
    turns_.ended(impl_->turned_at);
}

// Not woken by tasks: they wait as events do.
void Loop::let_events_gather() {
    if (has_more_to_do() || impl_->events_to == kMostEvents) return pace_.go_on();
    const std::chrono::nanoseconds pause = pace_.pause(impl_->turned_at);
    if (pause == std::chrono::nanoseconds{0}) return;
    const timespec time{0, pause.count()};  // see the assertion in the constructor
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
    impl_->turned_at += pause;
}

// In this turn there was no room for it.
bool Loop::has_more_to_do() const {
    return !impl_->again.empty() || !impl_->dirty.empty() || !impl_->tasks.empty();
}

// In milliseconds for epoll_wait. From here on a post() wakes us, if we are about to sleep at all.
int Loop::sleep_time(base::milliseconds wait) {
    if (has_more_to_do()) return 0;
    bool sleeps_for_ever = wait == base::milliseconds::max();
    if (const auto due = timers_.next_due()) {
        const auto left = std::chrono::ceil<base::milliseconds>(*due - impl_->turned_at);
        wait = std::clamp(left, base::milliseconds{0}, wait);
        sleeps_for_ever = false;
    }
    if (wait == base::milliseconds{0}) return 0;
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->posted.empty()) return 0;
    impl_->may_sleep = true;
    if (sleeps_for_ever) return -1;
    return static_cast<int>(std::min<base::milliseconds::rep>(wait.count(), std::numeric_limits<int>::max()));
}

// How many there are to run, those that were left before included.
std::size_t Loop::take_tasks() {
    if (impl_->tasks.empty()) {
        const std::lock_guard lock(impl_->mutex);
        impl_->may_sleep = false;
        impl_->tasks.swap(impl_->posted);
    }
    return impl_->tasks.size() - impl_->tasks_done;
}

// What was posted may be more than a turn's work: the rest waits for the next turn, in front of what came meanwhile, so
// that streams and timers are not kept waiting.
void Loop::run_tasks() {
    const base::SteadyTime until = now_ + kTaskTime;
    while (impl_->tasks_done < impl_->tasks.size()) {
        Task& task = impl_->tasks[impl_->tasks_done++];
        task();
        task = nullptr;  // what it holds goes now, not when the batch is through
        if (impl_->tasks_done % kTasksBetweenLooks == 0 && clock_.steady() >= until) return;
    }
    impl_->tasks.clear();
    impl_->tasks_done = 0;
}

void Loop::run_events() {
    while (impl_->events_from < impl_->events_to) {
        const epoll_event event = impl_->events[static_cast<std::size_t>(impl_->events_from++)];
        if (event.data.ptr != nullptr) static_cast<Watched*>(event.data.ptr)->on_events(event.events);
    }
}

void Loop::run_deferred() {
    while (!impl_->deferred.empty()) {
        impl_->deferred_now.swap(impl_->deferred);
        for (Task& task : impl_->deferred_now) {
            task();
            task = nullptr;
        }
        impl_->deferred_now.clear();
    }
}

void Loop::run_flushes() {
    Ring<Flushable> now;
    now.take_all(impl_->dirty);
    while (!now.empty()) now.pop_front().flush();
}

}  // namespace wshub::net
