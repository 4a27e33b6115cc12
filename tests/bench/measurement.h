// A stretch of a run in which operations are counted and the server's CPU time is taken: what one operation costs.
#pragma once

#include <string>
#include <string_view>

#include "loop.h"
#include "process_probe.h"
#include "report.h"

namespace wshub::bench {

class Measurement {
public:
    explicit Measurement(const ProcessProbe& server) : server_(server) {}

    // `count`: how many operations there were before.
    void begin(std::uint64_t count);
    bool begun() const { return begun_; }
    void end(std::uint64_t count);

    // Count, rate and cost under names made of `operation` ("echo") and its plural.
    void add_to(Report& report, std::string_view operation, std::string_view plural) const;

private:
    struct Sample {
        TimePoint at{};
        std::uint64_t count = 0;
        ProcessUsage server;
        std::chrono::duration<double> own_cpu{0};
    };
    Sample sample(std::uint64_t count) const;

    const ProcessProbe& server_;
    bool begun_ = false;
    Sample from_;
    Sample to_;
};

}  // namespace wshub::bench
