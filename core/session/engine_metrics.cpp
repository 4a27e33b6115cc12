#include "session/engine_metrics.h"

#include <string>

namespace wshub::session {
namespace {

std::string label(std::string_view name, std::string_view value) {
    return std::string(name) + "=\"" + std::string(value) + '"';
}

}  // namespace

EngineMetrics::EngineMetrics(base::Metrics& metrics)
    : packets_in(metrics.counter("wshub_packets_in_total", "Engine.IO packets received from clients")),
      packets_out(
          metrics.counter("wshub_packets_out_total", "Engine.IO packets sent to clients, WebSocket pongs included")),
      bytes_in(metrics.counter("wshub_bytes_in_total", "Bytes received in WebSocket frames and bodies of polling")),
      bytes_out(metrics.counter("wshub_bytes_out_total", "Bytes sent in WebSocket frames and bodies of polling")) {
    for (const TransportKind kind : {TransportKind::kPolling, TransportKind::kWebSocket}) {
        const auto at = static_cast<std::size_t>(kind);
        const std::string labels = label("transport", transport_name(kind));
        sessions[at] = metrics.gauge("wshub_sessions", "Open sessions by the transport that carries them", labels);
        handshakes[at] = metrics.counter("wshub_handshakes_total", "Sessions opened", labels);
    }
    constexpr std::string_view kResults[kUpgradeResults] = {"done", "timeout", "failed"};
    for (std::size_t i = 0; i < kUpgradeResults; ++i)
        upgrades[i] = metrics.counter("wshub_upgrades_total", "Attempts to move a session from polling to WebSocket",
                                      label("result", kResults[i]));
    for (std::size_t i = 0; i < kCloseReasons; ++i)
        closes[i] = metrics.counter("wshub_session_closes_total", "Sessions closed",
                                    label("reason", close_reason_name(static_cast<CloseReason>(i))));
    for (std::size_t i = 0; i < kEngineErrors; ++i)
        errors[i] = metrics.counter("wshub_engine_errors_total", "Requests answered with an Engine.IO error",
                                    label("code", std::to_string(i)));
}

QueuedBytes::QueuedBytes(base::Metrics& metrics, unsigned loop)
    : gauge_(metrics.gauge("wshub_queued_bytes", "Bytes that wait to be sent to clients",
                           label("loop", std::to_string(loop)))) {}

}  // namespace wshub::session
