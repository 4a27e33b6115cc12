// An Engine.IO session: one client, whatever transport carries it at the moment. Knows packets, heartbeat, upgrade and
// limits; knows nothing of Socket.IO. Its loop's thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "protocol/encoded_packet.h"
#include "protocol/websocket.h"

namespace wshub::session {

// Why a session ended. The names that users of the ecosystem know are in close_reason_text().
enum class CloseReason : std::uint8_t {
    kTransportClose,  // the client's transport ended in order
    kTransportError,  // it broke, or broke the rules of polling
    kPingTimeout,
    kParseError,    // a packet that is none
    kForcedClose,   // client's Engine.IO close packet
    kServerForced,  // "forced server close": ours
    kServerShuttingDown,
    kTooBig,     // message above max_http_buffer_size
    kQueueFull,  // the client does not read
    kRateLimit,
    kConnectTimeout,  // joined no namespace in time
    kOverload,        // too many halves of messages are held already, for its address or in all
};
// "transport close", "ping timeout", "parse error", ...: what handlers and clients of the ecosystem expect. Several
// reasons share a text.
std::string_view close_reason_text(CloseReason reason);
// "queue_full": each reason its own, for logs and metrics.
std::string_view close_reason_name(CloseReason reason);

enum class TransportKind : std::uint8_t { kPolling, kWebSocket };
std::string_view transport_name(TransportKind kind);

// What is known of the request that opened the session. Immutable; any thread.
// The head is kept once and by its exact size, since clients decide how large it is; the views lie in it.
struct Handshake {
    Handshake() = default;
    Handshake(const Handshake&) = delete;
    Handshake& operator=(const Handshake&) = delete;

    std::string remote;           // address without port; behind a trusted proxy the client's
    std::string head;             // the request's head as sent: headers for those who ask
    std::string_view target;      // as sent
    std::string_view user_agent;  // the first header of that name
    bool has_user_agent = false;
    bool secure = false;  // TLS, here or at the proxy
    base::WallTime opened_at;
};

class Session;
class Address;

// What a session tells of itself to those who watch the hub.
struct SessionFigures {
    std::size_t queued_bytes = 0;
    std::optional<std::chrono::microseconds> latency;  // from the last ping to its pong; nothing: no pong yet
    std::optional<base::WallTime> upgraded_at;         // from polling to WebSocket
};

// What lives above a session. Its destructor runs when the session is gone.
class SessionUser {
public:
    virtual ~SessionUser() = default;
    // An Engine.IO message: text is UTF-8; both are ours to change and valid during the call. Not called any more after
    // close().
    virtual void on_text(std::span<char> text) = 0;
    virtual void on_binary(std::span<char> bytes) = 0;
    // The session goes on over another transport.
    virtual void on_upgraded() {}
    // Once; nothing can be sent any more. The user is destroyed after the call; the session too, unless it has to wait
    // until what was sent before has left.
    virtual void on_closed(CloseReason reason) = 0;
};

// Makes the user of each new session. Called on the session's loop.
class SessionFactory {
public:
    virtual std::unique_ptr<SessionUser> on_open(Session& session) = 0;

protected:
    ~SessionFactory() = default;
};

class Session {
public:
    virtual ~Session() = default;

    virtual const std::string& sid() const = 0;
    virtual net::Loop& loop() = 0;
    virtual const std::shared_ptr<const Handshake>& handshake() const = 0;
    virtual TransportKind transport() const = 0;
    // What the clients of its address share; null while no limit is set on addresses. Lives as long as the session.
    virtual Address* address() = 0;

    // Queues the packet; it goes out at the end of the loop's turn, or with the next poll. If that takes the queue
    // above max_queued_bytes (each packet counts for 64 bytes more than it has) although the network was given what it
    // takes, the session is closed (kQueueFull), and what is queued is dropped. After close(): nothing happens.
    virtual void send(protocol::PacketRef packet) = 0;
    // The packets of a message that may be lost: all go, or none if the transport cannot take them with this turn (it
    // could not take those of an earlier turn, no poll is waiting, or the queue would be too full).
    virtual bool send_volatile(std::span<const protocol::PacketRef> packets) = 0;
    // Of the packets that wait to be sent.
    virtual std::size_t queued_bytes() const = 0;
    virtual SessionFigures figures() const { return {queued_bytes(), std::nullopt, std::nullopt}; }

    enum class CloseMode : std::uint8_t {
        kFlush,    // what is queued goes out first (polling: waits up to 30 s for a poll)
        kDiscard,  // at once
    };
    // on_closed() follows in a later turn, never from inside this call. Further calls change nothing.
    virtual void close(CloseReason reason, CloseMode mode = CloseMode::kFlush) = 0;
    virtual bool closing() const = 0;

    // The client sends too fast: what it sends is left in the network for so long, bounded by what its pongs need.
    virtual void read_later(std::chrono::nanoseconds /*pause*/) {}
    // What the close frame of a plain WebSocket will say; Engine.IO has nothing of the kind. At most 123 bytes of the
    // reason are sent. Before close().
    virtual void say_at_close(protocol::CloseCode /*code*/, std::string_view /*reason*/) {}
};

}  // namespace wshub::session
