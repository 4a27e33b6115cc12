// SIGTERM and SIGINT as a request to stop: the first is waited for, a second one ends the process at once with
// 128 + its number. SIGHUP as a request to read the configuration again, and SIGUSR1 as one to open the log file anew,
// as often as they come. One object in a process, before it starts threads; main thread.
#pragma once

#include <signal.h>

#include <optional>

#include "base/clock.h"

namespace wshub::server {

class StopSignals {
public:
    // From now on the signals end nothing by themselves. Throws std::system_error.
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // Sleeps until one has come (also one that came before), and gives its number: a stop signal again each time,
    // SIGHUP and SIGUSR1 once for all of the kind that came until then.
    int wait();
    // The same, but gives up after that time.
    std::optional<int> wait_for(base::milliseconds patience);
};

// While it lives, threads that are started do not get stop signals: they land on threads that were there before.
class WithoutStopSignals {
public:
    WithoutStopSignals();
    ~WithoutStopSignals();
    WithoutStopSignals(const WithoutStopSignals&) = delete;
    WithoutStopSignals& operator=(const WithoutStopSignals&) = delete;

private:
    sigset_t before_;
};

}  // namespace wshub::server
