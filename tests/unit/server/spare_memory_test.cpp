#include "server/spare_memory.h"

#include <catch2/catch.hpp>

using namespace wshub;
using namespace std::chrono_literals;
using server::SpareMemory;

TEST_CASE("memory is given back when half of many sessions have gone, and then seldom", "[memory]") {
    SpareMemory spare;
    base::SteadyTime now{1h};
    CHECK_FALSE(spare.is_due(0, now));
    CHECK_FALSE(spare.is_due(10'000, now));
    CHECK_FALSE(spare.is_due(5'001, now));
    CHECK(spare.is_due(5'000, now));
    // From here on that is what was open at most.
    CHECK_FALSE(spare.is_due(2'000, now));
    CHECK_FALSE(spare.is_due(2'000, now += 59s));
    CHECK(spare.is_due(2'000, now += 1s));
    now += 1h;
    CHECK(spare.is_due(1'000, now));
    CHECK_FALSE(spare.is_due(0, now));
    CHECK(spare.is_due(0, now += 60s));
    CHECK_FALSE(spare.is_due(0, now += 1h));
}

TEST_CASE("a few sessions are not worth it", "[memory]") {
    SpareMemory spare;
    CHECK_FALSE(spare.is_due(SpareMemory::kFew - 1, base::SteadyTime{1h}));
    CHECK_FALSE(spare.is_due(0, base::SteadyTime{2h}));
}
