#include "net/turn_watch.h"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>

#include "eventually.h"
#include "net/loop.h"

using namespace wshub;
using namespace std::chrono_literals;
using net::TurnWatch;

namespace {

const base::SteadyTime kStart{1h};

// One turn that begins at `at` and takes so long.
void turn(TurnWatch& watch, base::SteadyTime at, std::chrono::nanoseconds took) {
    watch.began(at);
    watch.ended(at + took);
}

}  // namespace

TEST_CASE("the longest turn is remembered for half a minute to a minute", "[turns]") {
    const bool busy = GENERATE(true, false);
    TurnWatch watch;
    CHECK(watch.longest(kStart) == 0ns);
    turn(watch, kStart, 1ms);
    turn(watch, kStart + 1s, 70ms);
    turn(watch, kStart + 2s, 2ms);
    CHECK(watch.longest(kStart + 3s) == 70ms);
    for (auto at = 3s; busy && at <= 61s; ++at) {
        turn(watch, kStart + at, 3ms);
        if (at <= 31s) CHECK(watch.longest(kStart + at + 1ms) == 70ms);
    }
    CHECK(watch.longest(kStart + (busy ? 30s : 31s)) >= 3ms);
    CHECK(watch.longest(kStart + 62s) == (busy ? 3ms : 0ms));
}

TEST_CASE("a turn under way counts as it grows", "[turns]") {
    TurnWatch watch;
    CHECK(watch.underway(kStart) == 0ns);
    watch.began(kStart);
    CHECK(watch.underway(kStart + 2s) == 2s);
    CHECK(watch.longest(kStart + 2s) == 2s);
    CHECK(watch.longest(kStart + 5min) == 5min);
    watch.ended(kStart + 3s);
    CHECK(watch.underway(kStart + 4s) == 0ns);
    CHECK(watch.longest(kStart + 4s) == 3s);
}

TEST_CASE("turns are recorded where one says", "[turns]") {
    constexpr std::array<std::chrono::nanoseconds, 1> kBounds{1ms};
    base::Histogram histogram(kBounds);
    TurnWatch watch;
    watch.record_in(&histogram);
    turn(watch, kStart, 1ms);
    turn(watch, kStart + 1s, 2ms);
    CHECK(histogram.count() == 2);
    CHECK(histogram.read().buckets[0].count == 1);
}

TEST_CASE("a loop that is busy shows it, and one that waits is well", "[turns]") {
    base::SystemClock clock;
    net::Loop loop(0, clock);
    std::atomic<bool> on{true};
    loop.start();
    loop.post([&on] {
        while (on) continue;
    });
    CHECK(test::eventually([&] { return loop.turns().underway(clock.steady()) > 20ms; }));
    on = false;
    CHECK(test::eventually([&] { return loop.turns().underway(clock.steady()) == 0ns; }));
    CHECK(loop.turns().longest(clock.steady()) > 20ms);
    loop.stop();
}
