// What wshub_load can do. Each mode opens its clients, measures for a bounded time, closes them, and adds its figures
// to the report.
#pragma once

#include "loop.h"
#include "options.h"
#include "process_probe.h"
#include "report.h"

namespace wshub::bench {

struct Run {
    Loop& loop;
    const Options& options;
    const ProcessProbe& server;
    Report& report;
};

// Each: true if all clients stayed and everything arrived as it should.
bool run_connect(const Run& run);
bool run_idle(const Run& run);
bool run_echo(const Run& run);
bool run_flow(const Run& run);  // fan-out and rooms
bool run_slow(const Run& run);

}  // namespace wshub::bench
