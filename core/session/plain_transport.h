// WebSocket without Engine.IO: messages as they are, the server's pings as frames, and close codes that say why.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "session/websocket_transport.h"

namespace wshub::session {

class PlainTransport final : public WebSocketTransport {
public:
    PlainTransport(TransportOwner& owner, LoopContext& context, std::unique_ptr<net::Stream> stream)
        : WebSocketTransport(owner, context, std::move(stream), Binary::kFrames) {}

    const protocol::PacketRef& ping_packet() const override;
    void ends_for(CloseReason reason) override;
    void say_at_close(protocol::CloseCode code, std::string_view reason) override;

private:
    void on_text(std::span<char> text) override;
    void on_pong() override;
    std::string goodbye() const override;

    std::string close_text_;
};

}  // namespace wshub::session
