// Host functions of FakeHost about clients: emit, sessions, rooms, users, variables. Part of testing.h, and no concern
// of its users.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_call.h"

namespace wshub::fake {

// ---- emit

// False: a list that makes no sense. Names that no room can have are left out.
inline bool read_rooms(const Instance& instance, const wshub_str* names, const std::uint32_t* flags, std::size_t count,
                       std::vector<std::string>& out) {
    if (count > 0 && !names) return false;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t kind = flags ? flags[i] : 0;
        if (!are_room_flags(kind)) return false;
        out.push_back(room_key(instance, names[i], kind));
    }
    return true;
}

inline std::int32_t emit(Call call, const wshub_emit* message) {
    constexpr std::size_t kFirstSize = offsetof(wshub_emit, reply_cookie) + sizeof(wshub_emit::reply_cookie);
    constexpr std::uint32_t kKnownFlags = WSHUB_EMIT_VOLATILE | WSHUB_EMIT_ALL | WSHUB_EMIT_LOCAL;
    constexpr std::uint64_t kReplyTimeout = 10'000;
    wshub_emit from;
    if (!read_sized(message, kFirstSize, from) || (from.flags & ~kKnownFlags) != 0) return WSHUB_EINVAL;
    if ((from.n_sessions > 0 && !from.sessions) || (from.n_except_sessions > 0 && !from.except_sessions)) {
        return WSHUB_EINVAL;
    }
    Emit emit;
    const Instance& instance = call.instance;
    if (!read_bins(from.bins, from.n_bins, emit.attachments) ||
        !read_rooms(instance, from.rooms, from.room_flags, from.n_rooms, emit.rooms) ||
        !read_rooms(instance, from.except_rooms, from.except_room_flags, from.n_except_rooms, emit.except_rooms)) {
        return WSHUB_EINVAL;
    }
    emit.all = (from.flags & WSHUB_EMIT_ALL) != 0;
    emit.is_volatile = (from.flags & WSHUB_EMIT_VOLATILE) != 0;
    if (from.n_sessions > 0) emit.sockets.assign(from.sessions, from.sessions + from.n_sessions);
    if (from.n_except_sessions > 0) {
        emit.except_sockets.assign(from.except_sessions, from.except_sessions + from.n_except_sessions);
    }
    emit.event = text(from.event);
    const std::string args = from.args.n > 0 ? text(from.args) : "[]";
    emit.args = checked_json(args, '[');
    if (emit.event.empty() || !is_utf8(emit.event) || is_reserved_event(emit.event) || emit.args.empty()) {
        return WSHUB_EINVAL;
    }
    const bool to_many = emit.all || !emit.rooms.empty();
    if (!to_many && emit.sockets.empty()) return WSHUB_EINVAL;
    if (from.reply_slot != 0) {
        if (to_many || !emit.except_rooms.empty() || !emit.except_sockets.empty()) return WSHUB_EINVAL;
        emit.asker = Asker{instance.number, from.reply_slot, from.reply_cookie};
        emit.timeout = from.reply_timeout_ms != 0 ? from.reply_timeout_ms : kReplyTimeout;
    }
    if (to_many) emit.namespaces = meant_namespaces(instance, from.nsp);
    if (const std::int32_t code = Hub::check(emit)) return code;
    Hub& hub = call.world.hub;
    return call.act([&hub, emit = std::move(emit)] { return hub.emit(emit); });
}

// ---- sessions and rooms

inline std::int32_t change_room(const Call& call, wshub_session session, wshub_str room, std::uint32_t flags,
                                bool joins) {
    const std::string key = room_key(call.instance, room, flags);
    if (key.empty()) return WSHUB_EINVAL;
    Hub& hub = call.world.hub;
    if (call.world.here()) return joins ? hub.join(session, key) : hub.leave_room(session, key);
    const Socket* const socket = hub.alive(session);
    if (!socket) return WSHUB_ENOENT;
    const bool is_in = socket->places.count(key) != 0;
    if (joins && !is_in && is_client_room(key) && hub.max_rooms > 0 && socket->rooms.size() >= hub.max_rooms) {
        return WSHUB_ELIMIT;
    }
    call.post([=, &hub] { joins ? hub.join(session, key) : hub.leave_room(session, key); });
    return is_in == joins ? WSHUB_UNCHANGED : WSHUB_OK;
}
inline std::int32_t join(Call call, wshub_session session, wshub_str room, std::uint32_t flags) {
    return change_room(call, session, room, flags, true);
}
inline std::int32_t leave(Call call, wshub_session session, wshub_str room, std::uint32_t flags) {
    return change_room(call, session, room, flags, false);
}
inline std::int32_t in_room(Call call, wshub_session session, wshub_str room, std::uint32_t flags) {
    if (!are_room_flags(flags)) return WSHUB_EINVAL;
    const Socket* const socket = call.world.hub.alive(session);
    return socket && socket->places.count(room_key(call.instance, room, flags)) != 0 ? WSHUB_OK : WSHUB_NONE;
}
inline std::int32_t disconnect(Call call, wshub_session session, std::uint32_t transport) {
    Hub& hub = call.world.hub;
    return call.act_on(session,
                       [=, &hub] { return transport != 0 ? hub.close_transport(session) : hub.disconnect(session); });
}

inline std::string role_list(const std::vector<std::string>& roles) {
    std::string list;
    json::put(list, roles);
    return list;
}
inline std::int32_t text_field(const Socket& socket, std::uint32_t field, std::string& out) {
    const FakeConnect& as = socket.connection->as;
    switch (field) {
        case WSHUB_F_SID: out = socket.sid; return WSHUB_OK;
        case WSHUB_F_NSP: out = socket.nsp; return WSHUB_OK;
        case WSHUB_F_REMOTE: out = as.remote; return WSHUB_OK;
        case WSHUB_F_USER_AGENT: out = as.user_agent.value_or(""); return as.user_agent ? WSHUB_OK : WSHUB_NONE;
        case WSHUB_F_AUTH: out = socket.auth; return socket.auth.empty() ? WSHUB_NONE : WSHUB_OK;
        case WSHUB_F_USERNAME: out = socket.username; return WSHUB_OK;
        case WSHUB_F_PROFILE: out = socket.profile; return WSHUB_OK;
        case WSHUB_F_TRANSPORT: out = as.transport; return WSHUB_OK;
        case WSHUB_F_HEADERS: out = as.headers; return WSHUB_OK;
        case WSHUB_F_QUERY: out = as.query; return WSHUB_OK;
        case WSHUB_F_FOLLOWING: out = socket.following; return WSHUB_OK;
        case WSHUB_F_ROLES: out = role_list(socket.roles); return WSHUB_OK;
        default: return WSHUB_EINVAL;
    }
}
inline std::int32_t session_str(Call call, wshub_session session, std::uint32_t field, const wshub_sink* sink) {
    if (!is_sink(sink)) return WSHUB_EINVAL;
    const Socket* const socket = call.world.hub.find(session);
    if (!socket) return WSHUB_ENOENT;
    std::string value;
    const std::int32_t code = text_field(*socket, field, value);
    if (code == WSHUB_OK) call.put(*sink, value);
    return code;
}
inline std::int32_t session_num(Call call, wshub_session session, std::uint32_t field, std::int64_t* out) {
    if (!out) return WSHUB_EINVAL;
    const Socket* const socket = call.world.hub.find(session);
    if (!socket) return WSHUB_ENOENT;
    switch (field) {
        case WSHUB_N_CONNECTED_AT_MS: *out = static_cast<std::int64_t>(socket->connected_at); return WSHUB_OK;
        case WSHUB_N_EVENTS_IN: *out = static_cast<std::int64_t>(socket->events_in); return WSHUB_OK;
        case WSHUB_N_EVENTS_OUT: *out = static_cast<std::int64_t>(socket->events_out); return WSHUB_OK;
        case WSHUB_N_ROOMS: *out = static_cast<std::int64_t>(socket->rooms.size()); return WSHUB_OK;
        case WSHUB_N_SECURE: *out = socket->connection->as.secure ? 1 : 0; return WSHUB_OK;
        default: return WSHUB_EINVAL;
    }
}
// Changes a session that is there.
template <class Change>
std::int32_t change_session(const Call& call, wshub_session session, Change change) {
    Hub& hub = call.world.hub;
    return call.act_on(session, [=, &hub]() -> std::int32_t {
        Socket* const socket = hub.alive(session);
        if (!socket) return WSHUB_ENOENT;
        change(*socket);
        return WSHUB_OK;
    });
}
inline std::int32_t set_username(const Call& call, wshub_session session, const std::string& name) {
    Hub& hub = call.world.hub;
    if (!name.empty() && !is_username(name)) return WSHUB_EINVAL;
    const Socket* const socket = hub.alive(session);
    if (!socket) return WSHUB_ENOENT;
    // Claimed at once, so that of two who ask one gets it; on the test's thread the plugin sees it at once, too.
    return hub.set_username(session, name);
}
inline std::int32_t session_set(Call call, wshub_session session, std::uint32_t field, wshub_str value) {
    constexpr std::size_t kMostFollowing = 256'000;
    const std::string given = text(value);
    switch (field) {
        case WSHUB_F_USERNAME: return set_username(call, session, given);
        case WSHUB_F_PROFILE: {
            const std::string profile(checked_json(given, '{'));
            if (profile.empty()) return WSHUB_EINVAL;
            return change_session(call, session, [profile](Socket& socket) { socket.profile = profile; });
        }
        case WSHUB_F_FOLLOWING: {
            if (given.size() > kMostFollowing) return WSHUB_ELIMIT;
            const auto names = text_list(given);
            if (!names) return WSHUB_EINVAL;
            return change_session(call, session, [names = *names, json = std::string(trim(given))](Socket& socket) {
                socket.following = json;
                socket.follows = names;
            });
        }
        case WSHUB_F_ROLES: {
            const auto roles = text_list(given);
            if (!roles) return WSHUB_EINVAL;
            return change_session(call, session, [roles = *roles](Socket& socket) { socket.roles = roles; });
        }
        default: return WSHUB_EINVAL;
    }
}
inline std::int32_t has_role(Call call, wshub_session session, wshub_str role) {
    const Socket* const socket = call.world.hub.find(session);
    const std::string wanted = text(role);
    return socket && std::find(socket->roles.begin(), socket->roles.end(), wanted) != socket->roles.end() ? WSHUB_OK
                                                                                                          : WSHUB_NONE;
}

// ---- who is there

inline std::int32_t find_session(Call call, wshub_str sid, wshub_session* out) {
    if (!out) return WSHUB_EINVAL;
    *out = call.world.hub.find_sid(text(sid));
    return *out != 0 ? WSHUB_OK : WSHUB_ENOENT;
}
inline std::int32_t find_user(Call call, wshub_str nsp, wshub_str username, wshub_session* out) {
    if (!out) return WSHUB_EINVAL;
    *out = 0;
    for (const std::string& each : meant_namespaces(call.instance, nsp)) {
        if (*out == 0) *out = call.world.hub.find_user(each, text(username));
    }
    return *out != 0 ? WSHUB_OK : WSHUB_ENOENT;
}
inline std::int32_t count(Call call, std::uint32_t what, wshub_str nsp, std::uint64_t* out) {
    if (!out || (what != WSHUB_COUNT_SESSIONS && what != WSHUB_COUNT_CONNECTIONS)) return WSHUB_EINVAL;
    const Hub& hub = call.world.hub;
    *out = 0;
    for (const std::string& each : meant_namespaces(call.instance, nsp)) {
        *out += what == WSHUB_COUNT_SESSIONS ? hub.connected(each).size() : hub.total(each);
    }
    return WSHUB_OK;
}

struct Visited {
    wshub_session session = 0;
    std::string name;
    std::uint64_t number = 0;
};
inline std::int32_t visit_in(const Call& call, const std::string& nsp, const wshub_query& query,
                             std::vector<Visited>& out) {
    const Hub& hub = call.world.hub;
    switch (query.what) {
        case WSHUB_VISIT_SESSIONS:
            for (const wshub_session each : hub.connected(nsp)) out.push_back({each, {}, 0});
            return WSHUB_OK;
        case WSHUB_VISIT_ROOMS:
            for (const auto& [name, size] : hub.rooms(nsp)) out.push_back({0, name, size});
            return WSHUB_OK;
        case WSHUB_VISIT_ROOM_MEMBERS: {
            const std::string key = room_key(call.instance, query.key, query.flags);
            const auto is_in = [&](const Socket& it) { return it.nsp == nsp && it.places.count(key) != 0; };
            for (const wshub_session each : hub.those(is_in)) out.push_back({each, {}, 0});
            return WSHUB_OK;
        }
        case WSHUB_VISIT_USERS:
            for (const wshub_session each : hub.connected(nsp)) {
                const std::string& name = hub.find(each)->username;
                if (!name.empty()) out.push_back({each, name, 0});
            }
            return WSHUB_OK;
        case WSHUB_VISIT_FOLLOWERS: {
            const std::string name = text(query.key);
            if (!is_username(name)) return WSHUB_OK;
            const auto follows = [&](const Socket& it) {
                return it.nsp == nsp && std::find(it.follows.begin(), it.follows.end(), name) != it.follows.end();
            };
            for (const wshub_session each : hub.those(follows)) out.push_back({each, {}, 0});
            return WSHUB_OK;
        }
        default: return WSHUB_EINVAL;
    }
}
inline std::int32_t collect(const Call& call, const wshub_query& query, std::vector<Visited>& out) {
    switch (query.what) {
        case WSHUB_VISIT_SESSION_ROOMS: {
            const Socket* const socket = call.world.hub.find(query.session);
            if (!socket) return WSHUB_ENOENT;
            for (const std::string& room : socket->rooms) out.push_back({0, room, 0});
            return WSHUB_OK;
        }
        case WSHUB_VISIT_NAMESPACES:
            for (const std::string& nsp : call.instance.settings.namespaces()) out.push_back({0, nsp, 0});
            return WSHUB_OK;
        case WSHUB_VISIT_PLUGINS:
            for (const auto& each : call.world.instances) {
                out.push_back({0, each->name, each->state == Instance::State::running ? 1u : 0u});
            }
            return WSHUB_OK;
        default: break;
    }
    for (const std::string& nsp : meant_namespaces(call.instance, query.nsp)) {
        if (const std::int32_t code = visit_in(call, nsp, query, out)) return code;
    }
    return WSHUB_OK;
}
inline std::int32_t visit(Call call, const wshub_query* query, const wshub_visitor* visitor) {
    constexpr std::size_t kFirstSize = offsetof(wshub_query, session) + sizeof(wshub_query::session);
    wshub_query asked;
    if (!read_sized(query, kFirstSize, asked) || !visitor || !visitor->visit) return WSHUB_EINVAL;
    if (!are_room_flags(asked.flags)) return WSHUB_EINVAL;
    std::vector<Visited> found;
    const std::int32_t code = collect(call, asked, found);
    call.lock.unlock();
    for (const Visited& each : found) {
        if (visitor->visit(visitor->user, each.session, detail::str(each.name), each.number) != 0) break;
    }
    return code;
}

// ---- variables

inline std::int32_t var_get(Call call, wshub_session session, wshub_str key, const wshub_sink* sink) {
    if (!is_sink(sink)) return WSHUB_EINVAL;
    const Socket* const socket = session != 0 ? call.world.hub.find(session) : nullptr;
    if (session != 0 && !socket) return WSHUB_ENOENT;
    const auto& vars = socket ? socket->vars : call.instance.vars;
    const auto found = vars.find(text(key));
    if (found == vars.end()) return WSHUB_ENOENT;
    call.put(*sink, std::string(found->second));
    return WSHUB_OK;
}
inline std::int32_t var_set(Call call, wshub_session session, wshub_str key, wshub_str json) {
    const std::string name = text(key), given = text(json);
    if (name.empty() || !is_utf8(name)) return WSHUB_EINVAL;
    const std::string value(given.empty() ? std::string_view()
                                          : checked_json(given, '\0', session != 0 ? kMaxDepth : kMaxOwnDepth));
    if (value.empty() != given.empty()) return WSHUB_EINVAL;
    const auto set = [name](auto& vars, const std::string& to) {
        vars.erase(name);
        if (!to.empty()) vars.emplace(name, to);
    };
    if (session != 0) return change_session(call, session, [set, value](Socket& socket) { set(socket.vars, value); });
    set(call.instance.vars, given);
    return WSHUB_OK;
}

}  // namespace wshub::fake
