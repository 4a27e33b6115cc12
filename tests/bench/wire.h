// The client's side of the two wires, as bytes: WebSocket frames (RFC 6455) and HTTP/1.1 answers (RFC 9112). Written
// apart from core/protocol on purpose, so that a mistake there cannot hide behind the same mistake here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wshub::bench {

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// One whole frame, masked with `key` as a client must.
void append_masked_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t key);

// The handshake's key and the answer that belongs to it: the RFC's own example (section 1.3).
inline constexpr std::string_view kWebSocketKey = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view kWebSocketAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// Cuts a server's bytes into messages.
class FrameReader {
public:
    // Takes all of `bytes`. Calls `on_message(opcode, payload)` for each whole message or control frame; that says
    // false to stop there. False if the server broke the protocol.
    template <class F>
    bool feed(std::string_view bytes, F&& on_message);

private:
    struct Frame {
        bool fin = false;
        Opcode opcode = Opcode::kText;
        std::string_view payload;
        std::size_t size = 0;  // header included
    };
    enum class Cut : std::uint8_t { kWhole, kPartial, kBroken };
    static Cut cut(std::string_view bytes, Frame& frame);

    std::string rest_;       // of a frame that has not come whole
    std::string fragments_;  // of a message that has not come whole
    std::optional<Opcode> fragmented_;
};

struct HttpAnswer {
    int status = 0;
    bool keep_alive = true;
    std::string_view head;
    std::string_view body;
};

// Cuts a server's bytes into answers. Bodies must have a Content-Length, as Engine.IO's have.
class HttpReader {
public:
    enum class Step : std::uint8_t { kNeedMore, kAnswer, kBroken };
    // Takes all of `bytes`; `answer` is valid until the next call. At most one answer is expected at a time: bytes
    // behind it stay in rest().
    Step feed(std::string_view bytes, HttpAnswer& answer);
    std::string_view rest() const { return std::string_view(buffer_).substr(taken_); }

private:
    std::string buffer_;
    std::size_t taken_ = 0;  // of the buffer, by the answer given last
};

// The value of a header in an answer's head, without white space around it; the name's case does not matter.
std::optional<std::string_view> header_value(std::string_view head, std::string_view name);

template <class F>
bool FrameReader::feed(std::string_view bytes, F&& on_message) {
    // Mostly whole frames come, and are handed out where they lie.
    const bool joined = !rest_.empty();
    if (joined) rest_.append(bytes);
    const std::string_view all = joined ? std::string_view(rest_) : bytes;
    std::size_t used = 0;
    while (used < all.size()) {
        Frame frame;
        const Cut result = cut(all.substr(used), frame);
        if (result == Cut::kBroken) return false;
        if (result == Cut::kPartial) break;
        used += frame.size;
        const bool control = (static_cast<unsigned>(frame.opcode) & 8U) != 0;
        if (control || (frame.fin && frame.opcode != Opcode::kContinuation)) {
            if (!control && fragmented_) return false;
            if (!on_message(frame.opcode, frame.payload)) return true;
            continue;
        }
        if ((frame.opcode == Opcode::kContinuation) != fragmented_.has_value()) return false;
        if (!fragmented_) fragmented_ = frame.opcode;
        fragments_.append(frame.payload);
        if (!frame.fin) continue;
        const Opcode opcode = *fragmented_;
        const std::string message = std::move(fragments_);
        fragments_.clear();
        fragmented_.reset();
        if (!on_message(opcode, message)) return true;
    }
    if (joined) {
        rest_.erase(0, used);
    } else {
        rest_.assign(bytes.substr(used));
    }
    return true;
}

}  // namespace wshub::bench
