#include "hub/core.h"

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
      acks_out(metrics.counter("wshub_acks_out_total", "Acknowledgements given to clients.")) {}

Core::~Core() = default;

std::string_view Core::checked_json(std::string_view text, char opening) const {
    const auto value = protocol::scan_document(text, settings.limits.max_json_depth + kWrappingDepth);
    if (!value || (opening != '\0' && value->front() != opening)) return {};
    return *value;
}

}  // namespace wshub::hub
