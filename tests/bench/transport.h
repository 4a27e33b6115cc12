// How Engine.IO packets reach the server: one interface, two ways.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "loop.h"

namespace wshub::bench {

enum class TransportKind : std::uint8_t { kWebSocket, kPolling };

class TransportHandler {
public:
    // A text packet, type digit first. Holds until the call returns. Binary messages are not reported.
    virtual void on_packet(std::string_view packet) = 0;
    // It ended by itself; nothing follows. Not called for Transport::close().
    virtual void on_transport_closed(std::string_view reason) = 0;

protected:
    ~TransportHandler() = default;
};

class Transport {
public:
    virtual ~Transport() = default;
    // The reason if it cannot even be tried.
    virtual std::optional<std::string> open() = 0;
    // A text packet. Before the server has answered the handshake: only from on_packet().
    virtual void send(std::string_view packet) = 0;
    virtual void close() = 0;
};

// Where the Engine.IO server is: `path` with both slashes.
struct Target {
    Endpoint endpoint;
    std::string path = "/socket.io/";
};

// `target` must outlive what is made.
std::unique_ptr<Transport> make_websocket_transport(Loop& loop, const Target& target, TransportHandler& handler);
std::unique_ptr<Transport> make_polling_transport(Loop& loop, const Target& target, TransportHandler& handler);

}  // namespace wshub::bench
