// What a plugin in C++ is made of. Header only: everything here is compiled into the plugin, and only wshub/abi.h
// stands between it and the server.
//
//   struct Echo : wshub::Plugin {
//       explicit Echo(wshub::Host host) : Plugin(host) {
//           on("echo", [](wshub::Event& event) { event.ack_raw(event.raw_args()); });
//       }
//   };
//   WSHUB_PLUGIN(Echo, "echo", "1.0.0")
//
// Threads: handlers of one session never overlap and keep their order; those of different sessions do. What a plugin
// keeps beyond one session needs a lock, or WSHUB_PF_SERIAL. A handler that blocks holds up every client of its loop:
// register it as wshub::blocking, or use thread(). thread_local objects with destructors keep the plugin from being
// unloaded.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "channel.h"
#include "clock.h"
#include "emit.h"
#include "event.h"
#include "session.h"
#include "settings.h"

namespace wshub {

namespace detail {
template <class Derived>
struct Entry;
}

enum class Level : std::int32_t {
    trace = WSHUB_TRACE,
    debug = WSHUB_DEBUG,
    info = WSHUB_INFO,
    warn = WSHUB_WARN,
    error = WSHUB_ERROR,
    critical = WSHUB_CRITICAL
};

// Figures at /metrics, with the label plugin="NAME". Any thread.
class Counter {
public:
    Counter() = default;
    Counter(Host host, std::uint64_t id) : host_(host), id_(id) {}
    void inc(std::uint64_t by = 1) { host_->metric_add(host_.handle(), id_, static_cast<double>(by)); }

private:
    Host host_;
    std::uint64_t id_ = 0;
};
class Gauge {
public:
    Gauge() = default;
    Gauge(Host host, std::uint64_t id) : host_(host), id_(id) {}
    void set(double to) { host_->metric_set(host_.handle(), id_, to); }
    void add(double by) { host_->metric_add(host_.handle(), id_, by); }

private:
    Host host_;
    std::uint64_t id_ = 0;
};

// How a handler is registered that takes its time.
struct Blocking {};
inline constexpr Blocking blocking{};

// A timer made by Plugin::after().
class Timer {
public:
    Timer() = default;
    Timer(Plugin& plugin, std::uint64_t cookie) : plugin_(&plugin), cookie_(cookie) {}
    // It does not run any more, unless it is running now. Any thread, while the plugin lives.
    inline void cancel();

private:
    Plugin* plugin_ = nullptr;
    std::uint64_t cookie_ = 0;
};

// Tells a thread of the plugin when to end.
class StopToken {
public:
    explicit StopToken(Plugin& plugin) : plugin_(&plugin) {}
    inline bool stopping() const;
    // False: stop now.
    inline bool sleep(Millis duration) const;

private:
    Plugin* plugin_;
};

class Plugin {
public:
    // Of what save() writes. A plugin that changes the form counts it up: static constexpr std::uint32_t state_version
    // of its own, public.
    static constexpr std::uint32_t state_version = 1;

    explicit Plugin(Host host) : host_(host), slots_(kFirstSlot) {}
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;
    virtual ~Plugin() = default;

protected:
    // Called before the first event and after the last one. on_stop() need not end the threads made by thread(): that
    // comes next by itself.
    virtual void on_start() {}
    virtual void on_stop() {}

    // What the next version of the plugin is to know when it takes over while the hub runs: called after on_stop(), in
    // any form; empty: nothing. Whatever it throws keeps this version running, by on_start().
    virtual std::string save() { return {}; }
    // Before on_start(): what the version before saved, and its state_version (which is the newer one when the hub goes
    // back to an older version). Whatever it throws keeps the version before running. Not called when that saved
    // nothing.
    virtual void restore([[maybe_unused]] std::uint32_t version, [[maybe_unused]] std::string_view text) {}

    // ---- handlers: in the constructor only ----
    // They are bound to the namespaces in [plugin.NAME] namespaces. Those with a higher priority run first.

    // `event`: "chat:message", "chat:*" or "*".
    void on(std::string_view event, std::function<void(Event&)> handler, std::int32_t priority = 0) {
        add(WSHUB_ON_EVENT, event, priority, event_slot(std::move(handler)));
    }
    // A handler that may take its time: it runs on a worker and holds up nobody but its session, of which nothing else
    // is handled meanwhile: on("report", [](wshub::Event& event) { ... }, wshub::blocking).
    void on(std::string_view event, std::function<void(Event&)> handler, Blocking, std::int32_t priority = 0) {
        constexpr std::uint32_t kKind = std::uint32_t{WSHUB_ON_EVENT} | std::uint32_t{WSHUB_BLOCKING};
        add(kKind, event, priority, event_slot(std::move(handler)));
    }
    // May refuse the session; no side effects.
    void on_connect(std::function<void(Connect&)> handler, std::int32_t priority = 0) {
        add(WSHUB_ON_CONNECT, "", priority, [this, handler = std::move(handler)](const void* data) {
            Connect given(host_, *static_cast<const wshub_connect*>(data));
            handler(given);
            return WSHUB_OK;
        });
    }
    // The session is in, its CONNECT answer is on the way: announce it.
    void on_connected(std::function<void(Session)> handler, std::int32_t priority = 0) {
        add(WSHUB_ON_CONNECTED, "", priority, [this, handler = std::move(handler)](const void* data) {
            handler(Session(host_, static_cast<const wshub_connected*>(data)->session));
            return WSHUB_OK;
        });
    }
    // After the leave handlers for its rooms. What is known of the session can still be read, its rooms included.
    void on_disconnect(std::function<void(Session, std::string_view reason)> handler, std::int32_t priority = 0) {
        add(WSHUB_ON_DISCONNECT, "", priority, [this, handler = std::move(handler)](const void* data) {
            const auto& closed = *static_cast<const wshub_closed*>(data);
            handler(Session(host_, closed.session), detail::view(closed.reason));
            return WSHUB_OK;
        });
    }
    // Rooms of clients; already in, or out of, the room. After the handler that caused it.
    using MemberHandler = std::function<void(Session, std::string_view room)>;
    void on_join(MemberHandler handler, std::string_view room = "*", std::int32_t priority = 0) {
        add(WSHUB_ON_JOIN, room, priority, member_slot(std::move(handler)));
    }
    void on_leave(MemberHandler handler, std::string_view room = "*", std::int32_t priority = 0) {
        add(WSHUB_ON_LEAVE, room, priority, member_slot(std::move(handler)));
    }
    // `route`: "GET /metrics", or "GET /files/*" for all that begins so.
    void http(std::string_view route, std::function<void(Http&)> handler) {
        add(WSHUB_ON_HTTP, route, 0, [this, handler = std::move(handler)](const void* data) {
            Http given(host_, *static_cast<const wshub_http*>(data));
            handler(given);
            return WSHUB_OK;
        });
    }
    // Serves what begins with this path ("/devices/") by messages of the plugin's own.
    void channel(std::string_view path, Channel form, ChannelHandlers handlers) {
        const wshub_slot slot = add_slot([this, handlers = std::move(handlers)](const void* data) {
            detail::call_channel(host_, handlers, *static_cast<const wshub_channel_event*>(data));
            return WSHUB_OK;
        });
        detail::check(host_->channel(host_.handle(), detail::str(path), static_cast<std::uint32_t>(form), slot),
                      "the channel '" + std::string(path) + "'");
    }
    // Runs the handler in this rhythm while the plugin runs; never overlaps itself, but handlers of events.
    void every(Millis period, std::function<void()> handler) {
        if (period.count() <= 0) throw Error(WSHUB_EINVAL, "every: the period must be above zero");
        const wshub_slot slot = add_slot([handler = std::move(handler)](const void*) {
            handler();
            return WSHUB_OK;
        });
        periodic_.push_back({period, slot});
    }

    // ---- settings of [plugin.NAME]: in the constructor only ----
    // Declared by being read: the host checks what the INI file says against the type of the default and the range,
    // reports keys that nobody declared, and shows the help text to the operator. Types: bool, int, std::int64_t,
    // double, std::string, Millis (25s), Size (256KB), std::vector<std::string> (a, b), std::filesystem::path, which is
    // absolute or empty: a relative one of the INI file is meant from there.
    template <class Value>
    auto config(std::string_view key, const Value& otherwise, std::string_view help = {}) {
        using Type = detail::Setting<detail::SettingType<Value>>;
        return Type::read(host_, key, otherwise, help, Type::widest());
    }
    template <class Value, class Bound = detail::SettingType<Value>>
    auto config(std::string_view key, const Value& otherwise, std::string_view help, Range<Bound> range) {
        return detail::Setting<detail::SettingType<Value>>::read(host_, key, otherwise, help, range);
    }
    // A string that is never shown.
    std::string config_secret(std::string_view key, std::string_view help = {}) {
        return detail::read_setting(host_, key, WSHUB_CFG_SECRET, "", {}, {}, help);
    }

    // ---- figures: in the constructor only ----
    // `labels`: Prometheus text without braces, added to plugin="NAME".
    Counter counter(std::string_view name, std::string_view help, std::string_view labels = {}) {
        return {host_, metric(WSHUB_COUNTER, name, help, labels)};
    }
    Gauge gauge(std::string_view name, std::string_view help, std::string_view labels = {}) {
        return {host_, metric(WSHUB_GAUGE, name, help, labels)};
    }

public:
    // ---- from here on: any thread ----

    Emit to(std::string_view room) { return Emit(*this, host_).to(room); }
    Emit to_room(std::string_view room) { return Emit(*this, host_).to_room(room); }
    Emit to_private(std::string_view room, Share share = Share::own) {
        return Emit(*this, host_).to_private(room, share);
    }
    Emit to(Session session) { return Emit(*this, host_).to(session); }
    Emit to(const std::vector<Session>& sessions) { return Emit(*this, host_).to(sessions); }
    Emit all() { return Emit(*this, host_).to_all(); }

    // Without a namespace: as with Emit.
    Session session(wshub_session id) const { return {host_, id}; }
    ChannelSession channel_session(wshub_channel_session id) const { return {host_, id}; }
    Session find(std::string_view sid) const {
        wshub_session id = 0;
        host_->find_session(host_.handle(), detail::str(sid), &id);
        return {host_, id};
    }
    Session user(std::string_view username, std::string_view nsp = {}) const {
        wshub_session id = 0;
        host_->find_user(host_.handle(), detail::str(nsp), detail::str(username), &id);
        return {host_, id};
    }
    std::vector<Session> sessions(std::string_view nsp = {}) const {
        return detail::visit_sessions(host_, detail::query(WSHUB_VISIT_SESSIONS, nsp));
    }
    std::vector<Session> members(std::string_view room, std::string_view nsp = {}) const {
        return detail::visit_sessions(host_, detail::query(WSHUB_VISIT_ROOM_MEMBERS, nsp, room));
    }
    std::vector<Session> private_members(std::string_view room, Share share = Share::own,
                                         std::string_view nsp = {}) const {
        return detail::visit_sessions(
            host_, detail::query(WSHUB_VISIT_ROOM_MEMBERS, nsp, room, static_cast<std::uint32_t>(share)));
    }
    // Rooms of clients that are not empty.
    struct RoomSize {
        std::string name;
        std::size_t members;
    };
    std::vector<RoomSize> rooms(std::string_view nsp = {}) const {
        std::vector<RoomSize> rooms;
        detail::visit(host_, detail::query(WSHUB_VISIT_ROOMS, nsp),
                      [&](wshub_session, std::string_view name, std::uint64_t size) {
                          rooms.push_back({std::string(name), static_cast<std::size_t>(size)});
                      });
        return rooms;
    }
    struct User {
        std::string name;
        Session session;
    };
    std::vector<User> users(std::string_view nsp = {}) const {
        std::vector<User> users;
        detail::visit(host_, detail::query(WSHUB_VISIT_USERS, nsp),
                      [&](wshub_session id, std::string_view name, std::uint64_t) {
                          users.push_back({std::string(name), Session(host_, id)});
                      });
        return users;
    }
    // Those whose following names this user, each once.
    std::vector<Session> followers(std::string_view username, std::string_view nsp = {}) const {
        return detail::visit_sessions(host_, detail::query(WSHUB_VISIT_FOLLOWERS, nsp, username));
    }
    std::vector<std::string> namespaces() const {
        return detail::visit_names(host_, detail::query(WSHUB_VISIT_NAMESPACES));
    }
    std::uint64_t session_count(std::string_view nsp = {}) const { return count(WSHUB_COUNT_SESSIONS, nsp); }
    // Since the server was started.
    std::uint64_t total_connections(std::string_view nsp = {}) const { return count(WSHUB_COUNT_CONNECTIONS, nsp); }

    std::string server_version() const { return server_text(WSHUB_S_VERSION); }
    std::string server_url() const { return server_text(WSHUB_S_URL); }    // "http://127.0.0.1:3000": where it listens
    std::string server_path() const { return server_text(WSHUB_S_PATH); }  // "/socket.io/": where Socket.IO is served
    // What must outlive the server goes there. There may be no such directory yet: who keeps something makes it.
    std::string state_directory() const { return server_text(WSHUB_S_STATE_DIRECTORY); }

    // JSON texts that the host keeps for this plugin until the server ends. Empty: none.
    std::string var(std::string_view key) const { return Session(host_, 0).var(key); }
    template <class Value>
    void set_var(std::string_view key, const Value& value) const {
        Session(host_, 0).set_var(key, value);
    }
    void erase_var(std::string_view key) const { Session(host_, 0).erase_var(key); }

    // From on_start() on. With a session, the function meets no handler of that session but a blocking one; it runs
    // also if the session is gone by then. What has not run when the plugin stops is dropped.
    inline Timer after(Millis delay, std::function<void()> function, Session serial_with = {});
    inline void post(std::function<void()> function, Session serial_with = {});
    // A thread of the plugin, joined when it stops.
    inline void thread(std::function<void(StopToken)> function);

    // What an operator can do, by the names that `wshub ctl` has: control("kick", json::obj("sid", sid), done). From
    // on_start() on. `done` is called later on the plugin's home loop, unless the plugin has stopped by then. A hub
    // that cannot do such things answers INTERNAL.
    inline void control(std::string_view operation, const json::Raw& arguments,
                        std::function<void(const ControlAnswer&)> done);

    void log(Level level, std::string_view message) const {
        host_->log(host_.handle(), static_cast<std::int32_t>(level), detail::str(message));
    }
    void debug(std::string_view message) const { log(Level::debug, message); }
    void info(std::string_view message) const { log(Level::info, message); }
    void warn(std::string_view message) const { log(Level::warn, message); }
    void error(std::string_view message) const { log(Level::error, message); }
    bool log_enabled(Level level) const {
        return host_->log_enabled(host_.handle(), static_cast<std::int32_t>(level)) != 0;
    }

    // Milliseconds since 1970, and as "2023-06-15T12:34:56.789Z".
    std::int64_t now_ms() const { return static_cast<std::int64_t>(host_->now_ms(host_.handle())); }
    std::string timestamp() const { return iso8601_millis(now_ms()); }

    const Host& host() const { return host_; }

private:
    template <class Derived>
    friend struct detail::Entry;
    template <class State>
    friend class PerSession;
    friend class Emit;
    friend class Timer;
    friend class StopToken;

    using Slot = std::function<std::int32_t(const void* data)>;
    struct Periodic {
        Millis period;
        wshub_slot slot;
    };
    struct Once {
        std::function<void()> function;
        wshub_timer timer = 0;
    };
    struct Asked {
        std::function<void(Reply&)> callback;
        std::size_t left;  // replies to come
    };
    // Slots of things that are found by their cookie: once_, asked_ and controls_.
    static constexpr wshub_slot kOnceSlot = 0, kReplySlot = 1, kControlSlot = 2, kFirstSlot = 3;

    wshub_slot add_slot(Slot slot) {
        if (started_) throw Error(WSHUB_ESTATE, "handlers and timers of every() are made in the constructor");
        slots_.push_back(std::move(slot));
        return static_cast<wshub_slot>(slots_.size() - 1);
    }
    void add(std::uint32_t kind, std::string_view name, std::int32_t priority, Slot slot) {
        const wshub_slot number = add_slot(std::move(slot));
        detail::check(host_->on(host_.handle(), kind, detail::str(name), number, priority),
                      "a handler for '" + std::string(name) + "'");
    }
    Slot event_slot(std::function<void(Event&)> handler) {
        return [this, handler = std::move(handler)](const void* data) {
            Event given(host_, *static_cast<const wshub_event*>(data));
            handler(given);
            return std::int32_t{given.stopped() ? WSHUB_STOP : WSHUB_OK};
        };
    }
    Slot member_slot(MemberHandler handler) {
        return [this, handler = std::move(handler)](const void* data) {
            const auto& member = *static_cast<const wshub_member*>(data);
            handler(Session(host_, member.session), detail::view(member.room));
            return WSHUB_OK;
        };
    }
    std::uint64_t metric(std::uint32_t kind, std::string_view name, std::string_view help, std::string_view labels) {
        std::uint64_t id = 0;
        detail::check(
            host_->metric(host_.handle(), kind, detail::str(name), detail::str(help), detail::str(labels), &id),
            "metric '" + std::string(name) + "'");
        return id;
    }
    std::string server_text(std::uint32_t what) const {
        std::string text;
        const wshub_sink sink = detail::sink(text);
        host_->server_str(host_.handle(), what, &sink);
        return text;
    }
    std::uint64_t count(std::uint32_t what, std::string_view nsp) const {
        std::uint64_t count = 0;
        host_->count(host_.handle(), what, detail::str(nsp), &count);
        return count;
    }

    // What the host calls, by way of detail::Entry.
    inline void start();
    inline void stop();
    inline std::int32_t call(std::uint32_t kind, wshub_slot slot, const void* data);
    inline void call_once(const wshub_tick& tick);
    inline void call_reply(const wshub_reply& reply);
    inline void call_control(const wshub_answer& answer);

    const Host host_;
    std::vector<Slot> slots_;         // unchanged from start() on
    std::vector<Periodic> periodic_;  // unchanged from start() on
    bool started_ = false;

    std::mutex mutex_;  // of what follows
    std::condition_variable stop_changed_;
    bool stopping_ = false;
    std::uint64_t next_cookie_ = 1;
    std::unordered_map<std::uint64_t, Once> once_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Asked>> asked_;
    std::unordered_map<std::uint64_t, std::function<void(const ControlAnswer&)>> controls_;
    std::vector<std::thread> threads_;
};

// One State for each session, made when it is first asked for and dropped when the session has ended (after the
// plugin's own on_disconnect handlers). The reference holds until then; its session's handlers may use it without a
// lock. Not in on_connect(): a session that is refused has no end.
template <class State>
class PerSession {
public:
    explicit PerSession(Plugin& plugin) {
        plugin.on_disconnect([this](Session session, std::string_view) { erase(session); }, INT32_MIN);
    }
    PerSession(const PerSession&) = delete;

    State& operator[](const Session& session) {
        const std::lock_guard<std::mutex> lock(mutex_);
        return states_[session.id()];
    }
    void erase(const Session& session) {
        const std::lock_guard<std::mutex> lock(mutex_);
        states_.erase(session.id());
    }
    std::size_t size() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return states_.size();
    }
    // Gives all of them: each(session's id, state). For on_start(), on_stop(), save() and restore(), when no handler
    // runs.
    template <class Each>
    void for_each(Each each) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto& [id, state] : states_) each(id, state);
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<wshub_session, State> states_;
};

}  // namespace wshub

#include "running.h"

#include "entry.h"
