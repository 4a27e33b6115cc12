// How long something took, counted between fixed bounds: many threads add to it without meeting each other.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_number.h"

namespace wshub::base {

// What a histogram held when it was read; times are seconds.
struct HistogramReading {
    struct Bucket {
        double le = 0;           // the bound; infinite for the last bucket
        std::int64_t count = 0;  // of all that took as long or less
    };
    std::vector<Bucket> buckets;
    double sum = 0;
    std::int64_t count = 0;

    // Both have the same bounds, or one is empty.
    void add(const HistogramReading& other);
};

// Any thread; observe() is two additions in the thread's cell.
class Histogram {
public:
    static constexpr std::size_t kMostBounds = 14;  // a cell is then two cache lines

    // `bounds` grow; at most kMostBounds, at least one.
    explicit Histogram(std::span<const std::chrono::nanoseconds> bounds);

    void observe(std::chrono::nanoseconds took) {
        const std::int64_t ticks = took.count();
        std::size_t at = 0;
        while (at < size_ && ticks > bounds_[at]) ++at;  // most are short: the first bounds decide
        const ThreadCell mine;
        Cell& cell = cells_[mine.index()];
        mine.add(cell.counts[at], 1);
        mine.add(cell.sum, ticks);
    }

    // How many were observed.
    std::int64_t count() const;
    // What others add meanwhile may be in the sum and not yet in the buckets, or the other way round.
    HistogramReading read() const;
    bool has_bounds(std::span<const std::chrono::nanoseconds> bounds) const;

private:
    struct alignas(64) Cell {
        std::array<std::atomic<std::int64_t>, kMostBounds + 1> counts{};  // not summed up
        std::atomic<std::int64_t> sum{0};
    };

    std::array<std::int64_t, kMostBounds> bounds_{};
    std::size_t size_;
    std::array<Cell, ThreadCell::kCells> cells_;
};

}  // namespace wshub::base
