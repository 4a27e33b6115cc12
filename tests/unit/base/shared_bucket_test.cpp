#include "base/shared_bucket.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace wshub::base;
using namespace std::chrono_literals;

namespace {

int take_all(SharedBucket& bucket, const Rate& rate, SteadyTime now) {
    int taken = 0;
    while (taken < 100'000 && bucket.take(rate, now)) ++taken;
    return taken;
}

}  // namespace

TEST_CASE("a new shared bucket is full, and has its tokens back with time, up to the burst", "[shared_bucket]") {
    const auto [pause, tokens] = GENERATE(table<milliseconds, int>(
        {{0ms, 0}, {9ms, 0}, {10ms, 1}, {500ms, 50}, {2000ms, 200}, {3000ms, 200}, {std::chrono::hours(1000), 200}}));
    ManualClock clock;
    SharedBucket bucket;
    const Rate rate{100, 200};
    CHECK(take_all(bucket, rate, clock.steady()) == 200);
    clock.advance(pause);
    CHECK(take_all(bucket, rate, clock.steady()) == tokens);
}

TEST_CASE("a shared bucket knows when it is full again", "[shared_bucket]") {
    ManualClock clock;
    SharedBucket bucket;
    const Rate rate{10, 100};
    CHECK(bucket.is_full(clock.steady()));
    for (int i = 0; i < 5; ++i) CHECK(bucket.take(rate, clock.steady()));
    clock.advance(499ms);
    CHECK_FALSE(bucket.is_full(clock.steady()));
    clock.advance(1ms);
    CHECK(bucket.is_full(clock.steady()));
}

TEST_CASE("a shared bucket takes every rate", "[shared_bucket]") {
    const auto [rate, tokens] = GENERATE(table<Rate, int>({{{0, 0}, 100'000},
                                                           {{-1, 5}, 100'000},
                                                           {{10, 0}, 1},
                                                           {{0.0001, 3}, 3},
                                                           {{1e-300, 5}, 1},
                                                           {{1'000'000, 50'000}, 50'000},
                                                           {{0.001, 1e7}, 100'000}}));
    SharedBucket bucket;
    CHECK(take_all(bucket, rate, ManualClock().steady()) == tokens);
}

TEST_CASE("however many threads take from a shared bucket, it gives what it has", "[shared_bucket]") {
    SharedBucket bucket;
    const SteadyTime now = ManualClock().steady();
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 10'000; ++k) taken += bucket.take({1, 20'000}, now) ? 1 : 0;
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(taken == 20'000);
}
