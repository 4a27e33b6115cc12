#include "session/byte_pace.h"

#include <catch2/catch.hpp>

using namespace wshub::base;
using wshub::session::BytePace;
using namespace std::chrono_literals;

namespace {
constexpr Rate kRate{1'000'000, 2'000'000};
constexpr auto kLongest = 5s;
}  // namespace

TEST_CASE("the burst costs no wait, and what is above costs its time", "[byte_pace]") {
    const auto [bytes, wait] = GENERATE(table<std::size_t, milliseconds>({{0, 0ms},
                                                                          {1, 0ms},
                                                                          {2'000'000, 0ms},
                                                                          {2'001'000, 1ms},
                                                                          {3'000'000, 1000ms},
                                                                          {7'000'000, 5000ms},
                                                                          {900'000'000, 5000ms}}));
    BytePace pace;
    CHECK(pace.take(kRate, bytes, ManualClock().steady(), kLongest) == wait);
}

TEST_CASE("who waits as told sends at the rate, however late each wait ends", "[byte_pace]") {
    const milliseconds late = GENERATE(0ms, 3ms, 20ms);
    ManualClock clock;
    BytePace pace;
    pace.take(kRate, 2'000'000, clock.steady(), kLongest);
    const SteadyTime start = clock.steady();
    for (int i = 0; i < 100; ++i) {
        const auto wait = pace.take(kRate, 64'000, clock.steady(), kLongest);
        clock.advance(std::chrono::ceil<milliseconds>(wait) + late);
    }
    CHECK(clock.steady() - start >= 6400ms);
    CHECK(clock.steady() - start <= 6400ms + late * 2);
}

TEST_CASE("a quiet client saves up its burst again, and no more", "[byte_pace]") {
    ManualClock clock;
    BytePace pace;
    pace.take(kRate, 2'000'000, clock.steady(), kLongest);
    clock.advance(1h);
    CHECK(pace.take(kRate, 2'000'000, clock.steady(), kLongest) == 0ms);
    CHECK(pace.take(kRate, 100'000, clock.steady(), kLongest) == 100ms);
}

TEST_CASE("what the longest wait does not pay for is forgiven", "[byte_pace]") {
    ManualClock clock;
    BytePace pace;
    CHECK(pace.take({1000, 0}, 1'000'000, clock.steady(), kLongest) == 5s);
    clock.advance(5s);
    CHECK(pace.take({1000, 0}, 1'000, clock.steady(), kLongest) == 1s);
}

TEST_CASE("a rate of 0 never makes anybody wait", "[byte_pace]") {
    BytePace pace;
    CHECK(pace.take({0, 0}, 1'000'000'000, ManualClock().steady(), kLongest) == 0ms);
}
