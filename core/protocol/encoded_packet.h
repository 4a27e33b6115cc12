// One Engine.IO packet ready to be sent, encoded once and shared by everybody who gets it. Immutable; any thread.
//
// It is laid out as an unmasked WebSocket frame; what polling sends is the same bytes without the frame's header
// (text), or those bytes in base64 (binary).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wshub::protocol {

class EncodedPacket {
public:
    // `payload` is the packet as it stands in a text frame, type digit first.
    static std::shared_ptr<const EncodedPacket> text(std::string_view payload);
    // A binary Engine.IO message: the bytes alone.
    static std::shared_ptr<const EncodedPacket> binary(std::string_view bytes);

    // Opens a text frame for `payload_size` bytes that the caller appends to `frame()` before anybody else sees it;
    // spares a copy.
    class Builder;

    std::string_view frame() const { return frame_; }
    std::string_view payload() const { return std::string_view(frame_).substr(header_size_); }
    bool is_binary() const { return binary_; }
    // Bytes that the packet takes in a polling payload, the separator not counted.
    std::size_t polling_size() const;
    void append_polling(std::string& out) const;

    EncodedPacket(std::string frame, std::size_t header_size, bool binary)
        : frame_(std::move(frame)), header_size_(static_cast<std::uint8_t>(header_size)), binary_(binary) {}

private:
    std::string frame_;
    std::uint8_t header_size_;
    bool binary_;
};

using PacketRef = std::shared_ptr<const EncodedPacket>;

}  // namespace wshub::protocol
