// WebSocket (RFC 6455): the opening handshake's key, frames in, frames out. No extensions. The server's side.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1        section 5.2
//   +-+-+-+-+-------+-+-------------+-------------------------------+
//   |F|R|R|R| opcode|M| Payload len | Extended payload length (16/64)|
//   +-+-+-+-+-------+-+-------------+-------------------------------+
//   | Masking-key (client to server: always)    |  Payload data ...  |
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/utf8.h"

namespace wshub::protocol {

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Section 7.4.1; what we may send, and what decoders report.
enum class CloseCode : std::uint16_t {
    kNormal = 1000,
    kGoingAway = 1001,
    kProtocolError = 1002,
    kInvalidPayload = 1007,
    kPolicyViolation = 1008,
    kTooBig = 1009,
    kInternalError = 1011,
    kServiceRestart = 1012,
    kTryAgainLater = 1013,
};

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2). Nothing if the key is not 16 bytes in base64.
std::optional<std::string> websocket_accept(std::string_view key);

// 2, 4 or 10 bytes, FIN set, never masked. The shortest form that can hold the length.
std::string frame_header(Opcode opcode, std::size_t payload_size);
// A whole close frame. Without a code: an empty one (the client sees 1005).
std::string close_frame(std::optional<CloseCode> code = std::nullopt, std::string_view reason = {});

// A message or a control frame, whole. `payload` is unmasked, ours to change, and valid until the next call of next()
// or the end of the buffer it was cut from. That of a close frame begins with the two bytes of its code.
struct WebSocketMessage {
    Opcode opcode = Opcode::kText;  // kText, kBinary, kClose, kPing or kPong
    std::span<char> payload;
};

// Cuts a client's byte stream into messages: unmasks, joins fragments, checks text as UTF-8 while it arrives, refuses
// what the RFC forbids. Memory is bounded by max_message, however many fragments come, and grows with the bytes that
// came, not with those announced; nothing is kept while nothing is half read.
class MessageReader {
public:
    explicit MessageReader(std::size_t max_message);
    ~MessageReader();
    MessageReader(MessageReader&&) noexcept;
    MessageReader& operator=(MessageReader&&) noexcept;

    // Takes from the front of `in` (and changes those bytes: it unmasks in place where a frame lies there whole). A
    // message if one is whole, nothing if more bytes are needed (then `in` is empty), or the code to close with:
    // kProtocolError, kInvalidPayload (text that is not UTF-8), or kTooBig as soon as a header announces too much.
    // After an error: no more calls. Call it until it gives nothing: that call lets go of the last message's memory.
    base::Result<std::optional<WebSocketMessage>, CloseCode> next(std::span<char>& in);

    // Bytes of a message that has begun and is not whole.
    std::size_t held() const { return partial_ ? partial_size() : 0; }

    // The client's close code once a kClose message came; nothing if it sent none.
    std::optional<std::uint16_t> peer_close_code() const { return peer_close_code_; }

private:
    using Outcome = base::Result<std::optional<WebSocketMessage>, CloseCode>;
    // Half-read state lives apart, so that an idle connection pays one pointer for it.
    struct Partial;

    std::size_t partial_size() const;
    Outcome whole_frame(Opcode opcode, std::span<char> payload);
    Outcome go_on(std::span<char>& in);
    base::Result<bool, CloseCode> read_header(std::span<char>& in);
    base::Result<bool, CloseCode> read_payload(std::span<char>& in);
    Outcome end_of_frame();
    base::Result<bool, CloseCode> take_close_code(std::span<const char> payload);

    std::size_t max_message_;
    std::optional<std::uint16_t> peer_close_code_;
    std::unique_ptr<Partial> partial_;
};

}  // namespace wshub::protocol
