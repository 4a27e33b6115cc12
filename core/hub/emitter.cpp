#include "hub/emitter.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "hub/shard.h"
#include "protocol/utf8.h"

namespace wshub::hub {

HubError encode_error(protocol::SocketError error) {
    return error == protocol::SocketError::kAttachments ? HubError::kLimit : HubError::kInvalid;
}

namespace {

// What holds for every namespace.
Audience audience_of(const Emit& emit) {
    Audience to;
    to.is_volatile = emit.is_volatile;
    to.except_rooms = emit.except_rooms;
    to.except_sockets = emit.except_sockets;
    to.counted = emit.counted;
    return to;
}

}  // namespace

HubError Emitter::emit(const Emit& emit) {
    if (emit.event.empty() || !protocol::is_utf8(emit.event) || protocol::is_reserved_event(emit.event)) {
        return HubError::kInvalid;
    }
    Emit checked = emit;
    checked.args = core_.checked_json(emit.args, '[');
    if (checked.args.empty()) return HubError::kInvalid;

    const bool to_many = emit.all || !emit.rooms.empty();
    if (emit.reply) return to_many || emit.sockets.empty() ? HubError::kInvalid : ask(checked);
    if (!to_many && emit.sockets.empty()) return HubError::kInvalid;
    if (to_many && emit.nsp.empty()) return HubError::kInvalid;
    return tell(checked);
}

HubError Emitter::tell(const Emit& emit) {
    const bool to_many = emit.all || !emit.rooms.empty();
    Namespace* const many_in = to_many ? core_.namespaces.find(emit.nsp) : nullptr;
    const Home named_in = home(emit.sockets);
    if (named_in.several || (many_in && named_in.nsp && many_in != named_in.nsp)) return tell_groups(emit, many_in);

    Audience to = audience_of(emit);
    to.nsp = many_in ? many_in : named_in.nsp;
    to.all = many_in && emit.all;
    if (many_in) to.rooms = emit.rooms;
    to.sockets = emit.sockets;
    if (to.nsp) return send(emit, to);
    // Nobody is there; what is wrong with the packet is still wrong.
    const auto trial = protocol::encode_event("/", emit.event, emit.args, std::nullopt, emit.attachments);
    return trial ? HubError::kNone : encode_error(trial.error());
}

// The packet names its namespace, so there is one for that of `all` and the rooms, with the sockets named that are in
// it, and one for each other that sockets named are in.
HubError Emitter::tell_groups(const Emit& emit, Namespace* nsp) {
    std::vector<Group> groups = group(emit.sockets);
    const auto with_many = [&](const Group& named) { return named.nsp == nsp; };
    if (nsp && std::none_of(groups.begin(), groups.end(), with_many)) groups.push_back({nsp, {}});
    for (const Group& named : groups) {
        Audience to = audience_of(emit);
        to.nsp = named.nsp;
        to.all = with_many(named) && emit.all;
        if (with_many(named)) to.rooms = emit.rooms;
        to.sockets = named.sockets;
        if (const HubError wrong = send(emit, to); wrong != HubError::kNone) return wrong;
    }
    return HubError::kNone;
}

HubError Emitter::send(const Emit& emit, const Audience& to) {
    const auto packets = protocol::encode_event(to.nsp->name, emit.event, emit.args, std::nullopt, emit.attachments);
    if (!packets) return encode_error(packets.error());
    spread(to, *packets);
    return HubError::kNone;
}

void Emitter::spread(const Audience& to, std::span<const protocol::PacketRef> packets) {
    std::shared_ptr<const Message> message;
    Shard* own = nullptr;
    for (const auto& shard : core_.shards) {
        if (shard->here()) {
            own = shard.get();
            continue;
        }
        if (!concerns(*shard, to)) continue;
        if (!message) message = std::make_shared<const Message>(to, packets);
        shard->loop().post([on = shard.get(), message] {
            const LocalPackets local(message);
            on->deliver(message->audience(), local.packets());
        });
    }
    if (own) own->deliver(to, packets);
}

bool Emitter::concerns(Shard& shard, const Audience& to) const {
    const unsigned loop = shard.loop().index();
    if (to.all && to.nsp->joined[loop].load(std::memory_order_relaxed) > 0) return true;
    const auto has_room = [&](const RoomRef& room) {
        return shard.filter().perhaps(RoomFilter::cell(to.nsp->id, room));
    };
    return std::any_of(to.sockets.begin(), to.sockets.end(), [&](SocketHandle at) { return loop_of(at) == loop; }) ||
           std::any_of(to.rooms.begin(), to.rooms.end(), has_room);
}

template <class Visit>
void Emitter::each_alive(std::span<const SocketHandle> sockets, Visit visit) const {
    Shard* locked = nullptr;
    std::unique_lock<std::mutex> lock;
    for (const SocketHandle handle : sockets) {
        Shard* shard = core_.shard_of(handle);
        if (!shard) continue;
        if (shard != locked) {
            lock = {};  // first: two shards are never locked at once
            lock = shard->reading();
            locked = shard;
        }
        if (const Socket* socket = shard->alive(handle)) visit(*socket);
    }
}

Emitter::Home Emitter::home(std::span<const SocketHandle> sockets) const {
    Home out;
    each_alive(sockets, [&](const Socket& socket) {
        out.several = out.several || (out.nsp && out.nsp != &socket.nsp);
        out.nsp = &socket.nsp;
    });
    return out;
}

std::vector<Emitter::Group> Emitter::group(std::span<const SocketHandle> sockets) const {
    std::vector<Group> groups;
    each_alive(sockets, [&](const Socket& socket) {
        auto at =
            std::find_if(groups.begin(), groups.end(), [&](const Group& group) { return group.nsp == &socket.nsp; });
        if (at == groups.end()) at = groups.insert(at, Group{&socket.nsp, {}});
        at->sockets.push_back(socket.handle);
    });
    return groups;
}

// ---- asking

HubError Emitter::ask(const Emit& emit) {
    const auto trial = protocol::encode_event("/", emit.event, emit.args, 0, emit.attachments);
    if (!trial) return encode_error(trial.error());

    std::vector<SocketHandle> sockets(emit.sockets.begin(), emit.sockets.end());
    std::sort(sockets.begin(), sockets.end());  // by loop
    sockets.erase(std::unique(sockets.begin(), sockets.end()), sockets.end());
    std::erase_if(sockets, [&](SocketHandle socket) {
        const auto& out = emit.except_sockets;
        return !core_.shard_of(socket) || std::find(out.begin(), out.end(), socket) != out.end();
    });
    for (auto from = sockets.begin(); from != sockets.end();) {
        const unsigned loop = loop_of(*from);
        const auto to = std::find_if(from, sockets.end(), [&](SocketHandle at) { return loop_of(at) != loop; });
        Shard* shard = core_.shards[loop].get();
        if (shard->here()) {
            shard->ask(emit, std::span(from, to));
        } else {
            const auto question = std::make_shared<const Question>(emit, std::vector<SocketHandle>(from, to));
            shard->loop().post([shard, question] { shard->ask(*question); });
        }
        from = to;
    }
    return HubError::kNone;
}

}  // namespace wshub::hub
