#include "session/engine_metrics.h"

#include <string>

namespace wshub::session {
namespace {

std::string label(std::string_view name, std::string_view value) {
    return std::string(name) + "=\"" + std::string(value) + '"';
}

std::string join(std::string own, std::string_view engine) {
    if (!engine.empty()) own.append(",").append(engine);
    return own;
}

}  // namespace

EngineMetrics::EngineMetrics(base::Metrics& metrics, std::string_view engine)
    : packets_in(metrics.counter("wshub_packets_in_total", "Engine.IO packets received from clients", engine)),
      packets_out(metrics.counter("wshub_packets_out_total",
                                  "Engine.IO packets sent to clients, WebSocket pongs included", engine)),
      packets_dropped(metrics.counter("wshub_packets_dropped_total",
                                      "Engine.IO packets that waited for clients which were dropped for not reading",
                                      engine)),
      bytes_in(
          metrics.counter("wshub_bytes_in_total", "Bytes received in WebSocket frames and bodies of polling", engine)),
      bytes_out(
          metrics.counter("wshub_bytes_out_total", "Bytes sent in WebSocket frames and bodies of polling", engine)) {
    for (const TransportKind kind : {TransportKind::kPolling, TransportKind::kWebSocket}) {
        const auto at = static_cast<std::size_t>(kind);
        const std::string labels = join(label("transport", transport_name(kind)), engine);
        sessions[at] = metrics.gauge("wshub_sessions", "Open sessions by the transport that carries them", labels);
        handshakes[at] = metrics.counter("wshub_handshakes_total", "Sessions opened", labels);
    }
    constexpr std::string_view kResults[kUpgradeResults] = {"done", "timeout", "failed"};
    for (std::size_t i = 0; i < kUpgradeResults; ++i)
        upgrades[i] = metrics.counter("wshub_upgrades_total", "Attempts to move a session from polling to WebSocket",
                                      join(label("result", kResults[i]), engine));
    for (std::size_t i = 0; i < kCloseReasons; ++i)
        closes[i] = metrics.counter("wshub_session_closes_total", "Sessions closed",
                                    join(label("reason", close_reason_name(static_cast<CloseReason>(i))), engine));
    for (std::size_t i = 0; i < kEngineErrors; ++i)
        errors[i] = metrics.counter("wshub_engine_errors_total", "Requests answered with an Engine.IO error",
                                    join(label("code", std::to_string(i)), engine));
}

QueuedBytes::QueuedBytes(base::Metrics& metrics, unsigned loop, std::string_view engine)
    : gauge_(metrics.gauge("wshub_queued_bytes", "Bytes that wait to be sent to clients",
                           join(label("loop", std::to_string(loop)), engine))) {}

}  // namespace wshub::session
