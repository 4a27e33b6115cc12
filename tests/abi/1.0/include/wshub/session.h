// What a plugin sees of the host and of the clients: Host and Session. Part of plugin.h.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi.h"
#include "json.h"

namespace wshub {

// Something that the host refused, or that the plugin wants to give a code. Thrown out of a handler it costs that one
// event; its text goes to the log, never to a client.
class Error : public std::runtime_error {
public:
    Error(std::int32_t code, const std::string& what) : std::runtime_error(what), code_(code) {}
    std::int32_t code() const { return code_; }

private:
    std::int32_t code_;
};

// Private rooms: of this plugin alone, or common to all plugins. No client reaches either.
enum class Share : std::uint32_t { own = WSHUB_ROOM_PRIVATE, all_plugins = WSHUB_ROOM_PRIVATE | WSHUB_ROOM_SHARED };

namespace detail {

inline wshub_str str(std::string_view text) {
    return {text.data(), text.size()};
}
inline std::string_view view(wshub_str text) {
    return text.n == 0 ? std::string_view() : std::string_view(text.p, text.n);
}
inline std::string_view view(wshub_bytes bytes) {
    return bytes.n == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes.p), bytes.n);
}

// Lets the host write into a string. Its memory running out must not throw through the host: what does not fit is lost.
inline wshub_sink sink(std::string& out) {
    const auto put = [](void* user, const char* p, std::size_t n) {
        try {
            static_cast<std::string*>(user)->append(p, n);
        } catch (...) {
        }
    };
    return {put, &out};
}

[[noreturn]] inline void refuse(std::int32_t code, std::string_view what) {
    throw Error(code, std::string(what) + ": refused by the host (" + std::to_string(code) + ")");
}

// For calls that can only fail by a mistake of the plugin.
inline std::int32_t check(std::int32_t code, std::string_view what) {
    if (code < 0) refuse(code, what);
    return code;
}

// For calls about a session, which may be gone at any time: false then.
inline bool check_there(std::int32_t code, std::string_view what) {
    if (code == WSHUB_ENOENT) return false;
    check(code, what);
    return true;
}

}  // namespace detail

// The host as this instance of the plugin sees it. Two pointers: copy freely.
class Host {
public:
    Host() = default;
    Host(wshub_host* handle, const wshub_host_v1* functions) : handle_(handle), functions_(functions) {}

    wshub_host* handle() const { return handle_; }
    const wshub_host_v1* operator->() const { return functions_; }

    // Whether the running server has this function: host.has(&wshub_host_v1::emit). For plugins that lower
    // WSHUB_ABI_MIN_MINOR.
    template <class Function>
    bool has(Function wshub_host_v1::*function) const {
        const auto offset =
            reinterpret_cast<const char*>(&(functions_->*function)) - reinterpret_cast<const char*>(functions_);
        return static_cast<std::size_t>(offset) + sizeof(Function) <= functions_->size &&
               functions_->*function != nullptr;
    }

private:
    wshub_host* handle_ = nullptr;
    const wshub_host_v1* functions_ = nullptr;
};

// A client in a namespace. A name, not an owner: the client may be gone at any time; then texts are empty and actions
// do nothing. Copy freely; any thread.
class Session {
public:
    Session() = default;
    Session(Host host, wshub_session id) : host_(host), id_(id) {}

    wshub_session id() const { return id_; }
    explicit operator bool() const { return id_ != 0; }
    friend bool operator==(const Session& a, const Session& b) { return a.id_ == b.id_; }
    friend bool operator!=(const Session& a, const Session& b) { return a.id_ != b.id_; }
    friend bool operator<(const Session& a, const Session& b) { return a.id_ < b.id_; }

    std::string sid() const { return text(WSHUB_F_SID); }
    std::string nsp() const { return text(WSHUB_F_NSP); }
    std::string remote() const { return text(WSHUB_F_REMOTE); }  // address without port
    std::optional<std::string> user_agent() const { return optional_text(WSHUB_F_USER_AGENT); }
    std::optional<std::string> auth() const { return optional_text(WSHUB_F_AUTH); }  // JSON object
    std::string username() const { return text(WSHUB_F_USERNAME); }                  // empty: none
    std::string profile() const { return text(WSHUB_F_PROFILE); }                    // JSON object
    std::string transport() const { return text(WSHUB_F_TRANSPORT); }
    std::string headers() const { return text(WSHUB_F_HEADERS); }
    std::string query() const { return text(WSHUB_F_QUERY); }
    std::string following() const { return text(WSHUB_F_FOLLOWING); }  // JSON array of usernames
    std::string roles() const { return text(WSHUB_F_ROLES); }          // JSON array of texts
    bool has_role(std::string_view role) const {
        return host_->has_role(host_.handle(), id_, detail::str(role)) == WSHUB_OK;
    }
    std::int64_t connected_at_ms() const { return number(WSHUB_N_CONNECTED_AT_MS); }
    std::int64_t events_in() const { return number(WSHUB_N_EVENTS_IN); }
    std::int64_t events_out() const { return number(WSHUB_N_EVENTS_OUT); }
    bool secure() const { return number(WSHUB_N_SECURE) != 0; }

    enum class Claim : std::uint8_t {
        done,
        taken,    // another session has the name
        invalid,  // not 1 to 64 code points, or with control characters, or only blanks
        gone,     // this session
        fixed,    // it was given before the session was in, and stays
    };
    // An empty name releases the one it has.
    Claim set_username(std::string_view name) const {
        const std::int32_t code = host_->session_set(host_.handle(), id_, WSHUB_F_USERNAME, detail::str(name));
        if (code == WSHUB_EEXIST) return Claim::taken;
        if (code == WSHUB_ESTATE) return Claim::fixed;
        if (code == WSHUB_EINVAL) return Claim::invalid;
        return detail::check_there(code, "set_username") ? Claim::done : Claim::gone;
    }
    // An array of texts.
    bool set_following(const json::Raw& usernames) const {
        return detail::check_there(
            host_->session_set(host_.handle(), id_, WSHUB_F_FOLLOWING, detail::str(usernames.text)), "set_following");
    }
    bool set_roles(const json::Raw& roles) const {
        return detail::check_there(host_->session_set(host_.handle(), id_, WSHUB_F_ROLES, detail::str(roles.text)),
                                   "set_roles");
    }
    // `profile` is a JSON object.
    bool set_profile(const json::Raw& profile) const {
        return detail::check_there(host_->session_set(host_.handle(), id_, WSHUB_F_PROFILE, detail::str(profile.text)),
                                   "set_profile");
    }

    // Rooms of clients. True: something changed; false: it was in (not in) already, or the session is gone. Names have
    // 1 to 255 bytes; others throw, and so does a room above [limits] max_rooms_per_session (WSHUB_ELIMIT).
    bool join(std::string_view room) const { return change(host_->join, room, 0, "join"); }
    bool leave(std::string_view room) const { return change(host_->leave, room, 0, "leave"); }
    // Rooms that no client reaches: see Emit::to_private().
    bool join_private(std::string_view room, Share share = Share::own) const {
        return change(host_->join, room, static_cast<std::uint32_t>(share), "join_private");
    }
    bool leave_private(std::string_view room, Share share = Share::own) const {
        return change(host_->leave, room, static_cast<std::uint32_t>(share), "leave_private");
    }
    bool in(std::string_view room) const { return is_in(room, 0); }
    bool in_private(std::string_view room, Share share = Share::own) const {
        return is_in(room, static_cast<std::uint32_t>(share));
    }
    // Rooms of clients it is in, in the order joined.
    std::vector<std::string> rooms() const;

    // Ends this session (the client does not come back by itself), or the whole connection.
    void disconnect() const { host_->disconnect(host_.handle(), id_, 0); }
    void close_transport() const { host_->disconnect(host_.handle(), id_, 1); }

    // JSON texts that the host keeps with the session, shared by all plugins. Empty: none.
    std::string var(std::string_view key) const {
        std::string value;
        const wshub_sink sink = detail::sink(value);
        host_->var_get(host_.handle(), id_, detail::str(key), &sink);
        return value;
    }
    template <class Value>
    void set_var(std::string_view key, const Value& value) const {
        std::string text;
        json::put(text, value);
        detail::check_there(host_->var_set(host_.handle(), id_, detail::str(key), detail::str(text)), "set_var");
    }
    void erase_var(std::string_view key) const {
        host_->var_set(host_.handle(), id_, detail::str(key), detail::str({}));
    }

private:
    using RoomFunction = std::int32_t (*)(wshub_host*, wshub_session, wshub_str, std::uint32_t);
    bool change(RoomFunction function, std::string_view room, std::uint32_t flags, std::string_view what) const {
        const std::int32_t code = function(host_.handle(), id_, detail::str(room), flags);
        return detail::check_there(code, what) && code != WSHUB_UNCHANGED;
    }
    bool is_in(std::string_view room, std::uint32_t flags) const {
        return host_->in_room(host_.handle(), id_, detail::str(room), flags) == WSHUB_OK;
    }
    std::optional<std::string> optional_text(std::uint32_t field) const {
        std::string value;
        const wshub_sink sink = detail::sink(value);
        const std::int32_t code = host_->session_str(host_.handle(), id_, field, &sink);
        return code == WSHUB_OK ? std::optional<std::string>(std::move(value)) : std::nullopt;
    }
    std::string text(std::uint32_t field) const { return optional_text(field).value_or(std::string()); }
    std::int64_t number(std::uint32_t field) const {
        std::int64_t value = 0;
        host_->session_num(host_.handle(), id_, field, &value);
        return value;
    }

    Host host_;
    wshub_session id_ = 0;
};

namespace detail {

// Runs a query of wshub_host_v1::visit. `take(session, name, number)` is called for each.
template <class Take>
void visit(const Host& host, wshub_query query, Take take) {
    query.size = sizeof query;
    std::pair<Take*, bool> state{&take, false};
    const auto call = [](void* user, wshub_session session, wshub_str name, std::uint64_t number) -> std::int32_t {
        auto& [taker, failed] = *static_cast<std::pair<Take*, bool>*>(user);
        try {
            (*taker)(session, view(name), number);
            return 0;
        } catch (...) {
            failed = true;  // an exception must not pass through the host
            return 1;
        }
    };
    const wshub_visitor visitor{call, &state};
    check_there(host->visit(host.handle(), &query, &visitor), "visit");
    if (state.second) throw Error(WSHUB_EINTERNAL, "visit: out of memory");
}

inline std::vector<std::string> visit_names(const Host& host, const wshub_query& query) {
    std::vector<std::string> names;
    visit(host, query, [&](wshub_session, std::string_view name, std::uint64_t) { names.emplace_back(name); });
    return names;
}

inline std::vector<Session> visit_sessions(const Host& host, const wshub_query& query) {
    std::vector<Session> sessions;
    visit(host, query, [&](wshub_session id, std::string_view, std::uint64_t) { sessions.emplace_back(host, id); });
    return sessions;
}

inline wshub_query query(std::uint32_t what, std::string_view nsp = {}, std::string_view key = {},
                         std::uint32_t flags = 0) {
    wshub_query query{};
    query.what = what;
    query.nsp = str(nsp);
    query.key = str(key);
    query.flags = flags;
    return query;
}

}  // namespace detail

inline std::vector<std::string> Session::rooms() const {
    wshub_query query = detail::query(WSHUB_VISIT_SESSION_ROOMS);
    query.session = id_;
    return detail::visit_names(host_, query);
}

}  // namespace wshub
