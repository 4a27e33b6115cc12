#include "net/timer_wheel.h"

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <vector>

using namespace wshub;
using namespace std::chrono_literals;
using base::milliseconds;
using net::Timer;
using net::TimerWheel;

namespace {

const base::SteadyTime kStart{std::chrono::hours{1}};

// A timer that calls a function.
class Alarm {
public:
    explicit Alarm(std::function<void()> action) : action_(std::move(action)) {}
    Timer timer{[](void* self) { static_cast<Alarm*>(self)->action_(); }, this};

private:
    std::function<void()> action_;
};

}  // namespace

TEST_CASE("a timer fires at its time or up to a tick later, however far away it is", "[timer_wheel]") {
    const milliseconds delay = GENERATE(values<milliseconds>({1ms,
                                                              3ms,
                                                              4ms,
                                                              5ms,
                                                              8ms,
                                                              1019ms,
                                                              1020ms,
                                                              1021ms,
                                                              1023ms,
                                                              1024ms,
                                                              1025ms,
                                                              2047ms,
                                                              2048ms,
                                                              262'140ms,
                                                              262'144ms,
                                                              262'145ms,
                                                              300'000ms,
                                                              67'108'860ms,
                                                              67'108'864ms,
                                                              70'000'000ms,
                                                              17'179'869'184ms,
                                                              18'000'000'000ms}));
    // The wheel need not start at a round number.
    const auto offset = GENERATE(0ms, 4ms, 1020ms, 262'136ms);
    const base::SteadyTime start = kStart + offset;
    TimerWheel wheel(start);
    int fired = 0;
    Alarm alarm([&] { ++fired; });
    wheel.arm(alarm.timer, start + delay);

    CHECK(wheel.size() == 1);
    REQUIRE(wheel.next_due().has_value());
    CHECK(*wheel.next_due() < start + delay + TimerWheel::kTick);
    wheel.advance(start + delay - 1ms);
    CHECK(fired == 0);
    CHECK(alarm.timer.armed());
    REQUIRE(wheel.next_due().has_value());
    CHECK(*wheel.next_due() < start + delay + TimerWheel::kTick);
    wheel.advance(start + delay + TimerWheel::kTick);
    CHECK(fired == 1);
    CHECK_FALSE(alarm.timer.armed());
    CHECK(wheel.size() == 0);
    CHECK_FALSE(wheel.next_due().has_value());
}

TEST_CASE("sleeping until next_due() each time reaches every timer in its tick", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    base::SteadyTime now = kStart;
    std::vector<std::unique_ptr<Alarm>> alarms;
    int fired = 0, late = 0, early = 0;
    for (int i = 0; i < 2000; ++i) {
        const milliseconds delay{(static_cast<std::int64_t>(i) * i * 37) % 90'000'000};
        const auto due = kStart + delay;
        alarms.push_back(std::make_unique<Alarm>([&, due] {
            ++fired;
            if (now < due) ++early;
            if (now > due + TimerWheel::kTick) ++late;
        }));
        wheel.arm(alarms.back()->timer, due);
    }
    int rounds = 0;
    while (const auto due = wheel.next_due()) {
        now = std::max(now, *due);
        wheel.advance(now);
        REQUIRE(++rounds < 20'000);
    }
    CHECK(fired == 2000);
    CHECK(early == 0);
    CHECK(late == 0);
}

TEST_CASE("timers fire in the order of their ticks, also when all are overdue", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    std::vector<int> order;
    std::vector<std::unique_ptr<Alarm>> alarms;
    const std::vector<milliseconds> delays{5000ms, 8ms, 300'000ms, 1024ms, 0ms, 8ms, 1000ms};
    for (std::size_t i = 0; i < delays.size(); ++i) {
        alarms.push_back(std::make_unique<Alarm>([&order, i] { order.push_back(static_cast<int>(i)); }));
        wheel.arm(alarms[i]->timer, kStart + delays[i]);
    }
    wheel.advance(kStart + 1h);
    CHECK(order == std::vector<int>{4, 1, 5, 6, 3, 0, 2});
}

TEST_CASE("a time in the past fires at the next advance, even of the same moment", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    int fired = 0;
    Alarm alarm([&] { ++fired; });
    wheel.arm(alarm.timer, kStart - 1h);
    CHECK(*wheel.next_due() <= kStart);
    wheel.advance(kStart);
    CHECK(fired == 1);
}

TEST_CASE("arming an armed timer moves it", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    int fired = 0;
    Alarm alarm([&] { ++fired; });
    wheel.arm(alarm.timer, kStart + 10ms);
    wheel.arm(alarm.timer, kStart + 10s);
    CHECK(wheel.size() == 1);
    wheel.advance(kStart + 9s);
    CHECK(fired == 0);
    wheel.advance(kStart + 11s);
    CHECK(fired == 1);
}

TEST_CASE("a cancelled or destroyed timer does not fire", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    int fired = 0;
    Alarm cancelled([&] { ++fired; });
    wheel.arm(cancelled.timer, kStart + 10ms);
    {
        Alarm destroyed([&] { ++fired; });
        wheel.arm(destroyed.timer, kStart + 2s);
    }
    cancelled.timer.cancel();
    CHECK(wheel.size() == 0);
    CHECK_FALSE(wheel.next_due().has_value());
    wheel.advance(kStart + 1h);
    CHECK(fired == 0);
}

TEST_CASE("a callback may arm its own timer again, which waits for the next advance", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    int fired = 0;
    Alarm* again = nullptr;
    Alarm alarm([&] {
        ++fired;
        wheel.arm(again->timer, kStart);
    });
    again = &alarm;
    wheel.arm(alarm.timer, kStart + 4ms);
    wheel.advance(kStart + 1s);
    CHECK(fired == 1);
    wheel.advance(kStart + 1s);
    CHECK(fired == 2);
}

TEST_CASE("a callback may cancel, destroy or move timers that were due with it", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    int fired = 0;
    Alarm cancelled([&] { ++fired; });
    Alarm moved([&] { ++fired; });
    auto destroyed = std::make_unique<Alarm>([&] { ++fired; });
    Alarm first([&] {
        cancelled.timer.cancel();
        destroyed.reset();
        wheel.arm(moved.timer, kStart + 1min);
    });
    wheel.arm(first.timer, kStart + 4ms);
    wheel.arm(cancelled.timer, kStart + 4ms);
    wheel.arm(destroyed->timer, kStart + 8ms);
    wheel.arm(moved.timer, kStart + 8ms);
    wheel.advance(kStart + 1s);
    CHECK(fired == 0);
    CHECK(wheel.size() == 1);
    wheel.advance(kStart + 2min);
    CHECK(fired == 1);
}

TEST_CASE("a callback may destroy its own timer", "[timer_wheel]") {
    TimerWheel wheel(kStart);
    std::unique_ptr<Timer> timer;
    timer = std::make_unique<Timer>([](void* owner) { static_cast<std::unique_ptr<Timer>*>(owner)->reset(); }, &timer);
    wheel.arm(*timer, kStart + 4ms);
    wheel.advance(kStart + 1s);
    CHECK(timer == nullptr);
    CHECK(wheel.size() == 0);
}

TEST_CASE("a wheel that goes disarms its timers", "[timer_wheel]") {
    Alarm alarm([] {});
    {
        TimerWheel wheel(kStart);
        wheel.arm(alarm.timer, kStart + 1s);
    }
    CHECK_FALSE(alarm.timer.armed());
}
