#include "hub/core.h"

#include <algorithm>
#include <string>

#include "hub/shard.h"
#include "protocol/json_scan.h"

namespace wshub::hub {

Figures::Figures(base::Metrics& metrics)
    : connects_accepted(metrics.counter("wshub_connects_total", "CONNECT packets of clients, by what became of them.",
                                        "result=\"accepted\"")),
      connects_refused(metrics.counter("wshub_connects_total", "", "result=\"refused\"")),
      events_in(metrics.counter("wshub_events_in_total", "Events that clients sent.")),
      events_out(metrics.counter("wshub_events_out_total", "Events sent to clients, each receiver counted.")),
      acks_in(metrics.counter("wshub_acks_in_total", "Acknowledgements that clients gave and somebody waited for.")),
      acks_out(metrics.counter("wshub_acks_out_total", "Acknowledgements given to clients.")),
      volatile_lost(metrics.counter("wshub_volatile_lost_total",
                                    "Volatile events not sent since their receiver could not take them at once, each "
                                    "receiver counted.")),
      errors(metrics) {}

ErrorFigures::ErrorFigures(base::Metrics& metrics) {
    std::transform(kCodes.begin(), kCodes.end(), counters_.begin(), [&metrics](std::string_view code) {
        return metrics.counter("wshub_errors_total", "Events of clients that were refused or failed, by error code.",
                               "code=\"" + std::string(code) + '"');
    });
}

void ErrorFigures::count(std::string_view code) const {
    const auto known = std::find(kCodes.begin(), kCodes.end() - 1, code);
    counters_[static_cast<std::size_t>(known - kCodes.begin())]->add();
}

Core::~Core() = default;

std::string_view Core::checked_json(std::string_view text, char opening) const {
    const auto value = protocol::scan_document(text, settings.limits.max_json_depth + kWrappingDepth);
    if (!value || (opening != '\0' && value->front() != opening)) return {};
    return *value;
}

}  // namespace wshub::hub
