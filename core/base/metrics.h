// Counters and gauges that many threads bump without meeting each other, and the text form Prometheus reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace wshub::base {

// A small number for this thread, the same for its whole life.
unsigned thread_number();

// A figure that each thread adds to in a cell of its own. Any thread; add() is one relaxed addition.
class Counter {
public:
    void add(std::int64_t by = 1) { cells_[thread_number() % kCells].value.fetch_add(by, std::memory_order_relaxed); }
    std::int64_t value() const {
        std::int64_t sum = 0;
        for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
        return sum;
    }

private:
    static constexpr unsigned kCells = 16;
    struct alignas(64) Cell {
        std::atomic<std::int64_t> value{0};
    };
    std::array<Cell, kCells> cells_;
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
    // `plugin="rooms"`. Null if the name stands for another kind already or is no Prometheus name.
    Counter* counter(std::string_view name, std::string_view help, std::string_view labels = {});
    Gauge* gauge(std::string_view name, std::string_view help, std::string_view labels = {});

    // The sum of all figures of that name; 0 if there are none.
    double total(std::string_view name) const;

    // Prometheus text exposition format 0.0.4.
    std::string text() const;

private:
    struct Family {
        std::string help;
        bool is_counter = false;
        std::map<std::string, Counter*> counters;
        std::map<std::string, Gauge*> gauges;
    };
    Family* family(std::string_view name, std::string_view help, bool is_counter);

    mutable std::mutex mutex_;
    std::map<std::string, Family, std::less<>> families_;
    std::deque<Counter> counters_;
    std::deque<Gauge> gauges_;
};

}  // namespace wshub::base
