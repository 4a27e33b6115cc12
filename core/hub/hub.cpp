#include "hub/hub.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <mutex>
#include <utility>

#include "base/ids.h"
#include "hub/client.h"
#include "hub/core.h"
#include "hub/emitter.h"
#include "hub/shard.h"
#include "hub/text_list.h"
#include "hub/username.h"
#include "protocol/json_scan.h"
#include "protocol/utf8.h"

namespace wshub::hub {

struct Hub::Impl : Core {
    using Core::Core;

    Emitter emitter{*this};

    // What a call that concerns a socket of another loop finds out before it goes there. Null: no such socket.
    Namespace* namespace_of(Shard& shard, SocketHandle handle) {
        const auto lock = shard.reading();
        const Socket* socket = shard.alive(handle);
        return socket ? &socket->nsp : nullptr;
    }

    // Does `act` on the socket's loop: now if this is it, otherwise later, if the socket is still there by then.
    // `act` owns what it needs.
    template <class Act>
    HubError on_loop_of(SocketHandle handle, Act act) {
        Shard* shard = shard_of(handle);
        if (!shard) return HubError::kNoSuchSocket;
        if (shard->here()) return act(*shard);
        if (!namespace_of(*shard, handle)) return HubError::kNoSuchSocket;
        shard->loop().post([shard, act = std::move(act)] { act(*shard); });
        return HubError::kNone;
    }

    // What the socket's loop would say. Where nothing is refused, that alone counts it.
    bool refuses_room(const SocketRecord& record, RoomRef room) const {
        if (room.space != RoomSpace::kClient || settings.limits.rooms_dry_run || !is_full(record)) return false;
        return limiters.rooms.refuses(clock.steady(), record.handshake->remote);
    }

    template <class Visit>
    void each_namespace(std::string_view nsp, Visit visit) const {
        if (nsp.empty()) return namespaces.for_each(visit);
        if (Namespace* one = namespaces.find(nsp)) visit(*one);
    }
};

namespace {

bool is_room_name(RoomRef room) {
    if (room.name.empty() || !protocol::is_utf8(room.name)) return false;
    return room.space == RoomSpace::kServer || room.name.size() <= kMaxRoomNameBytes;
}

bool has(const std::vector<std::string>& roles, std::string_view role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
}

}  // namespace

Hub::Hub(HubSettings settings, std::vector<net::Loop*> loops, const base::Clock& clock, base::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), clock, metrics, loops.size())) {
    assert(!loops.empty() && loops.size() <= 256);
    for (net::Loop* loop : loops) {
        assert(loop->index() == impl_->shards.size());
        impl_->shards.push_back(std::make_unique<Shard>(*impl_, *loop));
    }
}

Hub::~Hub() = default;

void Hub::set_sink(EventSink& sink) {
    impl_->sink = &sink;
}

std::unique_ptr<session::SessionUser> Hub::on_open(session::Session& session) {
    return std::make_unique<Client>(*impl_->shards[session.loop().index()], session);
}

// ---- messages

HubError Hub::emit(const Emit& emit) {
    return impl_->emitter.emit(emit);
}

HubError Hub::ack(AckHandle ack, std::string_view args, std::span<const std::string_view> attachments) {
    args = impl_->checked_json(args, '[');
    if (args.empty()) return HubError::kInvalid;
    Shard* shard = ack == 0 ? nullptr : impl_->shard_of(ack);
    if (!shard) return HubError::kNoSuchAck;
    if (shard->here()) return shard->answer(ack, args, attachments);

    // The answer's form can be wrong in ways that are seen only when it is encoded, and the caller shall know now.
    const auto trial = protocol::encode_ack("/", 0, args, attachments);
    if (!trial) return encode_error(trial.error());
    std::vector<std::string> bytes(attachments.begin(), attachments.end());
    shard->loop().post([shard, ack, args = std::string(args), bytes = std::move(bytes)] {
        const std::vector<std::string_view> views(bytes.begin(), bytes.end());
        shard->answer(ack, args, views);
    });
    return HubError::kNone;
}

HubError Hub::keep_ack(AckHandle ack) {
    Shard* shard = ack == 0 ? nullptr : impl_->shard_of(ack);
    return shard && shard->here() ? shard->keep(ack) : HubError::kNoSuchAck;
}

HubError Hub::suspend(SocketHandle socket) {
    Shard* shard = impl_->shard_of(socket);
    return shard && shard->here() ? shard->suspend(socket) : HubError::kNoSuchSocket;
}

void Hub::event_done(SocketHandle socket, AckHandle ack, std::string name, EventEnd end) {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return;
    shard->loop().post([shard, socket, ack, name = std::move(name), end] {
        shard->event_done(socket, ack, name, end.known, end.kept);
    });
}

HubError Hub::fail(SocketHandle socket, AckHandle ack, std::string_view code, std::string_view message,
                   std::string_view ack_args) {
    if (!protocol::is_utf8(code) || !protocol::is_utf8(message)) return HubError::kInvalid;
    if (!ack_args.empty()) {
        ack_args = impl_->checked_json(ack_args, '[');
        if (ack_args.empty()) return HubError::kInvalid;
    }
    Shard* shard = impl_->shard_of(socket);
    if (shard && shard->here()) return shard->fail(socket, ack, code, message, ack_args);
    return impl_->on_loop_of(
        socket, [=, code = std::string(code), message = std::string(message), ack_args = std::string(ack_args)](
                    Shard& on) { return on.fail(socket, ack, code, message, ack_args); });
}

// ---- rooms

HubError Hub::join(SocketHandle socket, RoomRef room, bool* changed) {
    if (!is_room_name(room)) return HubError::kInvalid;
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return HubError::kNoSuchSocket;
    if (shard->here()) return shard->join(socket, room, changed);
    std::size_t cell = 0;
    {
        const auto lock = shard->reading();
        const Socket* found = shard->alive(socket);
        if (!found) return HubError::kNoSuchSocket;
        const bool is_new = !shard->rooms(found->nsp)->contains(*found, room);
        if (is_new && impl_->refuses_room(found->record, room)) return HubError::kLimit;
        if (changed) *changed = is_new;
        cell = RoomFilter::cell(found->nsp.id, room);
    }
    // What the caller emits to the room from now on must find its way there, although the join has not happened yet.
    shard->filter().add(cell);
    shard->loop().post([=, space = room.space, name = std::string(room.name)] {
        shard->join(socket, {space, name}, nullptr);
        shard->filter().remove(cell);
    });
    return HubError::kNone;
}

HubError Hub::leave(SocketHandle socket, RoomRef room, bool* changed) {
    if (!is_room_name(room)) return HubError::kInvalid;
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return HubError::kNoSuchSocket;
    if (shard->here()) return shard->leave_room(socket, room, changed);
    if (changed) *changed = in_room(socket, room);
    return impl_->on_loop_of(socket, [=, space = room.space, name = std::string(room.name)](Shard& on) {
        return on.leave_room(socket, {space, name}, nullptr);
    });
}

bool Hub::in_room(SocketHandle socket, RoomRef room) const {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return false;
    const auto lock = shard->reading();
    const Socket* found = shard->alive(socket);
    return found && shard->rooms(found->nsp)->contains(*found, room);
}

// ---- ends

HubError Hub::disconnect(SocketHandle socket) {
    return impl_->on_loop_of(socket,
                             [socket](Shard& on) { return on.disconnect(socket, "server_namespace_disconnect"); });
}

HubError Hub::kick(SocketHandle socket, std::string_view reason) {
    std::string told = "kicked";
    if (!reason.empty()) told.append(": ").append(reason);
    return impl_->on_loop_of(socket,
                             [socket, told = std::move(told)](Shard& on) { return on.disconnect(socket, told); });
}

HubError Hub::close_transport(SocketHandle socket, session::CloseReason reason) {
    return impl_->on_loop_of(socket, [=](Shard& on) { return on.close_transport(socket, reason); });
}

// ---- verdicts that come later

HubError Hub::hold(SocketHandle socket, Holder holder) {
    Shard* shard = impl_->shard_of(socket);
    return shard && shard->here() ? shard->hold(socket, holder) : HubError::kNoSuchSocket;
}

// In a later turn also on the socket's own loop, where the handler that holds it may still be running.
HubError Hub::decide(SocketHandle socket, std::uint32_t owner, ConnectVerdict verdict) {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return HubError::kNoSuchSocket;
    std::uint64_t holder = 0;
    {
        const auto lock = shard->reading();
        Socket* found = shard->alive(socket);
        if (found) holder = found->holder.load();
        if (holder == 0 || unpacked(holder).owner != owner) return HubError::kNoSuchSocket;
        if (!found->holder.compare_exchange_strong(holder, 0)) return HubError::kNoSuchSocket;
    }
    shard->loop().post(
        [shard, socket, at = unpacked(holder), verdict = std::move(verdict)] { shard->decided(socket, at, verdict); });
    return HubError::kNone;
}

void Hub::refuse_held(std::uint32_t owner, ConnectVerdict verdict) {
    for (const auto& shard : impl_->shards) {
        shard->loop().post([on = shard.get(), owner, verdict] { on->refuse_held(owner, verdict); });
    }
}

// ---- the record

bool Hub::read_with(SocketHandle socket, void (*call)(void*, const SocketRecord&), void* user) const {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return false;
    const auto lock = shard->reading();
    Socket* found = shard->find(socket);
    if (!found) return false;
    call(user, found->record);
    return true;
}

// With another key than this.
bool Hub::has_fixed_username(SocketHandle socket, std::string_view key) const {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return false;
    const auto lock = shard->reading();
    const Socket* found = shard->alive(socket);
    if (!found || !found->record.username_is_fixed || found->state == SocketState::kConnecting) return false;
    return username_key(found->record.username) != key;
}

HubError Hub::set_username(SocketHandle socket, std::string_view name) {
    const auto key = name.empty() ? std::string() : username_key(name);
    if (!key) return HubError::kInvalid;
    Shard* shard = impl_->shard_of(socket);
    Namespace* nsp = shard ? impl_->namespace_of(*shard, socket) : nullptr;
    if (!nsp) return HubError::kNoSuchSocket;
    if (has_fixed_username(socket, *key)) return HubError::kFixed;
    if (!key->empty() && !impl_->users.claim(nsp->id, *key, socket)) return HubError::kTaken;
    if (shard->here()) return shard->rename(socket, *nsp, name, *key);
    // Not through on_loop_of(): the claim has to be undone if the socket goes meanwhile.
    shard->loop().post([=, name = std::string(name)] { shard->rename(socket, *nsp, name, *key); });
    return HubError::kNone;
}

HubError Hub::set_following(SocketHandle socket, std::string_view json) {
    if (json.size() > impl_->settings.limits.max_event_bytes) return HubError::kLimit;
    json = impl_->checked_json(json, '[');
    const auto names = read_text_list(json);
    if (!names) return HubError::kInvalid;
    std::vector<std::string> keys;
    for (const std::string& name : *names) {
        if (auto key = username_key(name)) keys.push_back(std::move(*key));
    }
    return impl_->on_loop_of(socket, [=, text = std::string(json), keys = std::move(keys)](Shard& on) {
        return on.set_following(socket, text, keys);
    });
}

HubError Hub::set_roles(SocketHandle socket, std::string_view json) {
    const auto roles = read_text_list(impl_->checked_json(json, '['));
    if (!roles) return HubError::kInvalid;
    return impl_->on_loop_of(socket, [=](Shard& on) { return on.set_roles(socket, *roles); });
}

bool Hub::has_role(SocketHandle socket, std::string_view role) const {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return false;
    const auto lock = shard->reading();
    const Socket* found = shard->find(socket);
    return found && has(found->record.roles, role);
}

bool Hub::has_any_role(SocketHandle socket, std::span<const std::string> roles) const {
    Shard* shard = impl_->shard_of(socket);
    if (!shard) return false;
    const auto lock = shard->reading();
    const Socket* found = shard->find(socket);
    return found && std::any_of(roles.begin(), roles.end(),
                                [&](const std::string& role) { return has(found->record.roles, role); });
}

HubError Hub::set_profile(SocketHandle socket, std::string_view json) {
    json = impl_->checked_json(json, '{');
    if (json.empty()) return HubError::kInvalid;
    return impl_->on_loop_of(socket, [=, text = std::string(json)](Shard& on) { return on.set_profile(socket, text); });
}

HubError Hub::set_var(SocketHandle socket, std::string_view key, std::string_view json) {
    if (key.empty()) return HubError::kInvalid;
    const std::string_view value = json.empty() ? json : impl_->checked_json(json, '\0');
    if (value.empty() != json.empty()) return HubError::kInvalid;
    return impl_->on_loop_of(socket, [=, name = std::string(key), text = std::string(value)](Shard& on) {
        return on.set_var(socket, name, text);
    });
}

// ---- who is there

SocketHandle Hub::find(std::string_view sid) const {
    const auto id = base::decode_id(sid);
    if (!id) return 0;
    SocketHandle handle = 0;
    for (unsigned i = 0; i < 8; ++i) handle = handle << 8 | (*id)[7 + i];
    Shard* shard = impl_->shard_of(handle);
    if (!shard) return 0;
    const auto lock = shard->reading();
    const Socket* socket = shard->alive(handle);
    return socket && socket->state == SocketState::kConnected && socket->record.sid == sid ? handle : 0;
}

SocketHandle Hub::find_user(std::string_view nsp, std::string_view username) const {
    const Namespace* in = impl_->namespaces.find(nsp);
    const auto key = in ? username_key(username) : std::nullopt;
    const SocketHandle socket = key ? impl_->users.find(in->id, *key) : 0;
    Shard* shard = impl_->shard_of(socket);
    if (socket == 0 || !shard) return 0;
    const auto lock = shard->reading();
    const Socket* found = shard->alive(socket);
    return found && found->state == SocketState::kConnected ? socket : 0;  // one that may be refused yet is not there
}

std::vector<SocketHandle> Hub::followers(std::string_view nsp, std::string_view username) const {
    const Namespace* in = impl_->namespaces.find(nsp);
    const auto key = in ? username_key(username) : std::nullopt;
    return key ? impl_->followers.find(in->id, *key) : std::vector<SocketHandle>();
}

std::vector<SocketHandle> Hub::members(std::string_view nsp, RoomRef room) const {
    std::vector<SocketHandle> out;
    const Namespace* in = impl_->namespaces.find(nsp);
    if (!in) return out;
    for (const auto& shard : impl_->shards) {
        const auto lock = shard->reading();
        const Rooms* rooms = shard->rooms(*in);
        const Room* found = rooms ? rooms->find(room) : nullptr;
        if (!found) continue;
        for (const Room::Member& member : found->members) {
            out.push_back(static_cast<const Socket&>(*member.occupant).handle);
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::size_t>> Hub::rooms(std::string_view nsp) const {
    std::map<std::string, std::size_t, std::less<>> sizes;
    const Namespace* in = impl_->namespaces.find(nsp);
    if (!in) return {};
    for (const auto& shard : impl_->shards) {
        const auto lock = shard->reading();
        const Rooms* rooms = shard->rooms(*in);
        if (!rooms) continue;
        rooms->for_each([&](const Room& room) {
            if (room.name.space != RoomSpace::kClient) return;
            sizes[std::string(room.name.name)] += room.members.size();
        });
    }
    return {std::make_move_iterator(sizes.begin()), std::make_move_iterator(sizes.end())};
}

std::vector<SocketHandle> Hub::sockets(std::string_view nsp) const {
    std::vector<SocketHandle> out;
    impl_->each_namespace(nsp, [&](const Namespace& in) {
        for (const auto& shard : impl_->shards) {
            const auto lock = shard->reading();
            for (const Socket* socket : shard->joined(in)) out.push_back(socket->handle);
        }
    });
    return out;
}

std::size_t Hub::socket_count(std::string_view nsp) const {
    std::size_t sum = 0;
    impl_->each_namespace(nsp, [&](const Namespace& in) { sum += in.count(); });
    return sum;
}

std::uint64_t Hub::total_connections(std::string_view nsp) const {
    std::uint64_t sum = 0;
    impl_->each_namespace(nsp, [&](const Namespace& in) { sum += in.total.load(std::memory_order_relaxed); });
    return sum;
}

// ---- for those who watch

std::vector<std::pair<std::string, std::size_t>> Hub::namespaces() const {
    std::vector<std::pair<std::string, std::size_t>> out;
    impl_->namespaces.for_each([&](const Namespace& nsp) { out.emplace_back(nsp.name, nsp.count()); });
    std::sort(out.begin(), out.end());
    return out;
}

// A room may be on several loops. Hashes tell them apart well enough, and keep the locks short.
std::size_t Hub::room_count() const {
    std::size_t count = 0;
    impl_->namespaces.for_each([&](const Namespace& nsp) {
        std::vector<std::size_t> names;
        for (const auto& shard : impl_->shards) {
            const auto lock = shard->reading();
            const Rooms* rooms = shard->rooms(nsp);
            if (!rooms) continue;
            rooms->for_each([&](const Room& room) {
                if (room.name.space == RoomSpace::kClient)
                    names.push_back(std::hash<std::string_view>{}(room.name.name));
            });
        }
        std::sort(names.begin(), names.end());
        count += static_cast<std::size_t>(std::unique(names.begin(), names.end()) - names.begin());
    });
    return count;
}

std::size_t Hub::user_count() const {
    return impl_->users.count();
}

const CloseLog& Hub::closes() const {
    return impl_->closes;
}

bool Hub::look(SocketHandle socket, Look depth, SocketView& out) const {
    Shard* shard = impl_->shard_of(socket);
    return shard && shard->here() && shard->look(socket, depth, out);
}

net::Loop& Hub::loop_of_socket(SocketHandle socket) const {
    const Shard* shard = impl_->shard_of(socket);
    return (shard ? *shard : *impl_->shards.front()).loop();
}

}  // namespace wshub::hub
