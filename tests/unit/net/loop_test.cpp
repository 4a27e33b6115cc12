#include "net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "net/socket_stream.h"

using namespace wshub;
using namespace std::chrono_literals;
using net::Loop;

namespace {

struct Sink final : net::Flushable {
    explicit Sink(std::function<void()> its_action) : action(std::move(its_action)) {}
    void flush() override { action(); }
    std::function<void()> action;
};

struct Watcher final : net::Watched {
    explicit Watcher(std::function<void(std::uint32_t)> its_action) : action(std::move(its_action)) {}
    void on_events(std::uint32_t events) override { action(events); }
    std::function<void(std::uint32_t)> action;
};

net::Fd event_fd() {
    return net::Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

void signal(const net::Fd& fd) {
    const std::uint64_t one = 1;
    REQUIRE(::write(fd.get(), &one, sizeof one) == sizeof one);
}

}  // namespace

TEST_CASE("tasks from many threads all run on the loop, in the order of each thread", "[loop]") {
    const base::SystemClock clock;
    Loop loop(3, clock);
    loop.start();
    constexpr int kThreads = 4, kTasks = 5000;
    std::array<int, kThreads> next{};
    int out_of_order = 0, outside = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0; i < kTasks; ++i)
                loop.post([&, thread, i] {
                    if (!loop.in_thread()) ++outside;
                    if (next[static_cast<std::size_t>(thread)]++ != i) ++out_of_order;
                });
        });
    for (std::thread& thread : threads) thread.join();
    loop.stop();
    CHECK(next == std::array<int, kThreads>{kTasks, kTasks, kTasks, kTasks});
    CHECK(out_of_order == 0);
    CHECK(outside == 0);
    CHECK_FALSE(loop.in_thread());
}

TEST_CASE("a post wakes a loop that sleeps without end", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock);
    loop.start();
    for (int i = 0; i < 200; ++i) {
        std::atomic<bool> ran{false};
        loop.post([&] { ran = true; });
        REQUIRE(test::eventually([&] { return ran.load(); }));
    }
    loop.stop();
}

TEST_CASE("stop runs what was posted before it and leaves what comes later to the destructor", "[loop]") {
    const base::SystemClock clock;
    auto held = std::make_shared<int>(0);
    int ran = 0;
    {
        Loop loop(0, clock);
        loop.post([&] { ++ran; });
        loop.start();
        for (int i = 0; i < 100; ++i) loop.post([&] { ++ran; });
        loop.stop();
        CHECK(ran == 101);
        loop.post([&, held] { ++ran; });
        CHECK(held.use_count() == 2);
    }
    CHECK(ran == 101);
    CHECK(held.use_count() == 1);
}

TEST_CASE("a task posted from a task runs in the next turn, without sleeping", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock);
    int ran = 0;
    loop.post([&] {
        ++ran;
        loop.post([&] { ++ran; });
    });
    loop.turn();
    CHECK(ran == 1);
    const auto before = std::chrono::steady_clock::now();
    loop.turn(10s);
    CHECK(ran == 2);
    CHECK(std::chrono::steady_clock::now() - before < 5s);
}

TEST_CASE("Enter makes a loop the current one for as long as it lives", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock), other(1, clock);
    CHECK(Loop::current() == nullptr);
    {
        const Loop::Enter here(loop);
        CHECK(loop.in_thread());
        {
            const Loop::Enter there(other);
            CHECK(Loop::current() == &other);
        }
        CHECK(Loop::current() == &loop);
    }
    CHECK(Loop::current() == nullptr);
}

TEST_CASE("a turn runs tasks, events, timers, deferred tasks and flushes in this order", "[loop]") {
    base::ManualClock clock;
    Loop loop(0, clock);
    const Loop::Enter here(loop);
    std::string order;
    const net::Fd fd = event_fd();
    Sink sink([&] { order += 'f'; });
    Watcher watcher([&](std::uint32_t events) {
        if ((events & EPOLLIN) == 0) return;
        order += 'e';
        loop.flush_later(sink);
        loop.flush_later(sink);
    });
    net::Timer timer([](void* text) { *static_cast<std::string*>(text) += 't'; }, &order);
    loop.watch(fd.get(), watcher);
    loop.turn();
    signal(fd);
    loop.arm_in(timer, 10ms);
    loop.post([&] {
        order += 'p';
        loop.defer([&] {
            order += 'd';
            loop.defer([&] { order += 'D'; });
        });
    });
    clock.advance(20ms);
    loop.turn();
    CHECK(order == "petdDf");
    loop.unwatch(fd.get(), watcher);
}

TEST_CASE("what a flush defers still runs in its turn, and what it marks dirty comes in the next", "[loop]") {
    base::ManualClock clock;
    Loop loop(0, clock);
    const Loop::Enter here(loop);
    std::string order;
    Sink* self = nullptr;
    Sink sink([&] {
        order += 'f';
        loop.defer([&] { order += 'd'; });
        if (order.size() < 4) loop.flush_later(*self);
    });
    self = &sink;
    loop.flush_later(sink);
    loop.turn();
    CHECK(order == "fd");
    loop.turn(10s);
    CHECK(order == "fdfd");
}

TEST_CASE("a flushable that is destroyed is not flushed, also while others are", "[loop]") {
    base::ManualClock clock;
    Loop loop(0, clock);
    const Loop::Enter here(loop);
    int flushed = 0;
    auto last = std::make_unique<Sink>([&] { ++flushed; });
    std::unique_ptr<Sink> own;
    Sink first([&] { last.reset(); });
    {
        Sink gone([&] { ++flushed; });
        loop.flush_later(gone);
    }
    loop.flush_later(first);
    loop.flush_later(*last);
    loop.turn();
    CHECK(flushed == 0);
    CHECK(last == nullptr);
}

TEST_CASE("events that were fetched do not reach what was unwatched meanwhile", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock);
    const Loop::Enter here(loop);
    const net::Fd one = event_fd(), two = event_fd();
    int calls = 0;
    Watcher *first = nullptr, *second = nullptr;
    const auto end_the_other = [&](Watcher* other, const net::Fd& fd) {
        return [&loop, &calls, other, &fd](std::uint32_t) {
            ++calls;
            loop.unwatch(fd.get(), *other);
        };
    };
    Watcher a([](std::uint32_t) {}), b([](std::uint32_t) {});
    first = &a;
    second = &b;
    loop.watch(one.get(), a);
    loop.watch(two.get(), b);
    loop.turn();
    a.action = end_the_other(second, two);
    b.action = end_the_other(first, one);
    signal(one);
    signal(two);
    loop.turn();
    loop.turn();
    CHECK(calls == 1);
}

TEST_CASE("events that were fetched do not reach what a task unwatched in the same turn", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock);
    const Loop::Enter here(loop);
    const net::Fd fd = event_fd();
    int calls = 0;
    auto watcher = std::make_unique<Watcher>([&](std::uint32_t) { ++calls; });
    loop.watch(fd.get(), *watcher);
    loop.turn();
    calls = 0;
    signal(fd);
    loop.post([&] {
        loop.unwatch(fd.get(), *watcher);
        watcher.reset();
    });
    loop.turn();
    CHECK(calls == 0);
}

TEST_CASE("again brings EPOLLIN in the next turn, once, and can be taken back", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock);
    const Loop::Enter here(loop);
    int calls = 0;
    Watcher* self = nullptr;
    Watcher watcher([&](std::uint32_t events) {
        CHECK(events == EPOLLIN);
        if (++calls == 1) loop.again(*self);
    });
    self = &watcher;
    loop.again(watcher);
    loop.again(watcher);
    loop.turn(10s);
    CHECK(calls == 1);
    loop.turn(10s);
    CHECK(calls == 2);
    loop.again(watcher);
    loop.forget_again(watcher);
    loop.turn();
    CHECK(calls == 2);
    loop.again(watcher);
    {
        Watcher gone([&](std::uint32_t) { ++calls; });
        loop.again(gone);
    }
    loop.turn();
    CHECK(calls == 3);
}

TEST_CASE("the loop sleeps no longer than its first timer", "[loop]") {
    const base::SystemClock clock;
    Loop loop(0, clock);
    loop.start();
    std::atomic<bool> fired{false};
    net::Timer timer([](void* flag) { *static_cast<std::atomic<bool>*>(flag) = true; }, &fired);
    loop.post([&] { loop.arm_in(timer, 20ms); });
    CHECK(test::eventually([&] { return fired.load(); }));
    loop.stop();
}

TEST_CASE("orphans live until they are released or the loop ends", "[loop]") {
    struct Child final : net::Orphan {
        explicit Child(int& its_count) : count(its_count) { ++count; }
        ~Child() override { --count; }
        int& count;
    };
    const base::SystemClock clock;
    int alive = 0;
    {
        Loop loop(0, clock);
        const Loop::Enter here(loop);
        auto first = std::make_unique<Child>(alive);
        Child& released = *first;
        loop.adopt(std::move(first));
        loop.adopt(std::make_unique<Child>(alive));
        CHECK(alive == 2);
        loop.release_orphan(released);
        CHECK(alive == 1);
    }
    CHECK(alive == 0);
}

TEST_CASE("posted tasks that take long leave the rest for the next turns, in order", "[loop]") {
    base::ManualClock clock;
    net::Loop loop(0, clock);
    std::vector<int> ran;
    const auto post = [&](int number) {
        loop.post([&, number] {
            ran.push_back(number);
            clock.advance(base::milliseconds{1});
        });
    };
    for (int i = 0; i < 64; ++i) post(i);
    loop.turn();
    CHECK_FALSE(ran.empty());
    CHECK(ran.size() < 64);
    post(64);
    for (int turns = 0; turns < 64; ++turns) loop.turn();
    CHECK(ran.size() == 65);
    CHECK(std::is_sorted(ran.begin(), ran.end()));
}

TEST_CASE("a loop that lets events gather misses none of them, nor tasks, nor timers, nor its end", "[loop]") {
    struct Ticking {
        explicit Ticking(Loop& its_loop) : loop(its_loop) {}
        static void fired(void* self) {
            auto& it = *static_cast<Ticking*>(self);
            if (++it.ticks < 20) it.loop.arm_in(it.timer, base::milliseconds{1});
        }
        Loop& loop;
        std::atomic<int> ticks{0};
        net::Timer timer{&Ticking::fired, this};
    };
    const base::SystemClock clock;
    Loop loop(0, clock, 1000us);
    constexpr int kSources = 12, kEach = 300;  // more than are worth waiting for
    std::array<net::Fd, kSources> sources;
    std::vector<std::unique_ptr<Watcher>> watchers;
    std::array<std::atomic<std::uint64_t>, kSources> seen{};
    std::atomic<int> tasks{0};
    Ticking ticking(loop);
    loop.start();
    for (std::size_t i = 0; i < kSources; ++i) {
        sources[i] = event_fd();
        watchers.push_back(std::make_unique<Watcher>([&, i](std::uint32_t) {
            std::uint64_t count = 0;
            if (::read(sources[i].get(), &count, sizeof count) == sizeof count) seen[i] += count;
        }));
        loop.post([&, i] { loop.watch(sources[i].get(), *watchers[i]); });
    }
    loop.post([&] { loop.arm_in(ticking.timer, base::milliseconds{1}); });
    for (int round = 1; round <= kEach; ++round) {
        for (const net::Fd& source : sources) signal(source);
        loop.post([&] { ++tasks; });
        // Each waits for the one before, as clients do, so that the loop turns as often as it can.
        const auto has_all = [&](const auto& count) { return count >= static_cast<std::uint64_t>(round); };
        const auto limit = std::chrono::steady_clock::now() + test::kPatience;
        while (tasks < round || !std::all_of(seen.begin(), seen.end(), has_all)) {
            REQUIRE(std::chrono::steady_clock::now() < limit);
            std::this_thread::yield();
        }
    }
    CHECK(test::eventually([&] { return ticking.ticks == 20; }));
    loop.post([&] {
        for (std::size_t i = 0; i < kSources; ++i) loop.unwatch(sources[i].get(), *watchers[i]);
    });
    loop.stop();
    for (const auto& count : seen) CHECK(count == kEach);
}
