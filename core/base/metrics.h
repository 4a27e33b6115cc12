// Counters, gauges and histograms that many threads bump without meeting each other, and the text form Prometheus
// reads.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.h"
#include "base/thread_number.h"

namespace wshub::base {

// A figure that each thread adds to in a cell of its own. Any thread.
class Counter {
public:
    void add(std::int64_t by = 1) {
        const ThreadCell mine;
        mine.add(cells_[mine.index()].value, by);
    }
    std::int64_t value() const {
        std::int64_t sum = 0;
        for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
        return sum;
    }

private:
    struct alignas(64) Cell {
        std::atomic<std::int64_t> value{0};
    };
    std::array<Cell, ThreadCell::kCells> cells_;
};

// A counter of time. Any thread.
class TimeCounter {
public:
    void add(std::chrono::nanoseconds by) { nanoseconds_.add(by.count()); }
    std::chrono::nanoseconds value() const { return std::chrono::nanoseconds(nanoseconds_.value()); }

private:
    Counter nanoseconds_;
};

// A figure that is set as often as it is added to. Any thread.
class Gauge {
public:
    void set(double to) { value_.store(to, std::memory_order_relaxed); }
    void add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
    double value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

// All figures of the process by name and labels. Registering is for start-up and plugin loads: it locks. What it gives
// back lives as long as the registry, so that counting needs no look-up. Any thread.
class Metrics {
public:
    // The same name and labels give the same figure again. `labels` is Prometheus text without braces:
    // `plugin="rooms"`. Null if the name stands for another kind already (or, of a histogram, for other bounds), or if
    // name or labels are not what Prometheus takes.
    Counter* counter(std::string_view name, std::string_view help, std::string_view labels = {});
    TimeCounter* seconds(std::string_view name, std::string_view help, std::string_view labels = {});
    Gauge* gauge(std::string_view name, std::string_view help, std::string_view labels = {});
    Histogram* histogram(std::string_view name, std::string_view help, std::span<const std::chrono::nanoseconds> bounds,
                         std::string_view labels = {});

    // For figures that nobody counts and that have to be looked up: called before each reading, one reading at a time,
    // on its thread. It may register figures.
    void before_reading(std::function<void()> refresh);

    enum class Kind : std::uint8_t { kCounter, kSeconds, kGauge, kHistogram };
    struct Sample {
        std::string_view name, labels;
        Kind kind;
        double value = 0;            // seconds for kSeconds; of a histogram the sum
        HistogramReading histogram;  // of kHistogram
    };
    // Shows every figure, by name and labels. `visit` must not register any.
    void read(const std::function<void(const Sample&)>& visit) const;
    // Looks up anew what has to be looked up; read() and text() do so by themselves.
    void refresh() const;
    // The sum of all figures of that name that have this label among theirs (empty: of all); 0 if there are none.
    double total(std::string_view name, std::string_view label = {}) const;
    HistogramReading total_histogram(std::string_view name) const;

    // Prometheus text exposition format 0.0.4.
    std::string text() const;

private:
    struct Figure {
        Counter* counter = nullptr;
        TimeCounter* seconds = nullptr;
        Gauge* gauge = nullptr;
        Histogram* histogram = nullptr;
    };
    struct Family {
        std::string help;
        Kind kind;
        std::map<std::string, Figure, std::less<>> figures;  // by labels
    };

    Figure* figure(std::string_view name, std::string_view help, Kind kind, std::string_view labels);
    static Sample sample(std::string_view name, std::string_view labels, Kind kind, const Figure& figure);

    mutable std::mutex reading_;                     // never taken while mutex_ is held
    std::vector<std::function<void()>> refreshers_;  // under reading_

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;
    std::deque<Counter> counters_;
    std::deque<TimeCounter> seconds_;
    std::deque<Gauge> gauges_;
    std::deque<Histogram> histograms_;
};

}  // namespace wshub::base
