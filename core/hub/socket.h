// A client in a namespace, as its shard keeps it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "hub/acks.h"
#include "hub/namespaces.h"
#include "hub/rooms.h"
#include "hub/types.h"
#include "net/timer_wheel.h"
#include "protocol/encoded_packet.h"
#include "session/session.h"

namespace wshub::hub {

class Client;
class Shard;

enum class SocketState : std::uint8_t {
    kConnecting,  // inside on_connect: what is emitted to it is held
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

    // The loop's thread only.
    bool rejected = false;   // by disconnect() during on_connect
    std::size_t listed = 0;  // place in the shard's list of those that are in
    std::uint64_t mark = 0;  // the last message it got, or was left out of
    std::vector<protocol::PacketRef> held;
    KeptAcks kept_acks;
    std::uint64_t next_request = 0;
    std::map<std::uint64_t, PendingReply> requests;  // by ack id
    std::string_view reason;                         // why it is leaving; a constant text
};

}  // namespace wshub::hub
