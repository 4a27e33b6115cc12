// One Engine.IO connection, from its handshake to its end, over WebSocket or polling. Knows nothing of Socket.IO.
// One thread: calls block for at most the link's timeout.
#pragma once

#include <poll.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "console/options.h"
#include "protocol/engine_packet.h"
#include "protocol/socket_packet.h"

namespace wshub::console {

// There is no connection, or no more: what() says why, in the words of the wire or of the system.
class LinkError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// What the OPEN packet said, within what is sensible.
struct Opened {
    std::string sid;
    std::chrono::milliseconds ping_interval{25'000};
    std::chrono::milliseconds ping_timeout{20'000};
    std::size_t max_payload = 1'000'000;  // of what is sent
};

struct EngineMessage {
    protocol::EngineType type = protocol::EngineType::kNoop;
    std::string data;
    bool binary = false;
};

// The most that is taken from a server at once, in bytes: a frame, a message, or a polling payload.
inline constexpr int kMaxReceived = 64 * 1024 * 1024;

class Link {
public:
    virtual ~Link() = default;
    const Opened& opened() const { return opened_; }

    // Has something to read when receive() should be called.
    virtual int descriptor() const = 0;
    // The same without asking the system: what was read but not given out yet.
    virtual bool pending() const = 0;
    // What came, in order; may be nothing. Throws LinkError if the server ended the connection, said what is none, or
    // began to say something and did not go on.
    virtual std::vector<EngineMessage> receive() = 0;

    // Packets in one go. Throws LinkError.
    virtual void send(const protocol::EncodedMessage& packets) = 0;
    // Says that it ends, as well as that can be done.
    virtual void close() noexcept = 0;

protected:
    // Throws LinkError if `json` is no OPEN packet's data.
    void read_open(std::string_view json);

    Opened opened_;
};

// Connected, with the OPEN packet read. Throws LinkError.
std::unique_ptr<Link> open_websocket(const Options& options);
std::unique_ptr<Link> open_polling(const Options& options);
std::unique_ptr<Link> open_link(const Options& options);

// Of a packet over WebSocket or in a payload. Throws LinkError.
EngineMessage engine_message(std::string_view text);

}  // namespace wshub::console
