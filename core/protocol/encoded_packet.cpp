#include "protocol/encoded_packet.h"

#include "protocol/base64.h"
#include "protocol/websocket.h"

namespace wshub::protocol {

PacketRef EncodedPacket::text(std::string_view payload) {
    Builder builder(payload.size());
    builder.bytes() += payload;
    return builder.text();
}

PacketRef EncodedPacket::binary(std::string_view bytes) {
    Builder builder(bytes.size());
    builder.bytes() += bytes;
    return builder.binary();
}

std::size_t EncodedPacket::polling_size() const {
    return binary_ ? 1 + base64_size(payload().size()) : payload().size();
}

void EncodedPacket::append_polling(std::string& out) const {
    if (!binary_) {
        out += payload();
        return;
    }
    out += 'b';
    append_base64(out, payload());
}

PacketRef EncodedPacket::Builder::finish(bool binary) {
    const std::string header =
        frame_header(binary ? Opcode::kBinary : Opcode::kText, bytes_.size() - EncodedPacket::kHeaderRoom);
    const std::size_t frame_at = kHeaderRoom - header.size();
    header.copy(bytes_.data() + frame_at, header.size());
    return std::make_shared<const EncodedPacket>(std::move(bytes_), frame_at, binary);
}

}  // namespace wshub::protocol
