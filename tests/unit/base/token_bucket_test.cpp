#include "base/token_bucket.h"

#include <catch2/catch.hpp>

using namespace wshub::base;
using namespace std::chrono_literals;

namespace {

int take_all(TokenBucket& bucket, const Rate& rate, SteadyTime now) {
    int taken = 0;
    while (taken < 100'000 && bucket.take(rate, now)) ++taken;
    return taken;
}

}  // namespace

TEST_CASE("a new bucket is full", "[token_bucket]") {
    TokenBucket bucket;
    CHECK(take_all(bucket, {100, 200}, ManualClock().steady()) == 200);
}

TEST_CASE("tokens come back with time, up to the burst", "[token_bucket]") {
    const auto [pause, tokens] = GENERATE(table<milliseconds, int>(
        {{0ms, 0}, {9ms, 0}, {10ms, 1}, {500ms, 50}, {2000ms, 200}, {3000ms, 200}, {std::chrono::hours(1000), 200}}));
    ManualClock clock;
    TokenBucket bucket;
    const Rate rate{100, 200};
    take_all(bucket, rate, clock.steady());
    clock.advance(pause);
    CHECK(take_all(bucket, rate, clock.steady()) == tokens);
}

TEST_CASE("asking in vain costs nothing and keeps what was earned", "[token_bucket]") {
    ManualClock clock;
    TokenBucket bucket;
    const Rate rate{1, 1};
    CHECK(bucket.take(rate, clock.steady()));
    for (int i = 0; i < 9; ++i) {
        clock.advance(100ms);
        CHECK_FALSE(bucket.take(rate, clock.steady()));
    }
    clock.advance(101ms);
    CHECK(bucket.take(rate, clock.steady()));
}

TEST_CASE("a rate of 0 is no limit", "[token_bucket]") {
    TokenBucket bucket;
    CHECK(take_all(bucket, {0, 0}, ManualClock().steady()) == 100'000);
    CHECK(take_all(bucket, {-1, 5}, ManualClock().steady()) == 100'000);
}

TEST_CASE("a burst below 1 still lets one through at a time", "[token_bucket]") {
    ManualClock clock;
    TokenBucket bucket;
    const Rate rate{10, 0};
    CHECK(take_all(bucket, rate, clock.steady()) == 1);
    clock.advance(1s);
    CHECK(take_all(bucket, rate, clock.steady()) == 1);
}

TEST_CASE("a bucket follows a rate that was changed", "[token_bucket]") {
    ManualClock clock;
    TokenBucket bucket;
    CHECK(take_all(bucket, {100, 200}, clock.steady()) == 200);
    clock.advance(1s);
    CHECK(take_all(bucket, {5, 3}, clock.steady()) == 3);
}
