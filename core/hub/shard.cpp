#include "hub/shard.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "base/ids.h"
#include "hub/client.h"

namespace wshub::hub {
namespace {

constexpr std::size_t kIdleSlots = 64;

}  // namespace

Shard::Shard(Core& core, net::Loop& loop)
    : core_(core), loop_(loop), sockets_(loop.index(), kIdleSlots), acks_(loop.index()) {}

// ---- reading

std::unique_lock<std::mutex> Shard::reading() const {
    return here() ? std::unique_lock<std::mutex>() : std::unique_lock<std::mutex>(mutex_);
}

Socket* Shard::find(SocketHandle handle) {
    const std::unique_ptr<Socket>* socket = sockets_.find(handle);
    return socket ? socket->get() : nullptr;
}

Socket* Shard::alive(SocketHandle handle) {
    Socket* socket = find(handle);
    return socket && socket->state != SocketState::kLeaving ? socket : nullptr;
}

std::span<Socket* const> Shard::joined(const Namespace& nsp) const {
    const Local* in = local(nsp);
    return in ? std::span<Socket* const>(in->joined) : std::span<Socket* const>();
}

const Rooms* Shard::rooms(const Namespace& nsp) const {
    const Local* in = local(nsp);
    return in ? &in->rooms : nullptr;
}

const Shard::Local* Shard::local(const Namespace& nsp) const {
    return nsp.id < locals_.size() ? locals_[nsp.id].get() : nullptr;
}

// Under the lock.
Shard::Local& Shard::local(const Namespace& nsp) {
    if (locals_.size() <= nsp.id) locals_.resize(nsp.id + 1);
    std::unique_ptr<Local>& in = locals_[nsp.id];
    if (!in) in = std::make_unique<Local>(nsp, filter_);
    return *in;
}

// ---- the life of a socket

Socket& Shard::open(Client& client, session::Session& session, Namespace& nsp, std::string_view auth) {
    auto made = std::make_unique<Socket>(client, session, nsp);
    Socket& socket = *made;
    socket.record.nsp = nsp.name;
    socket.record.handshake = session.handshake();
    socket.record.auth = auth;
    socket.record.connected_at = core_.clock.wall();
    socket.record.transport = session.transport();
    socket.story.begin(loop_.now());

    const std::lock_guard lock(mutex_);
    local(nsp);
    socket.handle = sockets_.add(std::move(made));
    socket.entrance = std::make_unique<Entrance>(*this, socket.handle, loop_.now() + core_.settings.connect_timeout);
    // Seven bytes that nobody can guess, and the handle, so that find() needs no table.
    base::IdBytes id;
    base::random_bytes(std::span(id).first(7));
    for (unsigned i = 0; i < 8; ++i) id[7 + i] = static_cast<std::uint8_t>(socket.handle >> (56 - 8 * i));
    socket.record.sid = base::encode_id(id);
    return socket;
}

void Shard::accept(Socket& socket) {
    const std::unique_ptr<Entrance> entrance = std::move(socket.entrance);
    for (Entrance::Move& move : entrance->moves) {
        hooks_.push_back({move.joined ? Hook::Kind::kJoin : Hook::Kind::kLeave, socket.handle, std::move(move.room)});
    }
    {
        const std::lock_guard lock(mutex_);
        socket.state = SocketState::kConnected;
        socket.record.transport = socket.session.transport();  // it may have changed while the verdict was waited for
        std::vector<Socket*>& joined = local(socket.nsp).joined;
        socket.listed = joined.size();
        joined.push_back(&socket);
    }
    socket.nsp.joined[loop_.index()].fetch_add(1, std::memory_order_relaxed);
    socket.nsp.total.fetch_add(1, std::memory_order_relaxed);
    socket.nsp.sockets->add(1);
    core_.figures.connects_accepted->add();
    socket.story.add(loop_.now(), Happening::kConnected, session::transport_name(socket.record.transport));
    socket.client.joined(socket.nsp, socket.handle);
    socket.holder.store(0);  // a hold that was not meant

    socket.session.send(protocol::encode_connect(socket.nsp.name, socket.record.sid));
    for (protocol::PacketRef& packet : entrance->packets) socket.session.send(std::move(packet));
}

void Shard::leave(Socket& socket, std::string_view reason, std::string_view told) {
    if (socket.state == SocketState::kLeaving) return;
    socket.reason = reason;
    if (socket.state == SocketState::kConnected) log_close(socket, told);
    detach(socket, true);
    queue({Hook::Kind::kGone, socket.handle, {}});
}

void Shard::log_close(const Socket& socket, std::string_view told) {
    const SocketRecord& record = socket.record;
    const base::WallTime now = loop_.wall();
    core_.closes.add({now, record.sid, record.nsp, record.username, record.handshake->remote,
                      socket.session.transport(), std::string(told), now - record.connected_at});
}

void Shard::closed_outside(session::Session& session, session::CloseReason reason) {
    const session::Handshake& handshake = *session.handshake();
    const base::WallTime now = loop_.wall();
    core_.closes.add({now,
                      {},
                      {},
                      {},
                      handshake.remote,
                      session.transport(),
                      std::string(session::close_reason_name(reason)),
                      now - handshake.opened_at});
}

void Shard::forget(SocketHandle handle) {
    Socket* socket = find(handle);
    if (!socket) return;
    if (socket->state != SocketState::kLeaving) detach(*socket, false);
    erase(*socket);
}

void Shard::detach(Socket& socket, bool tell_about_replies) {
    const bool was_in = socket.state == SocketState::kConnected;
    {
        const std::lock_guard lock(mutex_);
        socket.state = SocketState::kLeaving;
        Local& in = local(socket.nsp);
        in.rooms.leave_all(socket);
        if (was_in) {
            Socket* last = in.joined.back();
            in.joined[socket.listed] = last;
            last->listed = socket.listed;
            in.joined.pop_back();
        }
    }
    if (was_in) {
        socket.nsp.joined[loop_.index()].fetch_sub(1, std::memory_order_relaxed);
        socket.nsp.sockets->add(-1);
    }
    if (!socket.username_key.empty()) core_.users.retire(socket.nsp.id, socket.username_key, socket.handle);
    core_.followers.follow_nobody(socket.following);
    acks_.drop(socket.kept_acks);
    for (const auto& [id, request] : socket.requests) {
        if (tell_about_replies) {
            queue({Hook::Kind::kReplyLost, socket.handle, {}, request.owner, request.cookie});
        }
    }
    socket.requests.clear();
    socket.entrance.reset();
}

// Its name goes last, so that what plugins keep under it is gone when the next socket claims it.
void Shard::erase(Socket& socket) {
    if (!socket.username_key.empty()) core_.users.release(socket.nsp.id, socket.username_key, socket.handle);
    const std::lock_guard lock(mutex_);
    sockets_.erase(socket.handle);
}

// ---- rooms and fields

HubError Shard::join(SocketHandle handle, RoomRef room, bool* changed) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    if (has_too_many_rooms(*socket, room)) return HubError::kLimit;
    bool is_new = false;
    {
        const std::lock_guard lock(mutex_);
        is_new = local(socket->nsp).rooms.join(*socket, room);
        if (is_new && room.space == RoomSpace::kClient) socket->record.rooms.emplace_back(room.name);
    }
    if (changed) *changed = is_new;
    if (is_new && room.space == RoomSpace::kClient) moved(*socket, true, std::string(room.name));
    return HubError::kNone;
}

bool Shard::has_too_many_rooms(const Socket& socket, RoomRef room) {
    if (room.space != RoomSpace::kClient || !core_.is_full(socket.record)) return false;
    if (std::as_const(*this).local(socket.nsp)->rooms.contains(socket, room)) return false;
    return core_.limiters.rooms.refuses(loop_.now(), socket.record.handshake->remote);
}

HubError Shard::leave_room(SocketHandle handle, RoomRef room, bool* changed) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    // The caller's name may be the one in the record.
    const std::string name(room.name);
    bool was_in = false;
    {
        const std::lock_guard lock(mutex_);
        was_in = local(socket->nsp).rooms.leave(*socket, {room.space, name});
        if (was_in && room.space == RoomSpace::kClient) {
            std::vector<std::string>& rooms = socket->record.rooms;
            rooms.erase(std::find(rooms.begin(), rooms.end(), name));
        }
    }
    if (changed) *changed = was_in;
    if (was_in && room.space == RoomSpace::kClient) moved(*socket, false, name);
    return HubError::kNone;
}

// Nobody is told of rooms before the socket is in.
void Shard::moved(Socket& socket, bool joined, std::string room) {
    socket.story.add(loop_.now(), joined ? Happening::kJoined : Happening::kLeft, room);
    if (socket.entrance) {
        socket.entrance->moves.push_back({joined, std::move(room)});
    } else {
        queue({joined ? Hook::Kind::kJoin : Hook::Kind::kLeave, socket.handle, std::move(room)});
    }
}

HubError Shard::rename(SocketHandle handle, const Namespace& nsp, std::string_view name, std::string_view key) {
    Socket* socket = alive(handle);
    if (!socket) {
        if (!key.empty()) core_.users.release(nsp.id, key, handle);
        return HubError::kNoSuchSocket;
    }
    const std::string before = std::exchange(socket->username_key, std::string(key));
    {
        const std::lock_guard lock(mutex_);
        socket->record.username = name;
        socket->record.username_is_fixed = socket->state == SocketState::kConnecting && !name.empty();
    }
    socket->story.add(loop_.now(), Happening::kNamed, name);
    if (!before.empty()) core_.users.release(nsp.id, before, handle);
    return HubError::kNone;
}

HubError Shard::set_profile(SocketHandle handle, std::string_view json) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    const std::lock_guard lock(mutex_);
    socket->record.profile = json;
    return HubError::kNone;
}

HubError Shard::set_following(SocketHandle handle, std::string_view json, std::vector<std::string> keys) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    core_.followers.follow(socket->nsp.id, handle, socket->following, std::move(keys));
    const std::lock_guard lock(mutex_);
    socket->record.following = json;
    return HubError::kNone;
}

HubError Shard::set_roles(SocketHandle handle, std::vector<std::string> roles) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    const std::lock_guard lock(mutex_);
    socket->record.roles = std::move(roles);
    return HubError::kNone;
}

HubError Shard::set_var(SocketHandle handle, std::string_view key, std::string_view json) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    const std::lock_guard lock(mutex_);
    auto& vars = socket->record.vars;
    const auto found = vars.find(key);
    if (json.empty()) {
        if (found != vars.end()) vars.erase(found);
    } else if (found != vars.end()) {
        found->second = json;
    } else {
        vars.emplace(key, json);
    }
    return HubError::kNone;
}

void Shard::note_transport(Socket& socket) {
    if (socket.state == SocketState::kLeaving) return;
    const session::TransportKind now = socket.session.transport();
    if (socket.record.transport == now) return;
    socket.story.add(loop_.now(), Happening::kUpgraded, session::transport_name(now));
    const std::lock_guard lock(mutex_);
    socket.record.transport = now;
}

// ---- for those who watch

bool Shard::look(SocketHandle handle, Look depth, SocketView& out) {
    const Socket* const socket = alive(handle);
    if (!socket || socket->state != SocketState::kConnected) return false;
    out.handle = handle;
    out.figures = socket->session.figures();
    if (depth == Look::kLoad) return true;
    const SocketRecord& record = socket->record;
    out.sid = record.sid;
    out.nsp = record.nsp;
    out.username = record.username;
    out.handshake = record.handshake;
    out.transport = socket->session.transport();
    out.connected_at = record.connected_at;
    out.events_in = record.events_in;
    out.events_out = record.events_out;
    out.rooms = record.rooms.size();
    if (depth == Look::kRow) return true;
    const auto wall = [this](base::SteadyTime then) -> std::optional<base::WallTime> {
        if (then == base::SteadyTime{}) return std::nullopt;
        return loop_.wall() - std::chrono::duration_cast<base::milliseconds>(loop_.now() - then);
    };
    out.room_names = record.rooms;
    out.roles = record.roles;
    out.engine_sid = socket->session.sid();
    out.last_in = wall(socket->last_in);
    out.last_out = wall(socket->last_out);
    out.refusals = socket->refusals;
    out.story = socket->story.read();
    return true;
}

// ---- ends

HubError Shard::disconnect(SocketHandle handle, std::string_view told) {
    Socket* socket = alive(handle);
    if (!socket) return HubError::kNoSuchSocket;
    if (socket->state == SocketState::kConnecting) {
        socket->entrance->rejected = true;
        if (!socket->entrance->asking) conclude(*socket, ConnectVerdict::refusal());
        return HubError::kNone;
    }
    socket->session.send(protocol::encode_disconnect(socket->nsp.name));
    socket->client.left(handle, true);
    leave(*socket, "server namespace disconnect", told);
    return HubError::kNone;
}

HubError Shard::close_transport(SocketHandle handle, session::CloseReason reason) {
    Socket* socket = find(handle);
    if (!socket || socket->orphaned) return HubError::kNoSuchSocket;
    socket->session.close(reason);
    return HubError::kNone;
}

}  // namespace wshub::hub
