// How a message reaches the sockets of one loop.
#include <algorithm>
#include <tuple>
#include <utility>

#include "hub/shard.h"

namespace wshub::hub {
namespace {

Socket& occupant(const Room::Member& member) {
    return static_cast<Socket&>(*member.occupant);
}

}  // namespace

void Shard::deliver(const Audience& to, std::span<const protocol::PacketRef> packets) {
    const Local* in = std::as_const(*this).local(*to.nsp);
    if (!in) return;
    std::int64_t given = 0;

    const bool plain = to.except_rooms.empty() && to.except_sockets.empty();
    if (to.all && plain && to.rooms.empty() && to.sockets.empty()) {
        for (Socket* socket : in->joined) given += give(*socket, packets, to.is_volatile);
        count_out(given, to.counted);
        return;
    }

    // Whoever bears this message's mark has got it, or shall not.
    const std::uint64_t mark = ++marks_;
    const auto give_once = [&](Socket& socket) {
        if (socket.mark == mark) return;
        socket.mark = mark;
        given += give(socket, packets, to.is_volatile);
    };
    if (!plain) mark_excepted(to, mark);
    if (to.all) {
        for (Socket* socket : in->joined) give_once(*socket);
    }
    for (const RoomRef& name : to.rooms) {
        const Room* room = in->rooms.find(name);
        if (!room) continue;
        for (const Room::Member& member : room->members) give_once(occupant(member));
    }
    for (const SocketHandle handle : to.sockets) {
        Socket* socket = alive(handle);
        if (socket && &socket->nsp == to.nsp) give_once(*socket);
    }
    count_out(given, to.counted);
}

void Shard::count_out(std::int64_t given, base::Counter* sender) {
    if (given == 0) return;
    core_.figures.events_out->add(given);
    if (sender != nullptr) sender->add(given);
}

void Shard::mark_excepted(const Audience& to, std::uint64_t mark) {
    const Local& in = *std::as_const(*this).local(*to.nsp);
    for (const RoomRef& name : to.except_rooms) {
        const Room* room = in.rooms.find(name);
        if (!room) continue;
        for (const Room::Member& member : room->members) occupant(member).mark = mark;
    }
    for (const SocketHandle handle : to.except_sockets) {
        if (Socket* socket = find(handle)) socket->mark = mark;
    }
}

// Never calls back: a session that cannot take more is closed in a later turn.
bool Shard::give(Socket& socket, std::span<const protocol::PacketRef> packets, bool is_volatile) {
    switch (socket.state) {
        case SocketState::kLeaving: return false;
        case SocketState::kConnecting:
            if (is_volatile) return lose_volatile();
            if (!put_by(socket, packets)) return false;
            break;
        case SocketState::kConnected:
            if (is_volatile) {
                if (!socket.session.send_volatile(packets)) return lose_volatile();
            } else {
                for (const protocol::PacketRef& packet : packets) socket.session.send(packet);
            }
            break;
    }
    socket.record.events_out.add();
    socket.last_out = loop_.now();
    return true;
}

bool Shard::lose_volatile() {
    core_.figures.volatile_lost->add();
    return false;
}

bool Shard::put_by(Socket& socket, std::span<const protocol::PacketRef> packets) {
    constexpr std::size_t kCost = 64;  // of a packet beside its bytes, as in a session's queue
    Entrance& entrance = *socket.entrance;
    for (const protocol::PacketRef& packet : packets) entrance.bytes += packet->payload().size() + kCost;
    if (entrance.bytes > core_.settings.max_held_bytes) {
        socket.session.close(session::CloseReason::kQueueFull, session::Session::CloseMode::kDiscard);
        return false;
    }
    entrance.packets.insert(entrance.packets.end(), packets.begin(), packets.end());
    return true;
}

// ---- emits that ask for a reply

void Shard::ask(const Question& question) {
    Emit emit;
    emit.event = question.event();
    emit.args = question.args();
    emit.attachments = question.attachments();
    emit.except_rooms = question.except_rooms();
    emit.reply = question.wanted();
    emit.counted = question.counted();
    ask(emit, question.sockets());
}

HubError Shard::ask(const Emit& emit, std::span<const SocketHandle> sockets) {
    for (const SocketHandle handle : sockets) {
        Socket* socket = alive(handle);
        if (!socket) {
            queue({Hook::Kind::kReplyLost, handle, {}, emit.reply->owner, emit.reply->cookie});
            continue;
        }
        const Rooms& rooms = std::as_const(*this).local(socket->nsp)->rooms;
        const bool left_out = std::any_of(emit.except_rooms.begin(), emit.except_rooms.end(),
                                          [&](const RoomRef& room) { return rooms.contains(*socket, room); });
        if (left_out) continue;
        const HubError wrong = ask_one(*socket, emit);
        if (wrong != HubError::kNone) return wrong;
    }
    return HubError::kNone;
}

HubError Shard::ask_one(Socket& socket, const Emit& emit) {
    const Emit::ReplyWanted& wanted = *emit.reply;
    const std::uint64_t id = socket.next_request++;
    const auto packets = protocol::encode_event(socket.nsp.name, emit.event, emit.args, id, emit.attachments);
    if (!packets) return HubError::kInvalid;
    auto& request = socket.requests
                        .emplace(std::piecewise_construct, std::forward_as_tuple(id),
                                 std::forward_as_tuple(*this, socket.handle, id, wanted))
                        .first->second;
    loop_.arm_in(request.timeout, wanted.timeout);
    if (give(socket, *packets, false)) count_out(1, emit.counted);
    return HubError::kNone;
}

}  // namespace wshub::hub
