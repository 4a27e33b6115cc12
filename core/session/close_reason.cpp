#include "session/session.h"

namespace wshub::session {

std::string_view close_reason_text(CloseReason reason) {
    // Where Node has no reason of its own it says what the socket says, so that handlers written for Node know it.
    switch (reason) {
        case CloseReason::kTransportClose: return "transport close";
        case CloseReason::kTransportError: return "transport error";
        case CloseReason::kPingTimeout: return "ping timeout";
        case CloseReason::kParseError: return "parse error";
        case CloseReason::kForcedClose: return "forced close";
        case CloseReason::kServerForced: return "forced server close";
        case CloseReason::kServerShuttingDown: return "server shutting down";
        case CloseReason::kTooBig: return "transport error";
        case CloseReason::kQueueFull: return "transport error";
        case CloseReason::kRateLimit: return "forced server close";
        case CloseReason::kConnectTimeout: return "forced server close";
        case CloseReason::kOverload: return "transport error";
    }
    return "transport error";
}

std::string_view close_reason_name(CloseReason reason) {
    switch (reason) {
        case CloseReason::kTransportClose: return "transport_close";
        case CloseReason::kTransportError: return "transport_error";
        case CloseReason::kPingTimeout: return "ping_timeout";
        case CloseReason::kParseError: return "parse_error";
        case CloseReason::kForcedClose: return "forced_close";
        case CloseReason::kServerForced: return "server_forced";
        case CloseReason::kServerShuttingDown: return "server_shutting_down";
        case CloseReason::kTooBig: return "too_big";
        case CloseReason::kQueueFull: return "queue_full";
        case CloseReason::kRateLimit: return "rate_limit";
        case CloseReason::kConnectTimeout: return "connect_timeout";
        case CloseReason::kOverload: return "overload";
    }
    return "unknown";
}

std::string_view transport_name(TransportKind kind) {
    return kind == TransportKind::kPolling ? "polling" : "websocket";
}

}  // namespace wshub::session
