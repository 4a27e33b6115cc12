// Durations, counted in buckets that are at most 1/32 wide: millions of samples in a few kilobytes.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <vector>

namespace wshub::bench {

class Histogram {
public:
    void add(std::chrono::nanoseconds duration) {
        const auto value = static_cast<std::uint64_t>(duration.count() > 0 ? duration.count() : 0);
        const std::size_t bucket = bucket_of(value);
        if (bucket >= counts_.size()) counts_.resize(bucket + 1);
        ++counts_[bucket];
        ++total_;
        if (value > max_) max_ = value;
    }

    std::uint64_t count() const { return total_; }
    std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }

    // At least `share` (0 to 1) of all samples are not longer than this; zero without samples.
    std::chrono::nanoseconds at(double share) const {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
        std::uint64_t seen = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += counts_[bucket];
            if (seen > 0 && seen >= wanted) {
                const std::uint64_t top = highest_of(bucket);
                return std::chrono::nanoseconds(top < max_ ? top : max_);
            }
        }
        return std::chrono::nanoseconds(0);
    }

private:
    // Values below 64 have a bucket each; above, each power of two is cut into 32.
    static constexpr unsigned kBits = 5;
    static std::size_t bucket_of(std::uint64_t value) {
        if (value < (2U << kBits)) return static_cast<std::size_t>(value);
        const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kBits;
        return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
    }
    static std::uint64_t highest_of(std::size_t bucket) {
        if (bucket < (2U << kBits)) return bucket;
        const unsigned shift = static_cast<unsigned>(bucket >> kBits) - 1;
        const std::uint64_t lowest = (bucket - (static_cast<std::size_t>(shift) << kBits)) << shift;
        return lowest + (std::uint64_t{1} << shift) - 1;
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace wshub::bench
