// Socket.IO packets: what is decoded can be encoded, and means the same when it is decoded again.
#include "protocol/socket_packet.h"

#include <string>

#include "fuzz.h"
#include "protocol/utf8.h"

using namespace wshub::protocol;

namespace {

EncodedMessage encode(const SocketPacket& packet) {
    const std::vector<std::string_view> attachments(packet.attachments, "bytes");
    const bool event = packet.type == SocketType::kEvent || packet.type == SocketType::kBinaryEvent;
    auto message = event
                       ? encode_event(packet.nsp, event_name(packet.name_json), packet.args, packet.ack_id, attachments)
                       : encode_ack(packet.nsp, packet.ack_id.value(), packet.json, attachments);
    fuzz::check(message.has_value() && message->size() <= 1 + packet.attachments);
    return *message;
}

void check_round_trip(const SocketPacket& packet) {
    const EncodedMessage message = encode(packet);
    std::string text(message.front()->payload().substr(1));
    const auto again = decode_socket_packet(text);
    fuzz::check(again && again->nsp == packet.nsp && again->ack_id == packet.ack_id);
    fuzz::check(again->attachments + 1 == message.size());
    if (!packet.name_json.empty()) fuzz::check(event_name(again->name_json) == event_name(packet.name_json));
    if (packet.attachments == 0) fuzz::check(again->json == packet.json && again->args == packet.args);
    fuzz::check(encode(*again).front()->payload() == message.front()->payload());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string text(fuzz::as_text(data, size));
    const auto packet = decode_socket_packet(text);
    if (!packet) return 0;
    fuzz::check(is_utf8(packet->nsp) && is_utf8(packet->args) && is_utf8(packet->json));
    const bool answers = packet->type == SocketType::kConnect || packet->type == SocketType::kDisconnect ||
                         packet->type == SocketType::kConnectError;
    if (answers) {
        std::string refusal(encode_connect_error(packet->nsp, "no", packet->json)->payload().substr(1));
        fuzz::check(decode_socket_packet(refusal).has_value());
    } else {
        check_round_trip(*packet);
    }
    return 0;
}
