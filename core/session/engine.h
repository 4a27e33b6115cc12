// The Engine.IO server (protocol 4): takes the requests under its path, opens sessions, finds them again, and answers
// what is wrong.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "session/session.h"
#include "session/session_limits.h"

namespace wshub::session {

// Which origins a browser may come from. Names as in Node's `cors` option.
struct CorsSettings {
    bool enabled = false;
    bool any_origin = false;           // "*"
    std::vector<std::string> origins;  // exact, or with a leading "*." for subdomains (https://*.example.org)
    bool credentials = false;
    std::vector<std::string> methods{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"};
    std::vector<std::string> allowed_headers;  // empty: echoes what the browser asks for
    std::vector<std::string> exposed_headers;
    std::optional<std::chrono::seconds> max_age;
};

// What travels by the transports.
enum class Form : std::uint8_t {
    kEngineIo,
    kWebSocket,  // messages of WebSocket as they are: no polling, no packets
};

struct EngineSettings {
    std::string path = "/socket.io/";
    Form form = Form::kEngineIo;
    std::string metric_labels;              // Prometheus text without braces; of the server's own engine: none
    bool polling = true, websocket = true;  // transports
    bool allow_upgrades = true;
    base::milliseconds upgrade_timeout{10'000};
    base::milliseconds ping_interval{25'000};
    base::milliseconds ping_timeout{20'000};
    std::size_t max_http_buffer_size = 1'000'000;
    std::size_t max_held_bytes = 256 * 1024 * 1024;  // of messages over WebSocket that are not whole, of all clients
    std::size_t max_queued_bytes = 4'000'000;        // of one session; see Session::send
    SessionLimits limits;
    CorsSettings cors;
    bool check_websocket_origin = false;  // refuse WebSockets from pages of other origins that CORS would not allow
    std::string cookie;                   // name; empty: none
    // Asked before a handshake, on any loop's thread; a text refuses it (403, code 4). Empty: everybody may.
    std::function<std::optional<std::string>(const protocol::HttpHead&, const net::Peer&)> allow_request;
};

struct SharedLimits;

class Engine final : public net::ExchangeHandler {
public:
    // loops[i] is the loop of index i; at most 256. They outlive the engine, and have stopped when it is destroyed:
    // sessions that are open then go without on_closed(). Engines of one server share their limits; null: it has its
    // own, as the settings say.
    Engine(EngineSettings settings, std::vector<net::Loop*> loops, SessionFactory& factory, base::Metrics& metrics,
           std::shared_ptr<SharedLimits> limits = nullptr);
    ~Engine();

    // Refuses a body for a session that does not exist, and one whose query is wrong.
    std::optional<net::HttpResponse> refuse_body(const protocol::HttpHead& head) override;
    void on_exchange(std::unique_ptr<net::HttpExchange> exchange) override;

    // For HttpHooks. Any loop's thread.
    std::optional<unsigned> home_loop(const protocol::HttpHead& head) const;
    // The loop's thread only. A second POST that is announced while a first one is under way ends the session.
    std::shared_ptr<void> announce(const protocol::HttpHead& head);
    void decorate(const protocol::HttpHead* head, net::HttpResponse& response) const;

    // From now on handshakes get 503 with Connection: close (clients retry elsewhere or later). Any thread.
    void refuse_handshakes();
    // They are taken again. Not after close_all().
    void accept_handshakes();
    // Closes this share (0 to 1) of the sessions that are open, flushed. Any thread; happens soon.
    void close_some(CloseReason reason, double share);
    // Refuses handshakes and closes every session on every loop: flushed, at most `patience`, without Socket.IO's
    // DISCONNECT; a polling client learns of it by the poll that waits, or by its next one. What is not gone by then is
    // dropped. Blocks; main thread; loops running.
    void close_all(CloseReason reason, base::milliseconds patience);
    // The same in two steps, so that several engines close at the same time.
    void begin_close(CloseReason reason);
    void end_close(base::milliseconds patience);

    // Sessions that are open. Any thread.
    std::size_t sessions() const;
    std::size_t sessions(TransportKind kind) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::session
