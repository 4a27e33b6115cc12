// Tests of plugins without a server: FakeHost calls a plugin as the hub does, with clients, time and HTTP requests that
// the test makes up. Header only; needs the SDK and the standard library, and any framework for tests, or none.
//
//   wshub::FakeHost host;
//   host.load<Echo>({{"max_length", "10"}});
//   wshub::FakeClient alice = host.connect(), bob = host.connect();
//   CHECK(alice.ask("echo", "hi") == R"(["hi"])");
//   CHECK(bob.received() == R"(echo:seen ["hi"])");
//   host.advance(30s);
//
// What is compared is text, JSON as it stands, so that a test that fails shows what came instead.
//
// The rules are those of the hub: the order of hooks, what is refused and with which code, what clients are told when a
// handler throws ({"status":"error","code":"INTERNAL"}; the reason is in host.log()). The same scenarios are run
// against both, and must come out the same.
//
// What is different:
// - Everything happens on the thread that made the FakeHost, in calls of it and of its clients; each of them ends when
//   nothing is left to be done but to wait for time: hooks and posts have run. Threads that a plugin makes run really,
//   and what they do to clients happens in the next call: see FakeHost::run_until().
// - Time stands still but in advance(). It begins at 2023-11-14T22:13:20Z.
// - Nothing is limited but rooms per session: events may come at any rate, and be of any size.
// - Usernames are compared byte by byte, not after Unicode normalization.
// - Sessions are called "sid-1", "sid-2", ...
// - Handlers that block run where the others do, and hold nobody up.
// - Clients of channels have no transport: either form is served alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin.h"
#include "testing_api.h"

namespace wshub {

class FakeHost;

// A client in a namespace. A name, not an owner: copy freely, and use it while its FakeHost lives.
class FakeClient {
public:
    // ---- how it stands

    bool connected() const { return state() == "connected"; }
    // "connected"; "waiting": a plugin holds its CONNECT; "refused": see refusal(); "disconnected": see end_reason().
    std::string state() const;
    // What its connect_error holds: {"message":"you are banned","data":{...}}. Empty: it was not refused.
    std::string refusal() const { return side_->refusal; }
    // What the client is told: "io server disconnect", "io client disconnect", "transport close", ... Empty: it is in.
    std::string end_reason() const { return side_->end; }

    // ---- events

    // Sends an event that wants no answer.
    template <class... Args>
    void emit(std::string_view event, const Args&... args) {
        emit_raw(event, json::arr(args...).text);
    }
    // Sends an event with a callback; what the callback gets. See FakeAnswer for answers that come later.
    template <class... Args>
    FakeAnswer ask(std::string_view event, const Args&... args) {
        return ask_raw(event, json::arr(args...).text);
    }
    // The same with the arguments as a JSON array; attachments are named in it by {"_placeholder":true,"num":0}, which
    // json::bin(0) makes. Throws std::invalid_argument for what no client can send.
    void emit_raw(std::string_view event, std::string_view args, const std::vector<std::string>& attachments = {});
    FakeAnswer ask_raw(std::string_view event, std::string_view args, const std::vector<std::string>& attachments = {});

    // What it got since the last time this was called, a line for each: `chat:message ["hi"]`. Empty: nothing.
    std::string received();
    // All events that it ever got. Valid until it gets more.
    const std::vector<FakeMessage>& inbox() const;
    // All that it ever saw, in order, a line each: `connected`, `got chat:message ["hi"]`, `got question [] (asks)`,
    // `callback 0 ["hi"]` (the number counts its asks), `refused {...}`, `disconnected: io server disconnect`.
    std::string history() const;

    // Answers the oldest event of that name that waits for an answer (the plugin's ask()). Throws std::logic_error if
    // there is none.
    template <class... Args>
    void answer(std::string_view event, const Args&... args) {
        answer_raw(event, json::arr(args...).text);
    }
    void answer_raw(std::string_view event, std::string_view args, const std::vector<std::string>& attachments = {});

    // It goes. Any other reason ends its whole connection, in all namespaces: "transport close", "ping timeout", ...
    void disconnect(std::string_view reason = "client namespace disconnect");
    // The same connection in another namespace.
    FakeClient also(std::string nsp, std::string auth = {}) const;
    // It reads slowly: what is emitted with volatile_() is lost.
    void read_slowly(bool slowly = true) { connection_->takes_volatile = !slowly; }

    // ---- the hub's side of it

    // As plugins see it, to arrange things and to look at them: session().join("lobby"), session().username().
    // Private rooms are the test's own; for those of the plugin: plugin.session(client.id()).in_private("x").
    Session session() const;
    wshub_session id() const { return id_; }

private:
    friend class FakeHost;
    FakeClient(FakeHost& host, std::shared_ptr<fake::Connection> connection, std::shared_ptr<fake::ClientSide> side)
        : host_(&host), connection_(std::move(connection)), side_(std::move(side)) {}

    FakeHost* host_;
    std::shared_ptr<fake::Connection> connection_;
    std::shared_ptr<fake::ClientSide> side_;
    wshub_session id_ = 0;
};

// A client of a channel. A name, not an owner: copy freely, and use it while its FakeHost lives.
class FakeChannel {
public:
    bool connected() const { return side_ && side_->open; }
    // Code and reason of its close frame: "1000 bye". Empty: it is in, or nobody serves its path.
    std::string end() const { return side_ ? side_->end : std::string(); }

    void send_text(std::string_view text) { send(text, false); }
    void send_binary(std::string_view bytes) { send(bytes, true); }
    // What it got since the last time this was called, a line for each: `text hello`, `binary ...`. Empty: nothing.
    std::string received();
    // It goes.
    void disconnect(std::string_view reason = "transport close");

    // For the plugin's own view of it: plugin.channel_session(client.id()).
    wshub_channel_session id() const { return side_ ? side_->id : 0; }

private:
    friend class FakeHost;
    FakeChannel(FakeHost& host, std::shared_ptr<fake::ChannelSide> side) : host_(&host), side_(std::move(side)) {}
    void send(std::string_view data, bool binary);

    FakeHost* host_;
    std::shared_ptr<fake::ChannelSide> side_;  // null: nobody serves the path
};

// A hub with plugins in it. Used by the thread that made it.
class FakeHost {
public:
    FakeHost();
    // Stops the plugins.
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    // ---- plugins

    // Makes a plugin, with settings as they would stand in the INI file. Throws std::runtime_error with the lines that
    // the operator would read if the plugin refuses to start, or if settings are wrong. Several plugins can be loaded;
    // they run in this order. `name`: what it is called in the log and at /metrics.
    template <class Derived>
    Derived& load(FakeSettings settings = {}, std::string name = {}) {
        static constexpr wshub_plugin_v1 functions = detail::Entry<Derived>::table();
        void* const self = load_functions(&functions, std::move(settings), std::move(name));
        return static_cast<Derived&>(*static_cast<Plugin*>(self));
    }
    // The plugin that is linked into the test program with WSHUB_PLUGIN, or in C.
    void load(FakeSettings settings = {}, std::string name = {}) {
        load_functions(wshub_plugin_entry_v1(), std::move(settings), std::move(name));
    }
    // What an entry function gave: for programs with several plugins in them, compiled with entries of other names.
    void load_entry(const wshub_plugin_v1* functions, FakeSettings settings = {}, std::string name = {}) {
        load_functions(functions, std::move(settings), std::move(name));
    }

    // Starts what is loaded. The first client, request or advance() does it, too. Throws std::runtime_error with the
    // reason if a plugin fails to start.
    void start();
    // Disconnects the clients ("server shutting down") and stops the plugins. They can be started again.
    void stop();

    // Puts a new instance in the place of each plugin as the hub does when its file has changed: what save() gives, a
    // new one's restore() gets; clients and all that is known of them stay. References that load() gave are void then.
    // Throws std::runtime_error with the reason if the old one goes on instead.
    void reload();
    // The same, with another version's code: what its entry function gave.
    void reload_entry(const wshub_plugin_v1* functions);
    // Another class, as the next version of the plugin that was loaded first.
    template <class Derived>
    Derived& reload_as() {
        static constexpr wshub_plugin_v1 functions = detail::Entry<Derived>::table();
        reload_entry(&functions);
        return static_cast<Derived&>(*static_cast<Plugin*>(world_.instances.front()->self));
    }

    // ---- operations on the hub

    // What plugins asked for by control(), in order. kick, leave and broadcast are done; reload only says that it was:
    // see reload().
    std::vector<FakeControlRequest> control_requests() const;
    // From now on this is what that operation answers, and nothing else is done.
    void answer_control(const std::string& operation, FakeControlAnswer answer);

    // ---- clients

    FakeClient connect(FakeConnect as = {});
    // `target`: "GET /greeting?name=x". The headers are lines, "Name: value\r\n" for each.
    FakeHttpAnswer http(std::string_view target, std::string_view body = {}, std::string_view headers = {},
                        std::string remote = "192.0.2.1");

    // A client of a channel, in either form. `target`: path and query, "/devices/7?key=x".
    FakeChannel open(std::string target, FakeChannelConnect as = {});

    // ---- time

    // Moves the clock; timers run when they are due, each at its own time.
    void advance(Millis by);
    std::int64_t now_ms() const;
    // Lets hooks and posts run. Only needed after what the test did by other ways than clients:
    // plugin.to("x").emit(...)
    void run();
    // For plugins with threads of their own: runs until the condition holds. False: it did not in the given (real)
    // time.
    bool run_until(const std::function<bool()>& condition, Millis patience = std::chrono::seconds(10));

    // ---- what plugins left behind

    // A counter or gauge; 0 if there is none. Of several plugins' figures of that name and those labels, the sum.
    double metric(std::string_view name, std::string_view labels = {}) const;
    // All of them as at /metrics: `echoed_total{plugin="echo"} 3`, a line each, by name.
    std::string metrics() const;
    // Log lines, `info [echo] message`, a line each; failed handlers and their reasons too.
    std::string log() const;
    std::vector<FakeLogLine> log_lines() const;
    // Lines below this level are dropped. At first there is no such level.
    void set_log_level(Level level);
    // Handlers that failed: the same lines as in the log. A test may check that this is empty.
    std::string failures() const;
    // Whether anybody handles that event.
    bool handles(std::string_view event, std::string_view nsp = "/") const;

    // ---- the server, as plugins see it. Before plugins are loaded.

    void set_server(std::string version, std::string url, std::string state_directory);
    void set_connect_timeout(Millis timeout);  // [engine] connect_timeout: 45 s
    void set_max_rooms(std::size_t rooms);     // [limits] max_rooms_per_session: 1000; 0: no limit

    // What plugins are given, for tests in C's manner. The handle is that of the test itself.
    const wshub_host_v1& functions() const { return fake::host_functions(); }
    Host handle() const { return Host(test_.handle(), &fake::host_functions()); }

private:
    friend class FakeClient;
    friend class FakeChannel;
    using Lock = std::unique_lock<std::mutex>;

    void* load_functions(const wshub_plugin_v1* functions, FakeSettings settings, std::string name);
    void start_all();
    FakeClient connect_as(std::shared_ptr<fake::Connection> connection, std::string nsp, std::string auth);
    void send(const FakeClient& from, std::string_view event, std::string_view args,
              const std::vector<std::string>& attachments, const std::shared_ptr<fake::AnswerState>& answer);
    Lock drive();

    mutable fake::World world_;
    mutable fake::Instance test_;  // what the test does to sessions
};

// ---- FakeClient

}  // namespace wshub

#include "testing_host.h"
