// Words that the hub shares with what lies above it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limit.h"
#include "base/metrics.h"
#include "base/token_bucket.h"
#include "session/session.h"

namespace wshub::hub {

// A client in a namespace, named so that a stale name is harmless: loop (8 bits), generation (24), slot (32). 0: none.
using SocketHandle = std::uint64_t;
// An acknowledgement that a client waits for, made the same way. 0: the client asked for none.
using AckHandle = std::uint64_t;

constexpr unsigned loop_of(std::uint64_t handle) {
    return static_cast<unsigned>(handle >> 56);
}

// Rooms that clients can name, and those that the server uses itself: the same name in both spaces is two rooms.
enum class RoomSpace : char { kClient = 'c', kServer = 's' };
struct RoomRef {
    RoomSpace space = RoomSpace::kClient;
    std::string_view name;
};

inline constexpr std::size_t kMaxRoomNameBytes = 255;  // in the clients' space

struct Limits {
    std::size_t max_event_bytes = 256'000;  // an event's text and attachments together
    base::LimitMode event_bytes_mode = base::LimitMode::kEnforced;
    std::size_t max_json_depth = 128;
    // Of one client in one namespace; leaving the namespace and coming back does not fill it up again. While it is on,
    // CONNECT packets of one client are limited too (connect_rate() in limits.h).
    base::Rate events{100, 200};
    base::Rate connects;  // CONNECT packets of one client; off: as above
    base::LimitMode events_mode = base::LimitMode::kEnforced;
    // Of all clients at one address; the rate is the session layer's.
    base::LimitMode events_per_address_mode = base::LimitMode::kEnforced;
    base::LimitMode connects_mode = base::LimitMode::kEnforced;
    std::size_t max_rooms = 1000;  // of one socket, in the clients' space; 0: no limit
    bool rooms_dry_run = false;    // sockets above max_rooms are only counted
};

struct HubSettings {
    std::vector<std::string> namespaces{"/"};
    // 0: none. Also for a client that has left its last namespace, and for a CONNECT whose verdict comes later.
    base::milliseconds connect_timeout{45'000};
    // What may wait for a socket that is not in yet; above it its session is closed, as one that does not read.
    std::size_t max_held_bytes = 4'000'000;
    Limits limits;
    // An event that EventSink::on_event() does not know: system:error UNKNOWN_EVENT, or silence (an ack that the client
    // asked for is the error's in both cases).
    bool unknown_event_is_error = true;
};

// A count that one thread raises and any thread reads.
class Tally {
public:
    Tally() = default;
    Tally(const Tally& other) : value_(other) {}
    Tally& operator=(const Tally& other) {
        value_.store(other, std::memory_order_relaxed);
        return *this;
    }
    operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }
    void add(std::uint64_t by = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

// What is known of a socket. Read it through Hub::read(); views into it hold during that call only.
struct SocketRecord {
    std::string sid;  // public id
    std::string nsp;
    std::shared_ptr<const session::Handshake> handshake;
    std::string auth;  // JSON object, empty if the client sent none
    base::WallTime connected_at;
    // For readers on other threads: as of the client's last message, since sessions change it without a word.
    session::TransportKind transport = session::TransportKind::kPolling;
    std::vector<std::string> rooms;  // client rooms, in the order joined
    std::string username;            // as it was given; empty: none
    // It was given before the socket was in, by who decides on that: it says who this is, and stays.
    bool username_is_fixed = false;
    std::string profile = "{}";    // JSON object
    std::string following = "[]";  // JSON array of the usernames whose news it wants
    std::vector<std::string> roles;
    std::map<std::string, std::string, std::less<>> vars;  // JSON texts of plugins
    Tally events_in, events_out;
};

struct IncomingEvent {
    SocketHandle socket = 0;
    std::string_view nsp;
    std::string_view name;  // a name that is a number, as its text
    std::string_view args;  // valid JSON array, the name not in it
    std::span<const std::string_view> attachments;
    AckHandle ack = 0;
};

// Whom a CONNECT waits for, as those know it who are asked: the owner (not 0) gives the verdict, and `place` tells
// where to go on when it has accepted.
struct Holder {
    std::uint32_t owner = 0;
    std::uint32_t place = 0;
};

struct ConnectRequest {
    SocketHandle socket = 0;
    std::string_view nsp;
    std::string_view auth;  // JSON object, or empty
    Holder behind;          // asks again: this one held the CONNECT, and has accepted
};
struct ConnectVerdict {
    enum class Answer : std::uint8_t {
        kAccept,
        // CONNECT_ERROR with this message ("Connection rejected by server" if empty) and, if not empty, data (JSON).
        // Then the socket is gone as if it had never been: no hooks.
        kRefuse,
        kHold,   // the verdict comes by Hub::decide(), since Hub::hold() was called
        kClose,  // its whole connection is closed, so that the client comes back by itself and asks again
    };
    Answer answer = Answer::kAccept;
    std::string message;
    std::string data;

    static ConnectVerdict refusal(std::string message = {}, std::string data = {}) {
        return {Answer::kRefuse, std::move(message), std::move(data)};
    }
    static ConnectVerdict closing() { return {Answer::kClose, {}, {}}; }
};

enum class ReplyStatus : std::uint8_t { kAnswered, kTimeout, kDisconnected };
struct Reply {
    SocketHandle socket = 0;
    ReplyStatus status = ReplyStatus::kAnswered;
    std::uint64_t owner = 0, cookie = 0;  // as given with the emit
    std::string_view args;                // JSON array; empty unless answered
    std::span<const std::string_view> attachments;
};

// What the hub calls upwards: always on the socket's loop, never two calls for one socket at a time, never from inside
// a call into the hub. None may throw.
class EventSink {
public:
    // The namespace exists because a plugin registered for it.
    virtual bool serves(std::string_view nsp) const = 0;
    // May refuse or hold. What is emitted to the socket until it is in goes out behind the CONNECT answer. After a hold
    // it is called again when the holder has accepted, and so on until everybody has been asked.
    virtual ConnectVerdict on_connect(const ConnectRequest& request) = 0;
    // The socket is in, its CONNECT answer queued.
    virtual void on_connected(SocketHandle socket, std::string_view nsp) = 0;
    // False: nobody handles events of that name in that namespace.
    virtual bool on_event(const IncomingEvent& event) = 0;
    // Client rooms only. Already in, or out of, the room. Called when the handler that caused it has returned, before
    // the client's next event. At a disconnect: on_leave for each room, then on_disconnect; the record can be read,
    // rooms included, until on_disconnect has returned; nothing reaches the socket any more. Rooms joined before
    // on_connected: on_join follows it.
    virtual void on_join(SocketHandle socket, std::string_view nsp, std::string_view room) = 0;
    virtual void on_leave(SocketHandle socket, std::string_view nsp, std::string_view room) = 0;
    virtual void on_disconnect(SocketHandle socket, std::string_view nsp, std::string_view reason) = 0;
    // Replies that are missing when the socket ends: kDisconnected, before the hooks of its disconnect.
    virtual void on_reply(const Reply& reply) = 0;

protected:
    ~EventSink() = default;
};

enum class HubError : std::uint8_t {
    kNone = 0,
    kNoSuchSocket,
    kNoSuchAck,
    kAlreadyAcked,
    kTaken,
    kFixed,
    kInvalid,
    kLimit
};

struct Emit {
    std::string_view nsp;  // needed for rooms and `all`; sockets named by handle get it in their own
    std::string_view event;
    std::string_view args = "[]";  // JSON array of arguments, with placeholders for attachments
    std::span<const std::string_view> attachments;
    bool all = false;  // every socket of the namespace
    std::span<const RoomRef> rooms;
    std::span<const SocketHandle> sockets;
    std::span<const RoomRef> except_rooms;
    std::span<const SocketHandle> except_sockets;
    bool is_volatile = false;
    // Ask for an acknowledgement (sockets named by handle only): EventSink::on_reply is called exactly once for each of
    // them; a socket that is gone already is kDisconnected. Sent even if is_volatile is set.
    struct ReplyWanted {
        base::milliseconds timeout{10'000};
        std::uint64_t owner = 0, cookie = 0;
    };
    std::optional<ReplyWanted> reply;
    base::Counter* counted = nullptr;  // counts each receiver too; outlives the hub
};

}  // namespace wshub::hub
