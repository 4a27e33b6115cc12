#include "base/histogram.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <thread>
#include <vector>

using namespace wshub::base;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::chrono::nanoseconds, 3> kBounds{1us, 1ms, 1s};

std::vector<std::int64_t> counts_of(const HistogramReading& reading) {
    std::vector<std::int64_t> counts;
    for (const HistogramReading::Bucket& bucket : reading.buckets) counts.push_back(bucket.count);
    return counts;
}

}  // namespace

TEST_CASE("a duration counts below every bound that it does not pass", "[histogram]") {
    using Counts = std::vector<std::int64_t>;
    const auto [took, counts] = GENERATE(table<std::chrono::nanoseconds, Counts>({{0ns, {1, 1, 1, 1}},
                                                                                  {1000ns, {1, 1, 1, 1}},
                                                                                  {1001ns, {0, 1, 1, 1}},
                                                                                  {1ms, {0, 1, 1, 1}},
                                                                                  {1s, {0, 0, 1, 1}},
                                                                                  {1s + 1ns, {0, 0, 0, 1}},
                                                                                  {1h, {0, 0, 0, 1}}}));
    Histogram histogram(kBounds);
    histogram.observe(took);
    const HistogramReading reading = histogram.read();
    CHECK(counts_of(reading) == counts);
    CHECK(reading.count == 1);
    CHECK(histogram.count() == 1);
    CHECK(reading.sum == Approx(std::chrono::duration<double>(took).count()));
}

TEST_CASE("the bounds are read in seconds, the last one without end", "[histogram]") {
    const HistogramReading reading = Histogram(kBounds).read();
    REQUIRE(reading.buckets.size() == 4);
    CHECK(reading.buckets[0].le == 1e-6);
    CHECK(reading.buckets[1].le == 1e-3);
    CHECK(reading.buckets[2].le == 1);
    CHECK(std::isinf(reading.buckets[3].le));
    CHECK(reading.count == 0);
}

TEST_CASE("a histogram takes as many bounds as it says", "[histogram]") {
    std::vector<std::chrono::nanoseconds> bounds;
    for (std::size_t i = 1; i <= Histogram::kMostBounds; ++i) bounds.emplace_back(i);
    Histogram histogram(bounds);
    for (std::size_t i = 0; i <= Histogram::kMostBounds; ++i) histogram.observe(std::chrono::nanoseconds(i + 1));
    const HistogramReading reading = histogram.read();
    REQUIRE(reading.buckets.size() == Histogram::kMostBounds + 1);
    for (std::size_t i = 0; i < reading.buckets.size(); ++i)
        CHECK(reading.buckets[i].count == static_cast<std::int64_t>(i) + 1);
}

TEST_CASE("nothing is lost that many threads observe at once", "[histogram]") {
    Histogram histogram(kBounds);
    constexpr int kThreads = 48, kEach = 10'000;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&histogram, i] {
            for (int each = 0; each < kEach; ++each) histogram.observe(i % 2 == 0 ? 1us : 2ms);
        });
    }
    for (std::thread& thread : threads) thread.join();
    const HistogramReading reading = histogram.read();
    CHECK(counts_of(reading) ==
          std::vector<std::int64_t>{kThreads / 2 * kEach, kThreads / 2 * kEach, kThreads * kEach, kThreads * kEach});
    CHECK(reading.sum == Approx(kThreads / 2 * kEach * 0.002001));
}

TEST_CASE("readings of the same bounds add up", "[histogram]") {
    Histogram one(kBounds), other(kBounds);
    one.observe(1us);
    other.observe(1ms);
    HistogramReading sum;
    sum.add(one.read());
    sum.add(other.read());
    CHECK(counts_of(sum) == std::vector<std::int64_t>{1, 2, 2, 2});
    CHECK(sum.count == 2);
    CHECK(sum.sum == Approx(0.001001));
}
