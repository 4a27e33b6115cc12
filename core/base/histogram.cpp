#include "base/histogram.h"

#include <cassert>
#include <limits>

namespace wshub::base {
namespace {

double seconds(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

}  // namespace

void HistogramReading::add(const HistogramReading& other) {
    if (buckets.empty())
        buckets = other.buckets;
    else
        for (std::size_t i = 0; i < std::min(buckets.size(), other.buckets.size()); ++i)
            buckets[i].count += other.buckets[i].count;
    sum += other.sum;
    count += other.count;
}

Histogram::Histogram(std::span<const std::chrono::nanoseconds> bounds) : size_(bounds.size()) {
    assert(!bounds.empty() && bounds.size() <= kMostBounds && std::is_sorted(bounds.begin(), bounds.end()));
    std::transform(bounds.begin(), bounds.end(), bounds_.begin(), [](auto bound) { return bound.count(); });
}

std::int64_t Histogram::count() const {
    std::int64_t sum = 0;
    for (const Cell& cell : cells_)
        for (std::size_t at = 0; at <= size_; ++at) sum += cell.counts[at].load(std::memory_order_relaxed);
    return sum;
}

HistogramReading Histogram::read() const {
    HistogramReading reading;
    std::int64_t sum = 0;
    for (std::size_t at = 0; at <= size_; ++at) {
        for (const Cell& cell : cells_) reading.count += cell.counts[at].load(std::memory_order_relaxed);
        const double bound = at < size_ ? seconds(bounds_[at]) : std::numeric_limits<double>::infinity();
        reading.buckets.push_back({bound, reading.count});
    }
    for (const Cell& cell : cells_) sum += cell.sum.load(std::memory_order_relaxed);
    reading.sum = seconds(sum);
    return reading;
}

bool Histogram::has_bounds(std::span<const std::chrono::nanoseconds> bounds) const {
    return std::equal(bounds.begin(), bounds.end(), bounds_.begin(),
                      bounds_.begin() + static_cast<std::ptrdiff_t>(size_),
                      [](auto bound, std::int64_t own) { return bound.count() == own; });
}

}  // namespace wshub::base
