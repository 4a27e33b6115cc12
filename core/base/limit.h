// A limit as its operator meets it: how often clients went above it, and whether it holds or is only tried out
// ([limits] dry_run). Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log_limit.h"
#include "base/metrics.h"

namespace wshub::base {

enum class LimitMode : bool {
    kEnforced,
    kDryRun,  // counts apart and says in the log what it would have refused, at most once a second
};

class Limit {
public:
    // `name` as in [limits] dry_run and the label of the metric.
    Limit(Metrics& metrics, std::string_view name, LimitMode mode);

    // Somebody at this address has gone above it. True: refuse.
    bool refuses(SteadyTime now, std::string_view remote) const;

private:
    const std::string name_;
    const LimitMode mode_;
    Counter* const met_;
    mutable LogLimit said_;
};

}  // namespace wshub::base
