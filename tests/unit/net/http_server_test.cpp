// Requests and answers through the whole server: framing, order, errors, deadlines.
#include "net/http_server.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "http_fixture.h"

using namespace wshub;
using namespace std::chrono_literals;
using namespace std::string_literals;
using test::get;
using test::HttpRig;
using test::post;
using test::RawSocket;

TEST_CASE("a request is answered through Poco's server by its handler on a loop", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/echo?x=1"));
    const auto response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body == "GET /app/echo?x=1 ");
    CHECK(response.has("X-Peer: 127.0.0.1"));
    CHECK(response.head.find("Date: ") != std::string::npos);
    CHECK(response.head.find("Connection:") == std::string::npos);
    CHECK(rig.server->connections() == 1);
    CHECK(rig.counted("wshub_http_requests_total", "code=\"2xx\"") == 1);
    CHECK(rig.counted("wshub_net_received_bytes_total", "") > 30);
    client.close();
    CHECK(rig.all_closed());
}

TEST_CASE("pipelined requests are answered in order, one at a time", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/park") + post("/app/echo", "two") + get("/app/echo?3"));
    REQUIRE(test::eventually([&] { return rig.handler.parked() == 1; }));
    CHECK(rig.handler.exchanges == 1);
    rig.handler.release("one");
    CHECK(client.read_response().body == "one");
    CHECK(client.read_response().body == "POST /app/echo two");
    CHECK(client.read_response().body == "GET /app/echo?3 ");
}

TEST_CASE("a thousand pipelined requests are answered in order", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    std::string all;
    for (int i = 0; i < 1000; ++i) all += get("/app/echo?" + std::to_string(i));
    std::thread sender([&] { client.send(all); });
    int right = 0;
    for (int i = 0; i < 1000; ++i)
        right += client.read_response().body == "GET /app/echo?" + std::to_string(i) + " " ? 1 : 0;
    sender.join();
    CHECK(right == 1000);
}

TEST_CASE("a request may come byte by byte", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    for (const char c : post("/app/echo", "body")) REQUIRE(client.send({&c, 1}));
    CHECK(client.read_response().body == "POST /app/echo body");
}

TEST_CASE("a chunked body comes decoded", "[http]") {
    HttpRig rig;
    rig.start();
    const auto response = rig.ask(
        "POST /app/echo HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\n\r\n");
    CHECK(response.body == "POST /app/echo abcdefgh");
}

TEST_CASE("a body of the greatest size allowed arrives whole", "[http]") {
    HttpRig rig;
    rig.start();
    const std::string body(rig.settings.max_body_bytes, 'z');
    RawSocket client = rig.connect();
    std::thread sender([&] { client.send(post("/app/echo", body)); });
    const auto response = client.read_response();
    sender.join();
    CHECK(response.body.size() == body.size() + std::string("POST /app/echo ").size());
}

TEST_CASE("HEAD gets the headers alone, and the connection goes on", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send("HEAD /app/echo HTTP/1.1\r\nHost: hub\r\n\r\n" + get("/app/echo"));
    const auto response = client.read_response(true);
    CHECK(response.status == 200);
    CHECK(response.has("Content-Length: 15"));
    CHECK(client.read_response().body == "GET /app/echo ");
}

TEST_CASE("the client decides whether the connection goes on", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    SECTION("Connection: close") {
        client.send(get("/app/echo", "Connection: close\r\n"));
        CHECK(client.read_response().has("Connection: close"));
        CHECK(client.read_to_end().empty());
    }
    SECTION("HTTP/1.0") {
        client.send("GET /app/echo HTTP/1.0\r\n\r\n");
        CHECK(client.read_response().has("Connection: close"));
        CHECK(client.read_to_end().empty());
    }
    SECTION("HTTP/1.0 that asks for more") {
        client.send("GET /app/echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(client.read_response().has("Connection: keep-alive"));
        client.send("GET /app/echo HTTP/1.0\r\n\r\n");
        CHECK(client.read_response().status == 200);
        CHECK(client.read_to_end().empty());
    }
}

TEST_CASE("a client that ends its side after the request still gets its answer", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    const std::string target = GENERATE("/app/echo", "/nowhere", "/app/big?3000000");
    client.send(get(target));
    client.end_writing();
    const auto response = client.read_response();
    CHECK(response.status == (target == "/nowhere" ? 404 : 200));
    CHECK(response.body.size() == (target == "/app/big?3000000" ? 3'000'000u : target == "/nowhere" ? 10u : 14u));
    CHECK(client.read_to_end().empty());
    CHECK(rig.all_closed());
}

TEST_CASE("Expect: 100-continue is answered before the body", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send("POST /app/echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read(25) == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    CHECK(client.read_response().body == "POST /app/echo body");
}

TEST_CASE("what nobody serves is 404, and the connection goes on", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/nowhere") + post("/nowhere", "") + get("/app/echo"));
    CHECK(client.read_response().status == 404);
    CHECK(client.read_response().status == 404);
    CHECK(client.read_response().body == "GET /app/echo ");
    CHECK(rig.counted("wshub_http_requests_total", "code=\"4xx\"") == 2);
}

TEST_CASE("a body that nobody will look at is refused before it comes", "[http]") {
    HttpRig rig;
    rig.start();
    const auto [head, status] = GENERATE(table<std::string, int>({
        {"POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 404},
        {"POST /nowhere HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 404},
        {"GET /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 400},
        {"HEAD /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 400},
        {"OPTIONS /app/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    }));
    RawSocket client = rig.connect();
    client.send(head);
    CHECK(client.read_response(head.starts_with("HEAD")).status == status);
    client.read_to_end();
    CHECK_FALSE(client.was_reset());
}

TEST_CASE("a request that two readers could read differently ends in its error, readable to the client", "[http]") {
    HttpRig rig;
    rig.start();
    const auto [request, status] = GENERATE(table<std::string, int>({
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5abc\r\n\r\n", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nabcde", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length : 1\r\n\r\nx", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"GET /app/echo HTTP/1.1\nHost: h\n\n", 400},
        {"GET /app/echo HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
        {"GET /app/echo HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400},
        {"GET /app/echo HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s, 400},
        {"GET /app/echo HTTP/9.9\r\nHost: h\r\n\r\n", 505},
        {"GET /app/echo HTTP/1.1\r\n\r\n", 400},
        {"\x16\x03\x01\x02", 400},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\n\r\n", 411},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000001\r\n\r\n", 413},
        {"POST /app/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551617\r\n\r\n", 413},
        {"GET /" + std::string(17'000, 'a'), 414},
        {"GET /app/echo HTTP/1.1\r\nHost: h\r\nX: " + std::string(17'000, 'a'), 431},
        {std::string(40, 'M') + " /app/echo HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    }));
    RawSocket client = rig.connect();
    client.send(request);
    // A client that goes on sending must still be able to read why.
    client.send(std::string(100'000, 'x'));
    const auto response = client.read_response();
    CHECK(response.status == status);
    CHECK(response.has("Connection: close"));
    CHECK(response.body.size() > 3);
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
    CHECK(rig.handler.exchanges == 0);
    client.close();
    CHECK(rig.all_closed());
}

TEST_CASE("limits of Poco's parser are none of the client's: it gets its answer", "[http]") {
    net::HttpSettings settings;
    settings.max_header_bytes = 64 * 1024;
    HttpRig rig(1, settings);
    rig.start();
    SECTION("a header value above 8192 bytes") {
        CHECK(rig.ask(get("/app/echo", "X-Long: " + std::string(20'000, 'v') + "\r\n")).status == 200);
    }
    SECTION("a header name above 256 bytes") {
        CHECK(rig.ask(get("/app/echo", std::string(1'000, 'n') + ": v\r\n")).status == 200);
    }
    SECTION("words that Poco would decode") {
        const std::string evil = "=?utf-8?B?DQpTZXQtQ29va2llOiBldmlsPTE=?=";
        CHECK(rig.ask(get("/app/echo", "Origin: " + evil + "\r\nReferer: /?a=?b\r\n")).status == 200);
    }
    SECTION("a target of Poco's longest") {
        CHECK(rig.ask(get("/app/echo?" + std::string(16'384 - 10, 'q'))).status == 200);
    }
    SECTION("a target above that") {
        CHECK(rig.ask(get("/app/echo?" + std::string(16'384 - 9, 'q'))).status == 414);
    }
    SECTION("a method of Poco's longest") {
        CHECK(rig.ask(std::string(32, 'M') + " /app/echo HTTP/1.1\r\nHost: h\r\n\r\n").status == 200);
    }
    SECTION("a hundred headers, which is our own limit") {
        std::string most;
        for (int i = 0; i < 99; ++i) most += "X: y\r\n";
        CHECK(rig.ask(get("/app/echo", most)).status == 200);
        CHECK(rig.ask(get("/app/echo", most + "X: y\r\n")).status == 431);
    }
}

TEST_CASE("a handler that throws costs a 500 and nothing else", "[http]") {
    HttpRig rig;
    rig.start();
    CHECK(rig.ask(get("/app/throw")).status == 500);
    CHECK(rig.ask(get("/app/throw-odd")).status == 500);
    CHECK(rig.ask(get("/app/echo")).status == 200);
    CHECK(rig.counted("wshub_http_requests_total", "code=\"5xx\"") == 2);
}

TEST_CASE("dropping an exchange closes the connection", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/drop"));
    CHECK(client.read_to_end().empty());
    CHECK(rig.all_closed());
}

TEST_CASE("a parked request is answered when its time has come", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/park"));
    REQUIRE(test::eventually([&] { return rig.handler.parked() == 1; }));
    rig.handler.release("late");
    CHECK(client.read_response().body == "late");
    client.send(get("/app/echo"));
    CHECK(client.read_response().status == 200);
    CHECK(rig.handler.abandoned == 0);
}

TEST_CASE("a client that goes while its request is parked is noticed", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/park"));
    REQUIRE(test::eventually([&] { return rig.handler.parked() == 1; }));
    SECTION("in order") {
        client.close();
    }
    SECTION("by a reset") {
        client.reset();
    }
    SECTION("after bytes that wait") {
        client.send("GET /more");
        client.close();
    }
    CHECK(test::eventually([&] { return rig.handler.abandoned == 1; }));
    CHECK(rig.handler.parked() == 0);
    CHECK(rig.all_closed());
}

TEST_CASE("what a client sends while its request is parked is bounded", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/park"));
    REQUIRE(test::eventually([&] { return rig.handler.parked() == 1; }));
    const timeval soon{.tv_sec = 0, .tv_usec = 200'000};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    std::string flood(64 * 1024 * 1024, 'x');
    CHECK_FALSE(client.send(flood));
    CHECK(rig.counted("wshub_net_received_bytes_total", "") < 1'000'000);
    client.reset();
    CHECK(test::eventually([&] { return rig.handler.abandoned == 1; }));
}

TEST_CASE("an upgraded connection is a stream that begins with what the client sent behind its request", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/upgrade") + "early bird");
    const auto response = client.read_response();
    CHECK(response.status == 101);
    CHECK(response.has("Upgrade: echo"));
    CHECK(client.read(10) == "early bird");
    client.send("and on");
    CHECK(client.read(6) == "and on");
    CHECK(rig.server->connections() == 0);
    CHECK(rig.loop(0).load() == 1);
    CHECK(rig.handler.echoes == 1);
    client.close();
    CHECK(test::eventually([&] { return rig.handler.echoes == 0; }));
    CHECK(test::eventually([&] { return rig.loop(0).load() == 0; }));
}

TEST_CASE("early bytes of an upgrade are not lost, however many, nor is the client's end", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = rig.connect();
    const std::string early(300'000, 'e');
    std::thread sender([&] {
        client.send(get("/app/upgrade") + early);
        client.end_writing();
    });
    CHECK(client.read_response().status == 101);
    std::string back = client.read(1'000);
    CHECK(back == std::string(1'000, 'e'));
    client.read_to_end();
    sender.join();
    CHECK(test::eventually([&] { return rig.handler.echoes == 0; }));
}

TEST_CASE("a large answer reaches a client that reads slowly", "[http]") {
    HttpRig rig;
    rig.start();
    RawSocket client = RawSocket::connect(rig.server->port(), 4096);
    client.send(get("/app/big?5000000") + get("/app/echo"));
    CHECK(client.read_response().body == std::string(5'000'000, 'b'));
    CHECK(client.read_response().body == "GET /app/echo ");
}

TEST_CASE("a client that takes nothing of its answer is dropped after the idle time", "[http]") {
    net::HttpSettings settings;
    settings.idle_timeout = 100ms;
    HttpRig rig(1, settings);
    rig.start();
    RawSocket client = RawSocket::connect(rig.server->port(), 4096);
    client.send(get("/app/big?20000000"));
    REQUIRE(test::eventually([&] { return rig.handler.exchanges == 1; }));
    CHECK(rig.all_closed());
}

TEST_CASE("connections go to the loop with the fewest, upgraded ones counted", "[http]") {
    HttpRig rig(3);
    rig.start();
    std::vector<RawSocket> clients;
    for (int i = 0; i < 30; ++i) {
        clients.push_back(rig.connect());
        clients.back().send(get(i % 2 == 0 ? "/app/upgrade" : "/app/loop"));
        CHECK(clients.back().read_response().status == (i % 2 == 0 ? 101 : 200));
    }
    for (unsigned i = 0; i < 3; ++i) CHECK(rig.loop(i).load() == 10);
}

TEST_CASE("a port that is taken is an error that names it", "[http]") {
    HttpRig rig;
    rig.start();
    base::Metrics metrics;
    net::HttpSettings settings;
    settings.port = rig.server->port();
    net::HttpServer second(settings, {&rig.loop(0)}, {}, {}, metrics);
    CHECK_THROWS_WITH(second.listen(), Catch::Contains("127.0.0.1:" + std::to_string(settings.port)));
    settings.host = "no-such-host.invalid";
    net::HttpServer third(settings, {&rig.loop(0)}, {}, {}, metrics);
    CHECK_THROWS_AS(third.listen(), std::system_error);
}

TEST_CASE("a page is made by the pool for each request, and told whose it is", "[http]") {
    net::HttpSettings settings;
    settings.trusted_proxies = net::TrustedProxies({*protocol::IpNetwork::parse("127.0.0.1")});
    HttpRig rig(1, settings);
    std::atomic<int> made{0};
    rig.routes.add_page("/app/page", [&](const protocol::HttpHead& head, const net::Peer& client) {
        const bool on_loop = net::Loop::current() != nullptr;
        return net::HttpResponse{203,
                                 {{"X-Query", std::string(head.query())}},
                                 client.address + (on_loop ? " loop " : " pool ") + std::to_string(++made)};
    });
    rig.start();
    RawSocket client = rig.connect();
    client.send(get("/app/page?x=1"));
    const auto first = client.read_response();
    CHECK(first.status == 203);
    CHECK(first.body == "127.0.0.1 pool 1");
    CHECK(first.has("X-Query: x=1"));
    client.send(get("/app/page", "X-Forwarded-For: 192.0.2.7\r\n"));
    CHECK(client.read_response().body == "192.0.2.7 pool 2");
    CHECK(rig.ask(get("/app/pages")).body == "GET /app/pages ");
    CHECK(rig.handler.exchanges == 1);
    CHECK(rig.counted("wshub_http_requests_total", "code=\"2xx\"") == 3);
}

TEST_CASE("a page takes GET and HEAD alone", "[http]") {
    HttpRig rig;
    std::atomic<int> made{0};
    rig.routes.add_page("/page", [&](const protocol::HttpHead&, const net::Peer&) {
        ++made;
        return net::HttpResponse{200, {}, "body"};
    });
    rig.start();
    RawSocket client = rig.connect();
    client.send("OPTIONS /page HTTP/1.1\r\nHost: hub\r\n\r\n");
    const auto refused = client.read_response();
    CHECK(refused.status == 405);
    CHECK(refused.has("Allow: GET, HEAD"));
    client.send("HEAD /page HTTP/1.1\r\nHost: hub\r\n\r\n" + get("/page"));
    const auto head = client.read_response(true);
    CHECK(head.status == 200);
    CHECK(head.has("Content-Length: 4"));
    CHECK(client.read_response().body == "body");
    CHECK(made == 2);
    CHECK(rig.ask(post("/page", "x")).status == 404);
}
