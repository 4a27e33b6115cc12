// Host functions about sessions, rooms, users and variables.
#include <cstddef>
#include <string>
#include <utility>

#include "host/abi_text.h"
#include "host/host_api.h"
#include "host/request_text.h"
#include "hub/text_list.h"
#include "protocol/json_scan.h"
#include "protocol/utf8.h"

namespace wshub::host {
namespace {

using hub::SocketRecord;

bool is_sink(const wshub_sink* sink) {
    return sink && sink->put;
}

// Values are copied out of the record first: the plugin's sink runs while no lock is held.
template <class Read>
bool read_record(const Instance& instance, wshub_session session, Read&& read) {
    return instance.services().hub.read(session, read);
}

// A text to copy into whose room is kept for the next time, since handlers ask for texts at every event. A sink may ask
// for another one meanwhile: that one has room of its own.
class KeptText {
public:
    KeptText() : text(std::move(t_spare)) { text.clear(); }
    ~KeptText() {
        if (text.capacity() <= kMost) t_spare = std::move(text);
    }
    KeptText(const KeptText&) = delete;
    KeptText& operator=(const KeptText&) = delete;

    std::string text;

private:
    static constexpr std::size_t kMost = 4096;
    static thread_local std::string t_spare;
};
thread_local std::string KeptText::t_spare;

// ---- rooms

using RoomFunction = hub::HubError (hub::Hub::*)(hub::SocketHandle, hub::RoomRef, bool*);

template <RoomFunction function>
std::int32_t change_room(Instance& instance, wshub_session session, wshub_str room, std::uint32_t flags) {
    if (!are_room_flags(flags)) return WSHUB_EINVAL;
    std::string storage;
    bool changed = false;
    const hub::RoomRef ref = room_of(instance, view(room), flags, storage);
    const hub::HubError error = (instance.services().hub.*function)(session, ref, &changed);
    if (error != hub::HubError::kNone) return code_of(error);
    return changed ? WSHUB_OK : WSHUB_UNCHANGED;
}

std::int32_t in_room(Instance& instance, wshub_session session, wshub_str room, std::uint32_t flags) {
    if (!are_room_flags(flags)) return WSHUB_EINVAL;
    std::string storage;
    return instance.services().hub.in_room(session, room_of(instance, view(room), flags, storage)) ? WSHUB_OK
                                                                                                   : WSHUB_NONE;
}

std::int32_t disconnect(Instance& instance, wshub_session session, std::uint32_t transport) {
    hub::Hub& hub = instance.services().hub;
    return code_of(transport != 0 ? hub.close_transport(session) : hub.disconnect(session));
}

// ---- fields

// WSHUB_OK, WSHUB_NONE or WSHUB_EINVAL.
std::int32_t text_field(const SocketRecord& record, std::uint32_t field, std::string& out) {
    const session::Handshake& handshake = *record.handshake;
    switch (field) {
        case WSHUB_F_SID: out = record.sid; return WSHUB_OK;
        case WSHUB_F_NSP: out = record.nsp; return WSHUB_OK;
        case WSHUB_F_REMOTE: out = handshake.remote; return WSHUB_OK;
        case WSHUB_F_USER_AGENT: out = handshake.user_agent; return handshake.has_user_agent ? WSHUB_OK : WSHUB_NONE;
        case WSHUB_F_AUTH: out = record.auth; return record.auth.empty() ? WSHUB_NONE : WSHUB_OK;
        case WSHUB_F_USERNAME: out = record.username; return WSHUB_OK;
        case WSHUB_F_PROFILE: out = record.profile; return WSHUB_OK;
        case WSHUB_F_TRANSPORT: out = session::transport_name(record.transport); return WSHUB_OK;
        case WSHUB_F_HEADERS: out = header_lines(handshake.head); return WSHUB_OK;
        case WSHUB_F_QUERY: out = query_of(handshake.target); return WSHUB_OK;
        case WSHUB_F_FOLLOWING: out = record.following; return WSHUB_OK;
        case WSHUB_F_ROLES: out = hub::write_text_list(record.roles); return WSHUB_OK;
        default: return WSHUB_EINVAL;
    }
}

std::int32_t session_str(Instance& instance, wshub_session session, std::uint32_t field, const wshub_sink* sink) {
    if (!is_sink(sink)) return WSHUB_EINVAL;
    KeptText value;
    std::int32_t code = WSHUB_ENOENT;
    read_record(instance, session, [&](const SocketRecord& record) { code = text_field(record, field, value.text); });
    if (code == WSHUB_OK) put(*sink, value.text);
    return code;
}

std::int32_t number_field(const SocketRecord& record, std::uint32_t field, std::int64_t& out) {
    switch (field) {
        case WSHUB_N_CONNECTED_AT_MS: out = record.connected_at.time_since_epoch().count(); return WSHUB_OK;
        case WSHUB_N_EVENTS_IN: out = static_cast<std::int64_t>(std::uint64_t{record.events_in}); return WSHUB_OK;
        case WSHUB_N_EVENTS_OUT: out = static_cast<std::int64_t>(std::uint64_t{record.events_out}); return WSHUB_OK;
        case WSHUB_N_ROOMS: out = static_cast<std::int64_t>(record.rooms.size()); return WSHUB_OK;
        case WSHUB_N_SECURE: out = record.handshake->secure ? 1 : 0; return WSHUB_OK;
        default: return WSHUB_EINVAL;
    }
}

std::int32_t session_num(Instance& instance, wshub_session session, std::uint32_t field, std::int64_t* out) {
    if (!out) return WSHUB_EINVAL;
    std::int32_t code = WSHUB_ENOENT;
    read_record(instance, session, [&](const SocketRecord& record) { code = number_field(record, field, *out); });
    return code;
}

std::int32_t session_set(Instance& instance, wshub_session session, std::uint32_t field, wshub_str value) {
    hub::Hub& hub = instance.services().hub;
    switch (field) {
        case WSHUB_F_USERNAME: return code_of(hub.set_username(session, view(value)));
        case WSHUB_F_PROFILE: return code_of(hub.set_profile(session, view(value)));
        case WSHUB_F_FOLLOWING: return code_of(hub.set_following(session, view(value)));
        case WSHUB_F_ROLES: return code_of(hub.set_roles(session, view(value)));
        default: return WSHUB_EINVAL;
    }
}

std::int32_t has_role(Instance& instance, wshub_session session, wshub_str role) {
    return instance.services().hub.has_role(session, view(role)) ? WSHUB_OK : WSHUB_NONE;
}

// ---- who is there

std::int32_t find_session(Instance& instance, wshub_str sid, wshub_session* out) {
    if (!out) return WSHUB_EINVAL;
    *out = instance.services().hub.find(view(sid));
    return *out != 0 ? WSHUB_OK : WSHUB_ENOENT;
}

std::int32_t find_user(Instance& instance, wshub_str nsp, wshub_str username, wshub_session* out) {
    if (!out) return WSHUB_EINVAL;
    *out = 0;
    const MeantNamespaces namespaces(instance, view(nsp));
    for (const std::string_view each : namespaces.all()) {
        if (*out == 0) *out = instance.services().hub.find_user(each, view(username));
    }
    return *out != 0 ? WSHUB_OK : WSHUB_ENOENT;
}

std::int32_t count(Instance& instance, std::uint32_t what, wshub_str nsp, std::uint64_t* out) {
    if (!out || (what != WSHUB_COUNT_SESSIONS && what != WSHUB_COUNT_CONNECTIONS)) return WSHUB_EINVAL;
    const hub::Hub& hub = instance.services().hub;
    *out = 0;
    const MeantNamespaces namespaces(instance, view(nsp));
    for (const std::string_view each : namespaces.all()) {
        *out += what == WSHUB_COUNT_SESSIONS ? hub.socket_count(each) : hub.total_connections(each);
    }
    return WSHUB_OK;
}

// Calls a visitor until it has had enough.
class Visits {
public:
    explicit Visits(const wshub_visitor& visitor) : visitor_(visitor) {}
    void operator()(wshub_session session, std::string_view name, std::uint64_t number = 0) {
        if (!done_) done_ = visitor_.visit(visitor_.user, session, str(name), number) != 0;
    }

private:
    const wshub_visitor& visitor_;
    bool done_ = false;
};

void visit_users(const Instance& instance, std::string_view nsp, Visits& visits) {
    for (const hub::SocketHandle socket : instance.services().hub.sockets(nsp)) {
        std::string name;
        read_record(instance, socket, [&name](const SocketRecord& record) { name = record.username; });
        if (!name.empty()) visits(socket, name);
    }
}

std::int32_t visit_in(const Instance& instance, std::string_view nsp, const wshub_query& query, Visits& visits) {
    const hub::Hub& hub = instance.services().hub;
    switch (query.what) {
        case WSHUB_VISIT_SESSIONS:
            for (const hub::SocketHandle socket : hub.sockets(nsp)) visits(socket, {});
            return WSHUB_OK;
        case WSHUB_VISIT_ROOMS:
            for (const auto& [name, size] : hub.rooms(nsp)) visits(0, name, size);
            return WSHUB_OK;
        case WSHUB_VISIT_ROOM_MEMBERS: {
            std::string storage;
            const hub::RoomRef room = room_of(instance, view(query.key), query.flags, storage);
            for (const hub::SocketHandle socket : hub.members(nsp, room)) visits(socket, {});
            return WSHUB_OK;
        }
        case WSHUB_VISIT_USERS: visit_users(instance, nsp, visits); return WSHUB_OK;
        case WSHUB_VISIT_FOLLOWERS:
            for (const hub::SocketHandle socket : hub.followers(nsp, view(query.key))) visits(socket, {});
            return WSHUB_OK;
        default: return WSHUB_EINVAL;
    }
}

std::int32_t visit_session_rooms(const Instance& instance, wshub_session session, Visits& visits) {
    std::vector<std::string> rooms;
    if (!read_record(instance, session, [&rooms](const SocketRecord& record) { rooms = record.rooms; })) {
        return WSHUB_ENOENT;
    }
    for (const std::string& room : rooms) visits(0, room);
    return WSHUB_OK;
}

void visit_plugins(const Instance& instance, Visits& visits) {
    const auto others = instance.services().router.table().instances();  // a copy: the visitor may ask again
    for (const auto& other : others) {
        visits(0, other->name(), other->state() == Instance::State::kRunning ? 1 : 0);
    }
}

std::int32_t visit(Instance& instance, const wshub_query* query, const wshub_visitor* visitor) {
    constexpr std::size_t kFirstSize = offsetof(wshub_query, session) + sizeof(wshub_query::session);
    wshub_query asked;
    if (!read_sized(query, kFirstSize, asked) || !visitor || !visitor->visit) return WSHUB_EINVAL;
    if (!are_room_flags(asked.flags)) return WSHUB_EINVAL;
    Visits visits(*visitor);
    switch (asked.what) {
        case WSHUB_VISIT_SESSION_ROOMS: return visit_session_rooms(instance, asked.session, visits);
        case WSHUB_VISIT_NAMESPACES:
            for (const std::string& nsp : instance.namespaces()) visits(0, nsp);
            return WSHUB_OK;
        case WSHUB_VISIT_PLUGINS: visit_plugins(instance, visits); return WSHUB_OK;
        default: break;
    }
    const MeantNamespaces namespaces(instance, view(asked.nsp));
    for (const std::string_view nsp : namespaces.all()) {
        if (const std::int32_t code = visit_in(instance, nsp, asked, visits)) return code;
    }
    return WSHUB_OK;
}

// ---- variables

std::int32_t var_get(Instance& instance, wshub_session session, wshub_str key, const wshub_sink* sink) {
    if (!is_sink(sink)) return WSHUB_EINVAL;
    std::string json;
    bool found = false;
    if (session == 0) {
        found = instance.read_var(view(key), json);
    } else {
        read_record(instance, session, [&](const SocketRecord& record) {
            const auto at = record.vars.find(view(key));
            found = at != record.vars.end();
            if (found) json = at->second;
        });
    }
    if (!found) return WSHUB_ENOENT;
    put(*sink, json);
    return WSHUB_OK;
}

std::int32_t var_set(Instance& instance, wshub_session session, wshub_str key, wshub_str json) {
    if (key.n == 0 || !protocol::is_utf8(view(key))) return WSHUB_EINVAL;
    if (session != 0) return code_of(instance.services().hub.set_var(session, view(key), view(json)));
    if (json.n > 0 && !protocol::scan_document(view(json))) return WSHUB_EINVAL;
    instance.set_var(view(key), view(json));
    return WSHUB_OK;
}

}  // namespace

void add_sessions(wshub_host_v1& table) {
    table.join = acting<change_room<&hub::Hub::join>>;
    table.leave = acting<change_room<&hub::Hub::leave>>;
    table.in_room = acting<in_room>;
    table.disconnect = acting<disconnect>;
    table.session_str = acting<session_str>;
    table.session_num = acting<session_num>;
    table.session_set = acting<session_set>;
    table.has_role = acting<has_role>;
    table.find_session = acting<find_session>;
    table.find_user = acting<find_user>;
    table.visit = acting<visit>;
    table.count = acting<count>;
    table.var_get = guarded<var_get>;
    table.var_set = guarded<var_set>;
}

}  // namespace wshub::host
