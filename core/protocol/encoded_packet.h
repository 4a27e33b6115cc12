// One Engine.IO packet ready to be sent, encoded once and shared by everybody who gets it. Immutable; any thread.
//
// It is laid out as an unmasked WebSocket frame; what polling sends is the same bytes without the frame's header
// (text), or those bytes in base64 (binary).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wshub::protocol {

class EncodedPacket {
public:
    // `payload` is the packet as it stands in a text frame, type digit first.
    static std::shared_ptr<const EncodedPacket> text(std::string_view payload);
    // A binary Engine.IO message: the bytes alone.
    static std::shared_ptr<const EncodedPacket> binary(std::string_view bytes);

    // Builds a packet in place, where text() would copy a payload that was put together elsewhere.
    class Builder;

    std::string_view frame() const { return std::string_view(bytes_).substr(frame_at_); }
    std::string_view payload() const { return std::string_view(bytes_).substr(kHeaderRoom); }
    bool is_binary() const { return binary_; }
    // Bytes that the packet takes in a polling payload, the separator not counted.
    std::size_t polling_size() const;
    void append_polling(std::string& out) const;

    // For Builder, through make_shared.
    EncodedPacket(std::string bytes, std::size_t frame_at, bool binary)
        : bytes_(std::move(bytes)), frame_at_(static_cast<std::uint8_t>(frame_at)), binary_(binary) {}

private:
    // The longest header of an unmasked frame. Shorter ones stand at the end of this room, so that the payload can be
    // written before its size is known.
    static constexpr std::size_t kHeaderRoom = 10;

    std::string bytes_;
    std::uint8_t frame_at_;
    bool binary_;
};

using PacketRef = std::shared_ptr<const EncodedPacket>;

class EncodedPacket::Builder {
public:
    // The size is a guess that saves growing.
    explicit Builder(std::size_t payload_size) {
        bytes_.reserve(kHeaderRoom + payload_size);
        bytes_.assign(kHeaderRoom, '\0');
    }
    // Append the payload to it; leave alone what is in it.
    std::string& bytes() { return bytes_; }
    // Once.
    PacketRef text() { return finish(false); }
    PacketRef binary() { return finish(true); }

private:
    PacketRef finish(bool binary);

    std::string bytes_;
};

}  // namespace wshub::protocol
