// WebSocket: one Engine.IO packet to a message. Frames go out from the shared packets themselves, all of a turn in one
// gathered write.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/stream.h"
#include "protocol/ip_address.h"
#include "protocol/websocket.h"
#include "session/transport.h"

namespace wshub::session {

class WebSocketTransport : public Transport, public net::StreamHandler {
public:
    enum class Binary : std::uint8_t {
        kFrames,
        kBase64,  // as text, for clients that asked for it (b64)
    };

    WebSocketTransport(TransportOwner& owner, LoopContext& context, std::unique_ptr<net::Stream> stream, Binary binary);

    ~WebSocketTransport() override { release_half(); }

    TransportKind kind() const override { return TransportKind::kWebSocket; }
    bool ready() const override { return !blocked_; }
    void relieve() override;
    void pause() override;
    void resume() override;

    // Sends what another transport did not, behind what it has itself.
    void take_over(SendQueue queue);

    void on_bytes(std::span<char> bytes) override;
    void on_writable() override;
    void on_end(net::StreamEnd end) override;

    void flush() override;

protected:
    // A control frame that can stand in the queue. It has a frame only: no payload may be asked of it.
    static protocol::PacketRef control_frame(protocol::Opcode opcode, std::span<const char> payload);
    // What the client gets last.
    virtual std::string goodbye() const { return protocol::close_frame(close_code_); }

    std::optional<protocol::CloseCode> close_code_;

private:
    void enqueue(protocol::PacketRef packet) override;
    void on_message(const protocol::WebSocketMessage& message);
    virtual void on_text(std::span<char> text);
    virtual void on_pong() {}
    void on_ping(std::span<const char> payload);
    void on_violation(protocol::CloseCode code);
    void account_half();
    void release_half();
    void write_queue();
    void finish();

    std::unique_ptr<net::Stream> stream_;
    protocol::MessageReader reader_;
    protocol::PacketRef pong_;
    // What is counted of a message that is not whole, and for whom; null for small ones.
    struct Half {
        protocol::IpAddress site;
        std::size_t bytes = 0;
    };
    std::unique_ptr<Half> half_;
    Binary binary_;
    bool blocked_ = false;  // the stream took less than it was given
};

}  // namespace wshub::session
