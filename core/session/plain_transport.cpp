#include "session/plain_transport.h"

#include <optional>
#include <span>

namespace wshub::session {
namespace {

// Nothing: it was the client that left.
std::optional<protocol::CloseCode> close_code_for(CloseReason reason) {
    switch (reason) {
        case CloseReason::kServerShuttingDown: return protocol::CloseCode::kGoingAway;
        case CloseReason::kPingTimeout:
        case CloseReason::kRateLimit:
        case CloseReason::kConnectTimeout:
        case CloseReason::kQueueFull: return protocol::CloseCode::kPolicyViolation;
        case CloseReason::kTooBig: return protocol::CloseCode::kTooBig;
        case CloseReason::kOverload: return protocol::CloseCode::kTryAgainLater;
        case CloseReason::kTransportError:
        case CloseReason::kParseError: return protocol::CloseCode::kProtocolError;
        case CloseReason::kServerForced: return protocol::CloseCode::kNormal;
        case CloseReason::kTransportClose:
        case CloseReason::kForcedClose: break;
    }
    return std::nullopt;
}

}  // namespace

const protocol::PacketRef& PlainTransport::ping_packet() const {
    static const protocol::PacketRef packet = control_frame(protocol::Opcode::kPing, {});
    return packet;
}

// Where the client broke the rules of WebSocket, or said goodbye itself, the code is known already.
void PlainTransport::ends_for(CloseReason reason) {
    if (!close_code_) close_code_ = close_code_for(reason);
}

void PlainTransport::say_at_close(protocol::CloseCode code, std::string_view reason) {
    if (parting()) return;
    close_code_ = code;
    close_text_ = reason;
}

std::string PlainTransport::goodbye() const {
    return protocol::close_frame(close_code_, close_text_);
}

void PlainTransport::on_text(std::span<char> text) {
    owner_->on_packet(*this, protocol::EngineType::kMessage, text);
}

void PlainTransport::on_pong() {
    owner_->on_packet(*this, protocol::EngineType::kPong, {});
}

}  // namespace wshub::session
