#include "protocol/websocket.h"

#include <Poco/SHA1Engine.h>

#include "protocol/base64.h"

namespace wshub::protocol {
namespace {

// Section 1.3.
constexpr std::string_view kHandshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kMaxControlPayload = 125;

// `text` up to `most` bytes, cut between characters.
std::string_view cut_utf8(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

}  // namespace

std::optional<std::string> websocket_accept(std::string_view key) {
    // With its padding: what is shorter decodes too, but is not what section 4.1 asks for.
    if (key.size() != base64_size(kKeyBytes)) return std::nullopt;
    const auto bytes = decode_base64(key);
    if (!bytes || bytes->size() != kKeyBytes) return std::nullopt;

    Poco::SHA1Engine sha1;
    sha1.update(key.data(), key.size());
    sha1.update(kHandshakeGuid.data(), kHandshakeGuid.size());
    const Poco::DigestEngine::Digest& digest = sha1.digest();
    std::string accept;
    append_base64(accept, {reinterpret_cast<const char*>(digest.data()), digest.size()});
    return accept;
}

std::string frame_header(Opcode opcode, std::size_t payload_size) {
    constexpr unsigned kFin = 0x80;
    std::string header(1, static_cast<char>(kFin | static_cast<unsigned>(opcode)));
    const auto append_length = [&](char marker, unsigned bytes) {
        header += marker;
        for (unsigned shift = bytes * 8; shift != 0; shift -= 8)
            header += static_cast<char>(static_cast<std::uint64_t>(payload_size) >> (shift - 8) & 0xff);
    };
    if (payload_size < 126) {
        header += static_cast<char>(payload_size);
    } else if (payload_size <= 0xffff) {
        append_length(126, 2);
    } else {
        append_length(127, 8);
    }
    return header;
}

std::string close_frame(std::optional<CloseCode> code, std::string_view reason) {
    if (!code) return frame_header(Opcode::kClose, 0);
    reason = cut_utf8(reason, kMaxControlPayload - 2);
    std::string frame = frame_header(Opcode::kClose, 2 + reason.size());
    frame += static_cast<char>(static_cast<unsigned>(*code) >> 8);
    frame += static_cast<char>(static_cast<unsigned>(*code) & 0xff);
    frame += reason;
    return frame;
}

}  // namespace wshub::protocol
