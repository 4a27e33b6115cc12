// A whole HttpServer on a few loops, with a handler that does what the target says, for tests with real sockets.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "eventually.h"
#include "net/http_server.h"
#include "raw_socket.h"

namespace wshub::test {

// Sends back what it gets. Owns itself until the peer ends.
class EchoStream final : public net::StreamHandler {
public:
    static void begin(net::HttpExchange::Upgraded upgraded, std::atomic<int>& alive) {
        auto* echo = new EchoStream(std::move(upgraded.stream), alive);
        echo->stream_->set_handler(echo);
        echo->on_bytes(upgraded.early);
    }

private:
    EchoStream(std::unique_ptr<net::Stream> stream, std::atomic<int>& alive)
        : stream_(std::move(stream)), alive_(alive) {
        ++alive_;
    }
    ~EchoStream() { --alive_; }
    void on_bytes(std::span<char> bytes) override {
        const iovec piece{bytes.data(), bytes.size()};
        stream_->write({&piece, 1});
    }
    void on_writable() override {}
    void on_end(net::StreamEnd) override { delete this; }

    std::unique_ptr<net::Stream> stream_;
    std::atomic<int>& alive_;
};

// /app/echo answers method, target and body; /app/loop the loop's number; /app/big?SIZE that many bytes; /app/park
// waits for release(); /app/throw, /app/drop and /app/upgrade do as they say.
class AppHandler final : public net::ExchangeHandler {
public:
    void on_exchange(std::unique_ptr<net::HttpExchange> exchange) override {
        ++exchanges;
        const std::string path(exchange->head().path());
        if (path == "/app/park") return park(std::move(exchange));
        if (path == "/app/throw") throw std::runtime_error("thrown on purpose");
        if (path == "/app/throw-odd") throw 42;
        if (path == "/app/drop") return;
        if (path == "/app/upgrade") {
            auto upgraded = exchange->upgrade({{"Connection", "Upgrade"}, {"Upgrade", "echo"}});
            return EchoStream::begin(std::move(upgraded), echoes);
        }
        net::HttpResponse response;
        response.headers.emplace_back("X-Peer", exchange->peer().address);
        response.headers.emplace_back("X-Secure", exchange->peer().secure ? "1" : "0");
        if (path == "/app/loop")
            response.body = std::to_string(exchange->loop().index());
        else if (path == "/app/big")
            response.body.assign(std::stoul(std::string(exchange->head().query())), 'b');
        else
            response.body = std::string(exchange->head().method()) + ' ' + std::string(exchange->head().target()) +
                            ' ' + exchange->body();
        exchange->respond(std::move(response));
    }

    std::optional<net::HttpResponse> refuse_body(const protocol::HttpHead& head) override {
        if (refused.empty() || head.path() != refused) return std::nullopt;
        return net::HttpResponse{400, {}, "nobody is there"};
    }

    // How many are parked now.
    std::size_t parked() const {
        const std::lock_guard lock(mutex_);
        return parked_.size();
    }

    // Answers all that are parked, each on its loop.
    void release(const std::string& body) {
        const std::lock_guard lock(mutex_);
        for (auto& [key, exchange] : parked_) {
            std::shared_ptr<net::HttpExchange> shared(std::move(exchange));
            shared->loop().post([shared, body] { shared->respond({200, {}, body}); });
        }
        parked_.clear();
    }

    std::atomic<int> exchanges{0}, abandoned{0}, echoes{0};
    std::string refused;  // a path whose requests with bodies are; before the start

private:
    void park(std::unique_ptr<net::HttpExchange> exchange) {
        net::HttpExchange* const key = exchange.get();
        exchange->on_abandoned([this, key] {
            ++abandoned;
            const std::lock_guard lock(mutex_);
            parked_.erase(key);
        });
        const std::lock_guard lock(mutex_);
        parked_[key] = std::move(exchange);
    }

    mutable std::mutex mutex_;
    std::map<net::HttpExchange*, std::unique_ptr<net::HttpExchange>> parked_;
};

class HttpRig {
public:
    explicit HttpRig(unsigned loops = 1, net::HttpSettings its_settings = {}, net::HttpHooks hooks = {})
        : settings(std::move(its_settings)), hooks_(std::move(hooks)) {
        settings.port = 0;
        for (unsigned i = 0; i < loops; ++i) loops_.push_back(std::make_unique<net::Loop>(i, clock_));
    }
    ~HttpRig() { stop(); }

    void start() {
        std::vector<net::Loop*> lent;
        for (const auto& loop : loops_) {
            lent.push_back(loop.get());
            loop->start();
        }
        routes.add_prefix("/app/", handler);
        server = std::make_unique<net::HttpServer>(settings, lent, std::move(routes), std::move(hooks_), metrics);
        server->listen();
        server->start();
    }
    void stop() {
        if (server) server->stop();
        for (const auto& loop : loops_) loop->stop();
    }

    RawSocket connect() const { return RawSocket::connect(server->port()); }
    // One request on a connection of its own.
    RawSocket::Response ask(const std::string& request) const {
        RawSocket client = connect();
        client.send(request);
        return client.read_response();
    }
    bool all_closed() const {
        return eventually([this] { return server->connections() == 0; });
    }
    std::int64_t counted(const char* name, const char* labels) { return metrics.counter(name, "", labels)->value(); }
    net::Loop& loop(unsigned index) { return *loops_[index]; }

    net::HttpSettings settings;
    net::Routes routes;  // until start()
    AppHandler handler;
    base::Metrics metrics;
    std::unique_ptr<net::HttpServer> server;

private:
    base::SystemClock clock_;
    std::vector<std::unique_ptr<net::Loop>> loops_;
    net::HttpHooks hooks_;
};

inline std::string get(const std::string& target, const std::string& more = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: hub\r\n" + more + "\r\n";
}

inline std::string post(const std::string& target, const std::string& body, const std::string& more = {}) {
    return "POST " + target + " HTTP/1.1\r\nHost: hub\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           more + "\r\n" + body;
}

}  // namespace wshub::test
