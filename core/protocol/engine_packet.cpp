#include "protocol/engine_packet.h"

#include "protocol/json_scan.h"

namespace wshub::protocol {

base::Result<EnginePacket, EngineError> decode_engine_text(std::string_view packet) {
    if (packet.empty()) return base::Failure<EngineError>(EngineError::kEmpty);
    const char type = packet.front();
    if (type < '0' || type > '6') return base::Failure<EngineError>(EngineError::kUnknownType);
    return EnginePacket{static_cast<EngineType>(type - '0'), packet.substr(1), false};
}

base::Result<EnginePacket, EngineError> PayloadReader::next() {
    const std::size_t end = rest_.find(kPayloadSeparator);
    const std::string_view packet = rest_.substr(0, end);
    done_ = end == std::string_view::npos;
    rest_.remove_prefix(done_ ? rest_.size() : end + 1);
    if (!packet.empty() && packet.front() == 'b') return EnginePacket{EngineType::kMessage, packet.substr(1), true};
    return decode_engine_text(packet);
}

std::string encode_open(const OpenPacket& open) {
    std::string text = "0{\"sid\":";
    append_quoted(text, open.sid);
    text += open.offer_websocket ? ",\"upgrades\":[\"websocket\"]" : ",\"upgrades\":[]";
    text += ",\"pingInterval\":" + std::to_string(open.ping_interval_ms);
    text += ",\"pingTimeout\":" + std::to_string(open.ping_timeout_ms);
    text += ",\"maxPayload\":" + std::to_string(open.max_payload);
    text += '}';
    return text;
}

}  // namespace wshub::protocol
