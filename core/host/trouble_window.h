// Tells when something went wrong too often within a span of time.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "base/clock.h"

namespace wshub::host {

// When a plugin is not called any more.
struct Quarantine {
    bool on = false;
    std::size_t limit = 50;  // failures and slow handlers
    base::milliseconds window{10'000};
};

// Any thread.
class TroubleWindow {
public:
    explicit TroubleWindow(const Quarantine& quarantine);

    // True: with this one, the limit is reached within the window.
    bool add(base::SteadyTime now);

private:
    const Quarantine quarantine_;
    std::mutex mutex_;
    std::vector<base::SteadyTime> last_;  // the last ones, as many as the limit; a ring
    std::size_t next_ = 0;
};

}  // namespace wshub::host
