// A client in a namespace, as its shard keeps it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "hub/acks.h"
#include "hub/followers.h"
#include "hub/namespaces.h"
#include "hub/rooms.h"
#include "hub/socket_view.h"
#include "hub/types.h"
#include "net/timer_wheel.h"
#include "protocol/encoded_packet.h"
#include "session/session.h"

namespace wshub::hub {

class Client;
class Shard;
struct Socket;

enum class SocketState : std::uint8_t {
    kConnecting,  // nobody has said yes yet: what is emitted to it is held
    kConnected,
    kLeaving,  // gone for everybody; its hooks are still to be called
};

// A reply that the client owes us.
struct PendingReply {
    PendingReply(Shard& of_shard, SocketHandle of_socket, std::uint64_t ack_id, const Emit::ReplyWanted& wanted)
        : shard(of_shard), socket(of_socket), id(ack_id), owner(wanted.owner), cookie(wanted.cookie) {}

    Shard& shard;
    const SocketHandle socket;
    const std::uint64_t id;
    const std::uint64_t owner, cookie;
    net::Timer timeout{&PendingReply::expired, this};

    static void expired(void* self);
};

constexpr std::uint64_t packed(Holder holder) {
    return std::uint64_t{holder.owner} << 32 | holder.place;
}
constexpr Holder unpacked(std::uint64_t holder) {
    return {static_cast<std::uint32_t>(holder >> 32), static_cast<std::uint32_t>(holder)};
}

// What a socket needs until it is in. The loop's thread only.
struct Entrance {
    struct Move {
        bool joined;  // or left
        std::string room;
    };

    Entrance(Shard& of_shard, SocketHandle of_socket, base::SteadyTime until)
        : shard(of_shard), socket(of_socket), deadline(until) {}

    Shard& shard;
    const SocketHandle socket;
    const base::SteadyTime deadline;  // of a verdict that comes later
    bool asking = false;              // inside on_connect; otherwise it is held, and somebody owes the verdict
    bool rejected = false;            // by disconnect() meanwhile
    std::vector<protocol::PacketRef> packets;
    std::size_t bytes = 0;    // of those
    std::vector<Move> moves;  // to be told of when it is in
    net::Timer patience{&Entrance::expired, this};

    static void expired(void* self);
};

// What waits while an event of the socket is handled elsewhere. The loop's thread only.
struct Suspension {
    struct Waiting {
        std::function<void(Socket*)> handle;  // null: it has gone
        std::size_t bytes;
    };
    std::deque<Waiting> waiting;  // events and replies
    std::size_t bytes = 0;        // of those
    std::vector<std::function<void()>> hooks;
};

struct Socket final : Occupant {
    Socket(Client& of_client, session::Session& of_session, Namespace& in)
        : client(of_client), session(of_session), nsp(in) {}

    Client& client;
    session::Session& session;
    Namespace& nsp;
    SocketHandle handle = 0;

    // Written under the shard's lock.
    SocketState state = SocketState::kConnecting;
    SocketRecord record;

    // Whom its CONNECT waits for (Holder, owner in front); 0: nobody. Who makes it 0 gives the verdict. Any thread that
    // reads, under the shard's lock.
    std::atomic<std::uint64_t> holder{0};

    // The loop's thread only.
    std::unique_ptr<Entrance> entrance;  // while it is connecting
    std::string username_key;
    Followers::Following following;
    std::size_t listed = 0;  // place in the shard's list of those that are in
    std::uint64_t mark = 0;  // the last message it got, or was left out of
    KeptAcks kept_acks;
    std::uint64_t next_request = 0;
    std::map<std::uint64_t, PendingReply> requests;  // by ack id
    std::string_view reason;                         // why it is leaving; a constant text
    std::unique_ptr<Suspension> suspension;          // while an event is handled elsewhere
    Story story;
    Refusals refusals;
    base::SteadyTime last_in{}, last_out{};  // events; the epoch: none
    bool orphaned = false;                   // client and session are gone while its hooks wait
};

}  // namespace wshub::hub
