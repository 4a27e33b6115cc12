#include "hub/limits.h"

#include <catch2/catch.hpp>
#include <tuple>

using namespace wshub;
using namespace std::chrono_literals;

TEST_CASE("drops count for ten seconds", "[limits]") {
    base::ManualClock clock;
    hub::Drops drops;
    CHECK(drops.add(clock.steady()) == 1);
    CHECK(drops.add(clock.steady()) == 2);
    clock.advance(9s);
    CHECK(drops.add(clock.steady()) == 3);
    clock.advance(1s);
    CHECK(drops.add(clock.steady()) == 2);
    clock.advance(8s);
    CHECK(drops.add(clock.steady()) == 3);
    clock.advance(10s);
    CHECK(drops.add(clock.steady()) == 1);
    clock.advance(1h);
    CHECK(drops.add(clock.steady()) == 1);
}

TEST_CASE("ten times the burst is too much, and a burst is never less than one", "[limits]") {
    auto [burst, most] =
        GENERATE(table<double, std::uint64_t>({std::tuple{200.0, 2000u}, std::tuple{1.0, 10u}, std::tuple{0.0, 10u}}));
    CHECK(hub::most_drops({1, burst}) == most);
}

TEST_CASE("while a client's own events are not limited, the usual burst says what is too much", "[limits]") {
    CHECK(hub::most_drops({0, 0}) == 2000);
    CHECK(hub::most_drops({0, 7}) == 2000);
}

TEST_CASE("a client may always ask for a handful of namespaces at once", "[limits]") {
    CHECK(hub::connect_rate({100, 200}).burst == 200);
    CHECK(hub::connect_rate({0.5, 1}).per_second == 1);
    CHECK(hub::connect_rate({0.5, 1}).burst == 20);
    CHECK(hub::connect_rate({0, 200}).per_second == 0);
}
