#include "base/clock.h"

#include <catch2/catch.hpp>

using namespace wshub::base;
using namespace std::chrono_literals;

TEST_CASE("wall time is written in UTC, with and without milliseconds", "[clock]") {
    const auto [since_epoch, millis, seconds] = GENERATE(table<std::int64_t, std::string, std::string>({
        {0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00"},
        {1, "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00"},
        {999, "1970-01-01T00:00:00.999Z", "1970-01-01T00:00:00"},
        {1'686'832'496'789, "2023-06-15T12:34:56.789Z", "2023-06-15T12:34:56"},
        {951'782'400'000, "2000-02-29T00:00:00.000Z", "2000-02-29T00:00:00"},
        {253'402'300'799'999, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59"},
    }));
    const WallTime time{milliseconds(since_epoch)};
    CHECK(iso8601_millis(time) == millis);
    CHECK(iso8601_seconds(time) == seconds);
}

TEST_CASE("a manual clock stands still until it is moved", "[clock]") {
    ManualClock clock;
    const SteadyTime steady = clock.steady();
    CHECK(clock.steady() == steady);
    CHECK(iso8601_millis(clock.wall()) == "2023-11-14T22:13:20.000Z");
    clock.advance(1500ms);
    CHECK(clock.steady() - steady == 1500ms);
    CHECK(iso8601_millis(clock.wall()) == "2023-11-14T22:13:21.500Z");
}

TEST_CASE("a manual clock begins late enough to be moved back in thought", "[clock]") {
    // Deadlines are reckoned as now minus a duration here and there; nobody should meet the epoch by that.
    CHECK(ManualClock().steady().time_since_epoch() >= 1h);
}

TEST_CASE("the system's clock goes forward", "[clock]") {
    const SystemClock clock;
    const SteadyTime before = clock.steady();
    CHECK(clock.steady() >= before);
    CHECK(clock.wall() > WallTime(milliseconds(1'600'000'000'000)));
}
