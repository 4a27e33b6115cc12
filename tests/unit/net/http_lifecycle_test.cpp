// What befalls connections over time: deadlines, moves between loops, overload, lack of descriptors, the server's end.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "http_fixture.h"

using namespace wshub;
using namespace std::chrono_literals;
using test::eventually;
using test::get;
using test::HttpRig;
using test::post;
using test::RawSocket;

namespace {

// The soft limit of file descriptors, put back at the end.
class DescriptorLimit {
public:
    explicit DescriptorLimit(rlim_t wanted) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit now{std::min(wanted, before_.rlim_max), before_.rlim_max};
        enough_ = ::setrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur >= wanted;
    }
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    bool enough() const { return enough_; }

private:
    rlimit before_{};
    bool enough_ = false;
};

// No log lines meanwhile. UndefinedBehaviorSanitizer opens a pipe to look at an object that it meets for the first
// time, and takes it for broken when no descriptor is left: it meets the logger here.
class QuietLog {
public:
    QuietLog() {
        spdlog::set_level(spdlog::level::off);
        base::log::warn("not written");
    }
    ~QuietLog() { spdlog::set_level(before_); }

private:
    const spdlog::level::level_enum before_ = spdlog::get_level();
};

// A home that the query names: /app/loop?2
net::HttpHooks homes_by_query() {
    net::HttpHooks hooks;
    hooks.home_loop = [](const protocol::HttpHead& head) -> std::optional<unsigned> {
        if (head.query().empty()) return std::nullopt;
        return static_cast<unsigned>(std::stoul(std::string(head.query())));
    };
    return hooks;
}

net::HttpSettings short_deadlines() {
    net::HttpSettings settings;
    settings.header_timeout = 150ms;
    settings.body_timeout = 150ms;
    settings.idle_timeout = 150ms;
    return settings;
}

// Blocks pool threads that answer /block with 404, until it is opened.
class Barrier {
public:
    net::HttpHooks hooks() {
        net::HttpHooks hooks;
        hooks.decorate = [this](const protocol::HttpHead* head, net::HttpResponse& response) {
            response.headers.emplace_back("Access-Control-Allow-Origin", "*");
            if (head == nullptr || head->target() != "/block" || response.status != 404) return;
            std::unique_lock lock(mutex_);
            ++waiting_;
            opened_.wait(lock, [this] { return open_; });
        };
        return hooks;
    }
    int waiting() {
        const std::lock_guard lock(mutex_);
        return waiting_;
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        opened_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    int waiting_ = 0;
    bool open_ = false;
};

}  // namespace

TEST_CASE("a request that does not come whole in time is answered 408", "[http]") {
    HttpRig rig(1, short_deadlines());
    rig.start();
    RawSocket client = rig.connect();
    SECTION("its head") {
        client.send("GET /app/echo HT");
    }
    SECTION("its body") {
        client.send("POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    }
    SECTION("the head of a second request") {
        client.send(get("/app/echo"));
        CHECK(client.read_response().status == 200);
        client.send("G");
    }
    const auto response = client.read_response();
    CHECK(response.status == 408);
    CHECK(response.has("Connection: close"));
    CHECK(client.read_to_end().empty());
    CHECK(rig.counted("wshub_http_refused_total", "reason=\"timeout\"") == 1);
}

TEST_CASE("a connection on which nothing comes is closed without a word", "[http]") {
    HttpRig rig(1, short_deadlines());
    rig.start();
    RawSocket client = rig.connect();
    SECTION("before the first request") {}
    SECTION("between requests") {
        client.send(get("/app/echo"));
        CHECK(client.read_response().status == 200);
    }
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
    CHECK(rig.counted("wshub_http_refused_total", "reason=\"timeout\"") == 0);
}

TEST_CASE("a byte now and then does not put the deadline off", "[http]") {
    HttpRig rig(1, short_deadlines());
    rig.start();
    RawSocket client = rig.connect();
    std::atomic<bool> answered{false};
    std::thread dribbler([&] {
        client.send("GET /app/echo HTTP/1.1\r\nX: ");
        while (!answered && client.send("x")) std::this_thread::sleep_for(10ms);
    });
    CHECK(client.read_response().status == 408);
    answered = true;
    dribbler.join();
}

TEST_CASE("a parked request outlives every deadline", "[http]") {
    HttpRig rig(1, short_deadlines());
    rig.start();
    RawSocket parked = rig.connect(), idle = rig.connect();
    parked.send(get("/app/park"));
    REQUIRE(eventually([&] { return rig.handler.parked() == 1; }));
    idle.send(get("/app/echo"));
    idle.read_response();
    CHECK(idle.read_to_end().empty());
    rig.handler.release("still here");
    CHECK(parked.read_response().body == "still here");
}

TEST_CASE("five hundred clients that send their heads slowly hold up nobody", "[http]") {
    const DescriptorLimit descriptors(1'200);
    if (!descriptors.enough()) {
        WARN("not run: too few file descriptors allowed here");
        return;
    }
    net::HttpSettings settings;
    settings.header_timeout = 1'000ms;
    HttpRig rig(2, settings);
    rig.start();
    std::vector<RawSocket> slow;
    for (int i = 0; i < 500; ++i) {
        slow.push_back(rig.connect());
        slow.back().send("GET /app/echo HTTP/1.1\r\nHost: h\r\nX-Slow: ");
    }
    for (int i = 0; i < 20; ++i) CHECK(rig.ask(get("/app/echo")).status == 200);
    int timed_out = 0;
    for (RawSocket& client : slow) timed_out += client.read_response().status == 408 ? 1 : 0;
    CHECK(timed_out == 500);
}

TEST_CASE("a connection moves to the loop that a request belongs to, and stays there", "[http]") {
    HttpRig rig(3, {}, homes_by_query());
    rig.start();
    RawSocket client = rig.connect();
    std::string homes;
    for (const char* target : {"/app/loop?2", "/app/loop", "/app/loop?0", "/app/loop?1", "/app/loop?7", "/app/loop"}) {
        client.send(get(target));
        homes += client.read_response().body;
    }
    CHECK(homes == "220111");
    CHECK(rig.loop(1).load() == 1);
    CHECK(rig.loop(0).load() + rig.loop(2).load() == 0);
    CHECK(rig.server->connections() == 1);
}

TEST_CASE("pipelined requests keep their order while the connection moves about", "[http]") {
    HttpRig rig(3, {}, homes_by_query());
    rig.start();
    RawSocket client = rig.connect();
    std::string all, expected;
    for (int i = 0; i < 300; ++i) {
        all += get("/app/loop?" + std::to_string(i * 7 % 3));
        expected += std::to_string(i * 7 % 3);
    }
    client.send(all);
    std::string homes;
    for (int i = 0; i < 300; ++i) homes += client.read_response().body;
    CHECK(homes == expected);
}

TEST_CASE("a body follows its request to the other loop", "[http]") {
    HttpRig rig(3, {}, homes_by_query());
    rig.start();
    RawSocket client = rig.connect();
    const std::string body(500'000, 'm');
    for (const char* target : {"/app/echo?2", "/app/echo?1", "/app/echo?0"}) {
        std::thread sender([&] { client.send(post(target, body)); });
        CHECK(client.read_response().body.size() == body.size() + 17);
        sender.join();
    }
    client.send("POST /app/echo?2 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read(25) == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    CHECK(client.read_response().body == "POST /app/echo?2 body");
}

TEST_CASE("a client that ends its side gets its answer also when the connection moves first", "[http]") {
    HttpRig rig(3, {}, homes_by_query());
    rig.start();
    for (int i = 0; i < 30; ++i) {
        RawSocket client = rig.connect();
        client.send(get("/app/loop?" + std::to_string(i % 3)) + get("/app/loop?" + std::to_string((i + 1) % 3)));
        client.end_writing();
        CHECK(client.read_response().body == std::to_string(i % 3));
        CHECK(client.read_response().body == std::to_string((i + 1) % 3));
        CHECK(client.read_to_end().empty());
    }
    CHECK(rig.all_closed());
}

TEST_CASE("clients that vanish while their connection moves leave nothing behind", "[http]") {
    HttpRig rig(3, {}, homes_by_query());
    rig.start();
    for (int i = 0; i < 200; ++i) {
        RawSocket client = rig.connect();
        client.send(get("/app/loop?" + std::to_string(i % 3)) + get("/app/park?" + std::to_string((i + 1) % 3)));
        if (i % 2 == 0) client.reset();
    }
    CHECK(rig.all_closed());
    CHECK(eventually([&] { return rig.loop(0).load() + rig.loop(1).load() + rig.loop(2).load() == 0; }));
    CHECK(rig.handler.parked() == 0);
}

TEST_CASE("an asset is served in the form that suits the client", "[http]") {
    HttpRig rig;
    rig.routes.add_asset("/app/x.js",
                         {"application/javascript", "\"1\"", "public, max-age=0", "plain", "zipped", "br"});
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/x.js?v=1"));
    auto response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body == "plain");
    CHECK(response.has("Content-Type: application/javascript"));
    CHECK(response.has("ETag: \"1\""));
    CHECK(response.has("Vary: Accept-Encoding"));
    CHECK(response.has("Cache-Control: public, max-age=0"));

    client.send(get("/app/x.js", "Accept-Encoding: gzip, br\r\n"));
    response = client.read_response();
    CHECK(response.body == "br");
    CHECK(response.has("Content-Encoding: br"));

    client.send(get("/app/x.js", "If-None-Match: \"1\"\r\n"));
    response = client.read_response();
    CHECK(response.status == 304);
    CHECK(response.has("ETag: \"1\""));

    client.send("HEAD /app/x.js HTTP/1.1\r\nHost: h\r\n\r\n");
    response = client.read_response(true);
    CHECK(response.status == 200);
    CHECK(response.has("Content-Length: 5"));

    // Another method is not the asset's: the prefix that covers it answers.
    client.send(post("/app/x.js", "body"));
    CHECK(client.read_response().status == 200);
    client.send(get("/app/x.js", "Connection: close\r\n"));
    response = client.read_response();
    CHECK(response.has("Connection: Close"));
    CHECK(client.read_to_end().empty());
}

TEST_CASE("answers that the server gives by itself carry the hook's headers, which cannot break out", "[http]") {
    net::HttpHooks hooks;
    hooks.decorate = [](const protocol::HttpHead* head, net::HttpResponse& response) {
        response.headers.emplace_back("X-Origin", head ? std::string(head->header("Origin").value_or("none")) : "?");
        response.headers.emplace_back("X-Evil", "a\r\nSet-Cookie: evil=1");
    };
    HttpRig rig(1, {}, hooks);
    rig.routes.add_asset("/x", {"text/plain", "\"1\"", "no-cache", "x", "", ""});
    rig.start();
    const auto [request, status, origin] = GENERATE(table<std::string, int, std::string>({
        {get("/nowhere", "Origin: o\r\n"), 404, "o"},
        {get("/x", "Origin: o\r\n"), 200, "o"},
        {get("/x", "Origin: o\r\nIf-None-Match: *\r\n"), 304, "o"},
        {"POST /app/ HTTP/1.1\r\nHost: h\r\nOrigin: o\r\nContent-Length: 9999999\r\n\r\n", 413, "o"},
        {"garbage\r\n\r\n", 400, "?"},
        {get("/app/throw", "Origin: o\r\n"), 500, "o"},
        {get("/nowhere", "Origin: =?utf-8?B?DQpTZXQtQ29va2llOiBldmlsPTE=?=\r\n"), 404,
         "=?utf-8?B?DQpTZXQtQ29va2llOiBldmlsPTE=?="},
    }));
    const auto response = rig.ask(request);
    CHECK(response.status == status);
    CHECK(response.has("X-Origin: " + origin));
    CHECK(response.has("X-Evil: aSet-Cookie: evil=1"));
}

TEST_CASE("bodies above what the server holds at once are turned away", "[http]") {
    net::HttpSettings settings;
    settings.max_buffered_bytes = 100'000;
    HttpRig rig(1, settings);
    rig.start();
    const std::string body(60'000, 'x');
    RawSocket first = rig.connect();
    first.send(post("/app/park", body));
    REQUIRE(eventually([&] { return rig.handler.parked() == 1; }));
    const auto refused = rig.ask(post("/app/echo", body));
    CHECK(refused.status == 503);
    CHECK(refused.has("Connection: close"));
    CHECK(rig.ask(post("/app/echo", "small")).status == 200);
    rig.handler.release("done");
    CHECK(first.read_response().status == 200);
    CHECK(rig.ask(post("/app/echo", body)).status == 200);
    first.send(post("/app/park", body));
    REQUIRE(eventually([&] { return rig.handler.parked() == 1; }));
    first.close();
    CHECK(eventually([&] { return rig.handler.abandoned == 1; }));
    CHECK(rig.ask(post("/app/echo", body)).status == 200);
}

TEST_CASE("requests beyond the pool's queue are answered 503", "[http]") {
    Barrier barrier;
    net::HttpSettings settings;
    settings.pool_threads = 1;
    settings.pool_queue = 2;
    HttpRig rig(1, settings, barrier.hooks());
    rig.start();
    RawSocket blocking = rig.connect();
    blocking.send(get("/block"));
    REQUIRE(eventually([&] { return barrier.waiting() == 1; }));
    std::vector<RawSocket> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(rig.connect());
        clients.back().send(get("/app/echo"));
    }
    REQUIRE(eventually([&] { return rig.counted("wshub_http_refused_total", "reason=\"overload\"") == 8; }));
    barrier.open();
    CHECK(blocking.read_response().status == 404);
    int served = 0, refused = 0;
    for (RawSocket& client : clients) {
        const auto response = client.read_response();
        served += response.status == 200 ? 1 : 0;
        refused += response.status == 503 && response.has("Access-Control-Allow-Origin: *") ? 1 : 0;
    }
    CHECK(served == 2);
    CHECK(refused == 8);
}

TEST_CASE("a client that goes while Poco has its request leaves nothing behind", "[http]") {
    Barrier barrier;
    HttpRig rig(1, {}, barrier.hooks());
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/block"));
    REQUIRE(eventually([&] { return barrier.waiting() == 1; }));
    client.reset();
    CHECK(rig.all_closed());
    barrier.open();
    CHECK(rig.ask(get("/app/echo")).status == 200);
}

TEST_CASE("without file descriptors connections are closed at once, and later ones are served again", "[http]") {
    HttpRig rig;
    rig.start();
    CHECK(rig.ask(get("/app/echo")).status == 200);
    REQUIRE(rig.all_closed());
    REQUIRE(eventually([&] { return rig.loop(0).load() == 0; }));
    constexpr int kClients = 12, kLeft = 3;
    std::vector<net::Fd> sockets;
    for (int i = 0; i < kClients; ++i) sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    std::vector<RawSocket> clients;
    {
        const QuietLog quiet;
        const DescriptorLimit few(static_cast<rlim_t>(next) + kLeft);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(rig.server->port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (net::Fd& socket : sockets) {
            REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
            clients.emplace_back(std::move(socket));
        }
        CHECK(eventually(
            [&] { return rig.counted("wshub_http_refused_total", "reason=\"descriptors\"") == kClients - kLeft; }));
        int served = 0;
        for (RawSocket& client : clients) {
            client.send(get("/app/echo"));
            try {
                served += client.read_response().status == 200 ? 1 : 0;
            } catch (const std::exception&) {
                FAIL("neither served nor closed");
            }
        }
        CHECK(served == kLeft);
    }
    CHECK(rig.ask(get("/app/echo")).status == 200);
}

TEST_CASE("a server that stops accepting frees its port and goes on serving", "[http]") {
    HttpRig rig(2);
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/echo"));
    CHECK(client.read_response().status == 200);
    const std::uint16_t port = rig.server->port();
    rig.server->stop_accepting();
    CHECK_THROWS(RawSocket::connect(port));
    client.send(get("/app/echo"));
    CHECK(client.read_response().status == 200);
    net::HttpSettings settings;
    settings.port = port;
    base::Metrics metrics;
    net::HttpServer second(settings, {&rig.loop(0)}, {}, {}, metrics);
    CHECK_NOTHROW(second.listen());
}

TEST_CASE("stopping closes what waits, abandons what is parked and leaves upgraded streams alone", "[http]") {
    HttpRig rig(2);
    rig.start();
    RawSocket idle = rig.connect(), half = rig.connect(), parked = rig.connect(), upgraded = rig.connect();
    idle.send(get("/app/echo"));
    CHECK(idle.read_response().status == 200);
    half.send("GET /app/echo HTTP/1.1\r\n");
    upgraded.send(get("/app/upgrade"));
    CHECK(upgraded.read_response().status == 101);
    parked.send(get("/app/park"));
    REQUIRE(eventually([&] { return rig.handler.parked() == 1; }));
    REQUIRE(eventually([&] { return rig.server->connections() == 3; }));

    rig.server->stop();
    CHECK(rig.server->connections() == 0);
    CHECK(rig.handler.abandoned == 1);
    CHECK(idle.read_to_end().empty());
    CHECK(parked.read_to_end().empty());
    upgraded.send("still alive");
    CHECK(upgraded.read(11) == "still alive");
    upgraded.close();
    CHECK(eventually([&] { return rig.handler.echoes == 0; }));
    rig.server->stop();
}

TEST_CASE("a server stops under load without a hang, and every answer that came was whole", "[http]") {
    HttpRig rig(2, {}, homes_by_query());
    rig.routes.add_asset("/x", {"text/plain", "\"1\"", "no-cache", std::string(1000, 'x'), "", ""});
    rig.start();
    std::atomic<int> answers{0}, broken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            try {
                for (int round = 0;; ++round) {
                    RawSocket client = rig.connect();
                    for (int request = 0; request < 20; ++request) {
                        client.send(request % 3 == 0 ? get("/x")
                                                     : get("/app/loop?" + std::to_string((i + request) % 2)));
                        const auto response = client.read_response();
                        if (response.status == 0) break;
                        if (response.status != 503 && response.body.size() != (request % 3 == 0 ? 1000u : 1u)) ++broken;
                        ++answers;
                    }
                }
            } catch (const std::exception&) {
                // The port is closed: the end.
            }
        });
    CHECK(eventually([&] { return answers > 300; }));
    const auto before = std::chrono::steady_clock::now();
    rig.server->stop();
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    for (std::thread& thread : threads) thread.join();
    CHECK(broken == 0);
    rig.stop();
    CHECK(rig.server->connections() == 0);
    CHECK(rig.loop(0).load() + rig.loop(1).load() == 0);
}

TEST_CASE("a server that never started, or only listened, goes in peace", "[http]") {
    const base::SystemClock clock;
    net::Loop loop(0, clock);
    base::Metrics metrics;
    net::HttpSettings settings;
    settings.port = 0;
    { const net::HttpServer server(settings, {&loop}, {}, {}, metrics); }
    net::HttpServer server(settings, {&loop}, {}, {}, metrics);
    server.listen();
    CHECK(server.port() != 0);
    server.stop_accepting();
    server.stop();
}

TEST_CASE("the server listens on what the host names", "[http]") {
    net::HttpSettings settings;
    settings.host = GENERATE("localhost", "0.0.0.0", "", "::", "[::]");
    HttpRig rig(1, settings);
    try {
        rig.start();
    } catch (const std::system_error& error) {
        WARN("not run for \"" << settings.host << "\": " << error.what());
        return;
    }
    if (settings.host == "localhost") {
        CHECK(rig.server->port() != 0);
        return;
    }
    const auto response = rig.ask(get("/app/echo"));
    CHECK(response.status == 200);
    CHECK(response.has("X-Peer: 127.0.0.1"));
}
