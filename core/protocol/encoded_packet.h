// One Engine.IO packet ready to be sent, encoded once and shared by everybody who gets it. Immutable; any thread.
//
// It is laid out as an unmasked WebSocket frame; what polling sends is the same bytes without the frame's header
// (text), or those bytes in base64 (binary). A packet of usual size is one allocation, its bytes included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wshub::protocol {

class EncodedPacket;
using PacketRef = std::shared_ptr<const EncodedPacket>;

class EncodedPacket {
public:
    // `payload` is the packet as it stands in a text frame, type digit first.
    static PacketRef text(std::string_view payload);
    // A binary Engine.IO message: the bytes alone.
    static PacketRef binary(std::string_view bytes);
    // A control frame of WebSocket, whole: over WebSocket only.
    static PacketRef control(std::string_view frame);

    // Builds a packet in place, where text() would take a payload that was put together elsewhere.
    class Builder;

    std::string_view frame() const { return frame_; }
    std::string_view payload() const { return frame_.substr(payload_at_); }
    bool is_binary() const { return binary_; }
    // Bytes that the packet takes in a polling payload, the separator not counted.
    std::size_t polling_size() const;
    void append_polling(std::string& out) const;

private:
    struct Layout;  // only we make packets, though by way of shared_ptr

public:
    EncodedPacket(const Layout& layout, char* tail);

private:
    static PacketRef make(const Layout& layout);

    std::unique_ptr<const std::string> large_;  // what the frame lies in, if not behind the packet
    std::string_view frame_;
    std::uint8_t payload_at_;
    bool binary_;
};

// One thread.
class EncodedPacket::Builder {
public:
    // The size is a guess that saves growing.
    explicit Builder(std::size_t payload_size);
    ~Builder();
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;

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
