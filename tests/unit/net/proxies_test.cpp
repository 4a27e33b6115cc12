// Connections of trusted proxies through the whole server: whose a request is, and PROXY headers.
#include <catch2/catch.hpp>
#include <string>

#include "http_fixture.h"

using namespace wshub;
using namespace std::chrono_literals;
using namespace std::string_literals;
using test::eventually;
using test::get;
using test::HttpRig;
using test::post;
using test::RawSocket;

namespace {

constexpr const char* kRefused = "wshub_http_refused_total";

net::HttpSettings trusting(const std::string& network, bool proxy_protocol = false) {
    net::HttpSettings settings;
    settings.trusted_proxies = net::TrustedProxies({*protocol::IpNetwork::parse(network)});
    settings.proxy_protocol = proxy_protocol;
    return settings;
}

std::string line(const std::string& address) {
    return "PROXY TCP4 " + address + " 127.0.0.1 40000 3000\r\n";
}

std::string forwarded(const std::string& list) {
    return get("/app/echo", "X-Forwarded-For: " + list + "\r\n");
}

const std::string kLocal = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s;
// 203.0.113.9, over TLS.
const std::string kSecure =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14"s + "\xcb\x00\x71\x09\x7f\0\0\1\x9c\x40\x0b\xb8"s + "\x20\0\5\1\0\0\0\0"s;

}  // namespace

TEST_CASE("each request of a trusted proxy tells whose it is", "[proxies]") {
    HttpRig rig(1, trusting("127.0.0.0/8"));
    rig.start();
    RawSocket client = rig.connect();
    client.send(forwarded("203.0.113.9"));
    CHECK(client.read_response().has("X-Peer: 203.0.113.9"));
    client.send(forwarded("203.0.113.10, 127.0.0.9"));
    CHECK(client.read_response().has("X-Peer: 203.0.113.10"));
    client.send(get("/app/echo", "X-Forwarded-Proto: https\r\n"));
    const auto response = client.read_response();
    CHECK(response.has("X-Peer: 127.0.0.1"));
    CHECK(response.has("X-Secure: 1"));
}

TEST_CASE("what others say about addresses means nothing", "[proxies]") {
    HttpRig rig(1, trusting("10.0.0.0/8"));
    rig.start();
    const auto response = rig.ask(get("/app/echo", "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"));
    CHECK(response.has("X-Peer: 127.0.0.1"));
    CHECK(response.has("X-Secure: 0"));
}

TEST_CASE("a PROXY header says whose the connection is", "[proxies]") {
    HttpRig rig(2, trusting("127.0.0.1", true));
    rig.start();
    SECTION("by line, with the first requests behind it") {
        RawSocket client = rig.connect();
        client.send(line("203.0.113.9") + get("/app/echo") + post("/app/echo", "body"));
        CHECK(client.read_response().has("X-Peer: 203.0.113.9"));
        CHECK(client.read_response().body == "POST /app/echo body");
        client.send(get("/app/echo"));
        CHECK(client.read_response().has("X-Peer: 203.0.113.9"));
    }
    SECTION("byte by byte") {
        RawSocket client = rig.connect();
        for (const char c : kSecure + get("/app/echo")) REQUIRE(client.send({&c, 1}));
        const auto response = client.read_response();
        CHECK(response.has("X-Peer: 203.0.113.9"));
        CHECK(response.has("X-Secure: 1"));
    }
    SECTION("for itself") {
        CHECK(rig.ask(kLocal + get("/app/echo")).has("X-Peer: 127.0.0.1"));
        CHECK(rig.ask("PROXY UNKNOWN\r\n" + get("/app/echo")).has("X-Peer: 127.0.0.1"));
    }
    SECTION("and X-Forwarded-For counts only if that is a trusted proxy too") {
        CHECK(rig.ask(line("203.0.113.9") + forwarded("198.51.100.1")).has("X-Peer: 203.0.113.9"));
        CHECK(rig.ask(line("127.0.0.1") + forwarded("198.51.100.1")).has("X-Peer: 198.51.100.1"));
        CHECK(rig.ask(kLocal + forwarded("198.51.100.1")).has("X-Peer: 198.51.100.1"));
    }
}

TEST_CASE("a connection without a good PROXY header is closed without an answer", "[proxies]") {
    HttpRig rig(1, trusting("127.0.0.1", true));
    rig.start();
    const std::string bytes = GENERATE(get("/app/echo"), "PROXY TCP4 1.2.3.4\r\n"s, "PROXY "s + std::string(200, 'x'),
                                       "\x16\x03\x01\x02"s, "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff"s);
    RawSocket client = rig.connect();
    client.send(bytes);
    CHECK(client.read_to_end().empty());
    CHECK(rig.all_closed());
    CHECK(rig.handler.exchanges == 0);
    CHECK(rig.counted(kRefused, "reason=\"proxy_header\"") == 1);
}

TEST_CASE("where connections must be forwarded, nobody else gets in", "[proxies]") {
    HttpRig rig(1, trusting("10.0.0.0/8", true));
    rig.start();
    RawSocket client = rig.connect();
    client.send(line("10.0.0.1") + get("/app/echo"));
    CHECK(client.read_to_end().empty());
    CHECK(rig.handler.exchanges == 0);
    CHECK(rig.server->connections() == 0);
    CHECK(rig.counted(kRefused, "reason=\"untrusted\"") == 1);
}

TEST_CASE("a PROXY header that does not come whole in time ends the connection", "[proxies]") {
    auto settings = trusting("127.0.0.1", true);
    settings.header_timeout = 100ms;
    HttpRig rig(1, settings);
    rig.start();
    const auto [bytes, counted] = GENERATE(table<std::string, int>({{"", 0}, {"PROXY TC", 1}}));
    RawSocket client = rig.connect();
    client.send(bytes);
    CHECK(client.read_to_end().empty());
    CHECK(rig.all_closed());
    CHECK(rig.counted(kRefused, "reason=\"timeout\"") == counted);
}

TEST_CASE("one client's halves of bodies leave room for others", "[proxies]") {
    auto settings = trusting("127.0.0.1");
    settings.max_body_bytes = 60'000;
    settings.max_buffered_bytes = 480'000;  // a share is one body
    HttpRig rig(1, settings);
    rig.start();
    const auto half = [](const std::string& list) {
        const std::string whole = post("/app/echo", std::string(50'000, 'x'), "X-Forwarded-For: " + list + "\r\n");
        return whole.substr(0, whole.size() - 10'000);
    };
    const std::string end(10'000, 'x');

    RawSocket first = rig.connect(), second = rig.connect(), other = rig.connect();
    first.send(half("2001:db8::1"));
    REQUIRE(eventually([&] { return rig.counted("wshub_net_received_bytes_total", "") > 40'000; }));
    second.send(half("2001:db8::2"));  // of the same network
    const auto refused = second.read_response();
    CHECK(refused.status == 503);
    CHECK(refused.has("Connection: close"));
    CHECK(rig.counted(kRefused, "reason=\"overload\"") == 1);

    other.send(half("2001:db8:0:1::1"));
    other.send(end);
    CHECK(other.read_response().status == 200);
    first.send(end);
    CHECK(first.read_response().status == 200);
    // What it held is free again.
    RawSocket third = rig.connect();
    third.send(half("2001:db8::3"));
    third.send(end);
    CHECK(third.read_response().status == 200);
}

TEST_CASE("a handler can refuse a request before its body comes", "[proxies]") {
    const unsigned loops = GENERATE(1u, 2u);
    net::HttpHooks hooks;
    hooks.home_loop = [loops](const protocol::HttpHead&) { return std::optional<unsigned>(loops - 1); };
    HttpRig rig(loops, {}, hooks);
    rig.handler.refused = "/app/nobody";
    rig.start();
    RawSocket client = rig.connect();
    client.send("POST /app/nobody HTTP/1.1\r\nHost: hub\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
    const auto response = client.read_response();
    CHECK(response.status == 400);
    CHECK(response.body == "nobody is there");
    CHECK(response.has("Connection: close"));
    CHECK(client.read_to_end().empty());
    CHECK(rig.handler.exchanges == 0);
    CHECK(rig.ask(post("/app/nobody", "")).status == 200);  // no body to refuse
    CHECK(rig.counted("wshub_http_requests_total", "code=\"4xx\"") == 1);
}

TEST_CASE("a GET with a body is refused wherever it belongs", "[proxies]") {
    net::HttpHooks hooks;
    hooks.home_loop = [](const protocol::HttpHead&) { return std::optional<unsigned>(1); };
    HttpRig rig(2, {}, hooks);
    rig.start();
    const auto response = rig.ask("GET /app/echo HTTP/1.1\r\nHost: hub\r\nContent-Length: 4\r\n\r\nbody");
    CHECK(response.status == 400);
}
