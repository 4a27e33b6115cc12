// Time as the hub sees it. Everything that waits takes a Clock, so that tests can turn the hands themselves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace wshub::base {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
using std::chrono::milliseconds;

// Any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual SteadyTime steady() const = 0;
    virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
public:
    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
    WallTime wall() const override {
        return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    }
};

// Stands still until it is moved. Starts at 2023-11-14T22:13:20Z.
class ManualClock final : public Clock {
public:
    SteadyTime steady() const override { return SteadyTime(milliseconds(3'600'000 + passed_.load())); }
    WallTime wall() const override { return WallTime(milliseconds(1'700'000'000'000 + passed_.load())); }
    void advance(milliseconds by) { passed_ += by.count(); }

private:
    std::atomic<std::int64_t> passed_{0};
};

// "2023-06-15T12:34:56.789Z": UTC, ISO 8601, milliseconds.
std::string iso8601_millis(WallTime time);

// "2026-02-20T12:00:00": UTC, ISO 8601, without zone or fraction.
std::string iso8601_seconds(WallTime time);

}  // namespace wshub::base
