// wshub_host_v1::emit: from the plugin's lists to the hub's, and from "here" to namespaces.
#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <string>

#include "host/abi_text.h"
#include "host/host_api.h"
#include "protocol/socket_packet.h"

namespace wshub::host {
namespace {

// Rooms as the hub names them. Rooms of clients cost no memory.
class RoomRefs {
public:
    // False: a list that makes no sense.
    bool read(const Instance& instance, const wshub_str* names, const std::uint32_t* flags, std::size_t count) {
        if (count > 0 && !names) return false;
        refs_.reserve(count);
        if (flags) prefixed_.reserve(count);  // so that texts stay where they are
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint32_t kind = flags ? flags[i] : 0;
            if (!are_room_flags(kind)) return false;
            if (kind == 0) {
                refs_.push_back({hub::RoomSpace::kClient, view(names[i])});
            } else {
                refs_.push_back(room_of(instance, view(names[i]), kind, prefixed_.emplace_back()));
            }
        }
        return true;
    }
    std::span<const hub::RoomRef> all() const { return {refs_.data(), refs_.size()}; }

private:
    boost::container::small_vector<hub::RoomRef, 4> refs_;
    std::vector<std::string> prefixed_;
};

template <class T>
bool is_list(const T* items, std::size_t count) {
    return count == 0 || items != nullptr;
}

// The sessions of one namespace.
std::vector<hub::SocketHandle> those_in(const hub::Hub& hub, std::span<const hub::SocketHandle> sessions,
                                        std::string_view nsp) {
    std::vector<hub::SocketHandle> found;
    for (const hub::SocketHandle session : sessions) {
        hub.read(session, [&](const hub::SocketRecord& record) {
            if (record.nsp == nsp) found.push_back(session);
        });
    }
    return found;
}

// Rooms and ALL in each of several namespaces. Sessions that are in one of them go with it, so that nobody gets the
// event twice; the others get it by themselves.
hub::HubError emit_in_each(hub::Hub& hub, hub::Emit emit, std::span<const std::string_view> namespaces) {
    const auto sessions = emit.sockets;
    std::vector<hub::SocketHandle> elsewhere(sessions.begin(), sessions.end());
    for (const std::string_view nsp : namespaces) {
        const auto here = those_in(hub, sessions, nsp);
        std::erase_if(elsewhere, [&here](hub::SocketHandle session) {
            return std::find(here.begin(), here.end(), session) != here.end();
        });
        emit.nsp = nsp;
        emit.sockets = here;
        if (const hub::HubError error = hub.emit(emit); error != hub::HubError::kNone) return error;
    }
    if (elsewhere.empty()) return hub::HubError::kNone;
    emit.nsp = {};
    emit.all = false;
    emit.rooms = {};
    emit.sockets = elsewhere;
    return hub.emit(emit);
}

std::int32_t emit(Instance& instance, const wshub_emit* message) {
    constexpr std::size_t kFirstSize = offsetof(wshub_emit, reply_cookie) + sizeof(wshub_emit::reply_cookie);
    constexpr std::uint32_t kKnownFlags = WSHUB_EMIT_VOLATILE | WSHUB_EMIT_ALL | WSHUB_EMIT_LOCAL;
    wshub_emit from;
    if (!read_sized(message, kFirstSize, from) || (from.flags & ~kKnownFlags) != 0) return WSHUB_EINVAL;
    if (!is_list(from.bins, from.n_bins) || !is_list(from.sessions, from.n_sessions) ||
        !is_list(from.except_sessions, from.n_except_sessions)) {
        return WSHUB_EINVAL;
    }
    RoomRefs rooms, except_rooms;
    if (!rooms.read(instance, from.rooms, from.room_flags, from.n_rooms) ||
        !except_rooms.read(instance, from.except_rooms, from.except_room_flags, from.n_except_rooms)) {
        return WSHUB_EINVAL;
    }
    boost::container::small_vector<std::string_view, protocol::kMaxAttachments> attachments;
    for (std::size_t i = 0; i < from.n_bins; ++i) attachments.push_back(view(from.bins[i]));

    hub::Emit emit;
    emit.event = view(from.event);
    if (from.args.n > 0) emit.args = view(from.args);
    emit.attachments = {attachments.data(), attachments.size()};
    emit.all = (from.flags & WSHUB_EMIT_ALL) != 0;
    emit.is_volatile = (from.flags & WSHUB_EMIT_VOLATILE) != 0;
    emit.rooms = rooms.all();
    emit.except_rooms = except_rooms.all();
    emit.sockets = {from.sessions, from.n_sessions};
    emit.except_sockets = {from.except_sessions, from.n_except_sessions};
    emit.counted = instance.events_out();
    hub::Hub& hub = instance.services().hub;

    if (from.reply_slot != 0) {
        if (!emit.except_rooms.empty() || !emit.except_sockets.empty()) return WSHUB_EINVAL;
        hub::Emit::ReplyWanted wanted;
        if (from.reply_timeout_ms != 0) wanted.timeout = base::milliseconds(from.reply_timeout_ms);
        wanted.owner = instance.number();
        wanted.cookie =
            instance.asks().add({from.reply_slot, from.reply_cookie}, {emit.sockets.begin(), emit.sockets.end()});
        emit.reply = wanted;
        const std::int32_t code = code_of(hub.emit(emit));
        if (code < 0) instance.asks().forget(wanted.cookie);
        return code;
    }
    if (!emit.all && emit.rooms.empty()) return code_of(hub.emit(emit));
    const MeantNamespaces namespaces(instance, view(from.nsp));
    if (namespaces.all().size() > 1) return code_of(emit_in_each(hub, emit, namespaces.all()));
    emit.nsp = namespaces.all().front();
    return code_of(hub.emit(emit));
}

}  // namespace

void add_emit(wshub_host_v1& table) {
    table.emit = acting<host::emit>;
}

}  // namespace wshub::host
