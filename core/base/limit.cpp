#include "base/limit.h"

#include "base/log.h"

namespace wshub::base {
namespace {

Counter* counter_of(Metrics& metrics, std::string_view name, LimitMode mode) {
    const std::string label = "limit=\"" + std::string(name) + '"';
    if (mode == LimitMode::kEnforced)
        return metrics.counter("wshub_limited_total", "How often a limit refused or held up what a client did.", label);
    return metrics.counter("wshub_limited_dry_run_total",
                           "How often a limit in dry-run would have refused or held up what a client did.", label);
}

}  // namespace

Limit::Limit(Metrics& metrics, std::string_view name, LimitMode mode)
    : name_(name), mode_(mode), met_(counter_of(metrics, name, mode)) {}

bool Limit::refuses(SteadyTime now, std::string_view remote) const {
    met_->add();
    if (mode_ == LimitMode::kEnforced) return true;
    if (const auto left_out = said_.take(now))
        log::info("limit met in dry-run, nothing is refused limit={} remote={} left_out={}", name_, remote, *left_out);
    return false;
}

}  // namespace wshub::base
