// The front door: listens, frames requests on the loops under deadlines and limits, lets a Poco::Net::HTTPServer take
// each whole request, and brings it to its handler on a loop. See docs/architecture.md, "HTTP".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "net/http_exchange.h"
#include "net/loop.h"
#include "net/trusted_proxies.h"

namespace wshub::net {

struct HttpSettings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 3000;  // 0: any free one
    base::milliseconds header_timeout{
        10'000};                              // from the first byte of a request (or from accepting) to its blank line
    base::milliseconds body_timeout{20'000};  // from the blank line to the last byte of the body
    base::milliseconds idle_timeout{30'000};  // between requests
    std::size_t max_header_bytes = 16 * 1024;
    std::size_t max_body_bytes = 1'000'000;
    // Bodies being read, all connections together; above it: 503. Of what waits for more, each client's address (IPv6:
    // /64) may hold an eighth, at least one body of the greatest size.
    std::size_t max_buffered_bytes = 256 * 1024 * 1024;
    unsigned pool_threads = 2;
    int pool_queue = 100'000;        // requests that wait for the pool, one a connection at most; above it: 503
    TrustedProxies trusted_proxies;  // whose X-Forwarded-For is believed
    // Every connection begins with a PROXY header. Those that trusted_proxies does not name are closed at once.
    bool proxy_protocol = false;
};

// Bytes that never change, served from memory by the HTTP pool with ETag, conditional requests and negotiated
// encodings.
struct Asset {
    std::string content_type;
    std::string etag;  // with its quotes
    std::string cache_control = "public, max-age=0";
    std::string identity;
    std::string gzip, brotli;  // empty: not offered
};

// Gets requests on the loop that their connection lives on.
class ExchangeHandler {
public:
    // Asked there when a head is whole, before its body is read: an answer instead of it, if the request will be
    // refused whatever the body is. The connection is closed then.
    virtual std::optional<HttpResponse> refuse_body(const protocol::HttpHead& head);
    virtual void on_exchange(std::unique_ptr<HttpExchange> exchange) = 0;

protected:
    ~ExchangeHandler() = default;
};

// Makes the answer to GET and HEAD on a thread of the HTTP pool: for what takes too long for a loop and waits for
// nothing. `client` is whose request it is, behind a trusted proxy as that says. Any thread, several at a time.
using Page = std::function<HttpResponse(const protocol::HttpHead& head, const Peer& client)>;

// Where a request goes. First match wins: assets by exact path (GET and HEAD), pages by exact path, then owners and
// prefixes in the order added, then 404. Filled before HttpServer::start(); const afterwards, so any thread may ask.
class Routes {
public:
    void add_asset(std::string path, Asset asset);
    // Other methods get 405 there. No CORS headers: pages are not for other pages' scripts.
    void add_page(std::string path, Page page);
    // `prefix` is compared with the raw path, not decoded.
    void add_prefix(std::string prefix, ExchangeHandler& handler);

    // For paths that come and go: `owns(path)` is asked for each request, on any thread.
    void add_owner(std::function<bool(std::string_view path)> owns, ExchangeHandler& handler);

    const Asset* find_asset(std::string_view path) const;
    const Page* find_page(std::string_view path) const;
    ExchangeHandler* find_handler(std::string_view path) const;

private:
    std::vector<std::pair<std::string, Asset>> assets_;
    std::vector<std::pair<std::string, Page>> pages_;
    std::vector<std::pair<std::string, ExchangeHandler*>> prefixes_;
    std::vector<std::pair<std::function<bool(std::string_view)>, ExchangeHandler*>> owners_;
};

struct HttpHooks {
    // The loop that must serve this request, if it matters (the one its session lives on): the connection moves there
    // before the body is read. Called on a loop's thread as soon as the head is whole; an index out of range counts as
    // none.
    std::function<std::optional<unsigned>(const protocol::HttpHead&)> home_loop;
    // A request is on its way to its handler: called with its head on the loop that will serve it, before its body is
    // read. What this gives (it may be null) is kept until the handler gets the request, or the request is lost.
    std::function<std::shared_ptr<void>(const protocol::HttpHead&)> announce;
    // Adds headers to the answers that net gives by itself (errors, 404, assets): CORS. `head` is null if none could be
    // read. Any thread: assets and 404 are answered by the pool.
    std::function<void(const protocol::HttpHead* head, HttpResponse& response)> decorate;
};

// Main thread, but for what says otherwise.
class HttpServer {
public:
    HttpServer(HttpSettings settings, std::vector<Loop*> loops, Routes routes, HttpHooks hooks, base::Metrics& metrics);
    ~HttpServer();

    // Binds and listens (not SO_REUSEPORT: a second server on the port is an error). Throws std::system_error naming
    // address and port.
    void listen();
    // Starts accepting. The loops must run.
    void start();
    // No more connections are accepted, from this moment on: the port is free. The loops must still run.
    void stop_accepting();
    // Ends Poco's threads and closes the connections: at once those that wait for a request, others when their answer
    // is out; exchanges that nobody answered are abandoned. Upgraded streams are not ours any more. The loops must
    // still run. Implied by the destructor.
    void stop();

    std::uint16_t port() const;       // after listen()
    std::size_t connections() const;  // any thread: open connections that are not upgraded

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::net
