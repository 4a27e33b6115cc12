#include "session/engine.h"

#include <catch2/catch.hpp>

#include "base/ids.h"
#include "engine_bench.h"
#include "session/cors.h"

using namespace wshub;
using namespace wshub::test;
using session::EngineSettings;

namespace {

constexpr std::string_view kPolling = "/socket.io/?EIO=4&transport=polling";
constexpr std::string_view kWebSocket = "/socket.io/?EIO=4&transport=websocket";

std::string error_body(int code) {
    const char* const texts[] = {"Transport unknown", "Session ID unknown", "Bad handshake method",
                                 "Bad request",       "Forbidden",          "Unsupported protocol version"};
    return "{\"code\":" + std::to_string(code) + ",\"message\":\"" + texts[code] + "\"}";
}

}  // namespace

TEST_CASE("a handshake by polling is answered with the OPEN packet", "[engine]") {
    EngineBench bench;
    const auto reply = bench.request("GET", kPolling);
    CHECK(status_of(*reply) == 200);
    CHECK(reply->header("Content-Type") == "text/plain; charset=UTF-8");
    CHECK(reply->header("Cache-Control") == "no-store");
    CHECK_FALSE(reply->header("Set-Cookie"));
    CHECK_FALSE(reply->header("Vary"));
    const std::string sid = sid_in(body_of(*reply));
    CHECK(body_of(*reply) == "0{\"sid\":\"" + sid +
                                 "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,"
                                 "\"maxPayload\":1000000}");
    REQUIRE(bench.factory.logs.size() == 1);
    CHECK(bench.session().sid() == sid);
    CHECK(bench.session().transport() == TransportKind::kPolling);
    CHECK(&bench.session().loop() == &bench.loop);
    CHECK(bench.session().handshake()->target == kPolling);
    CHECK(bench.session().handshake()->remote == "192.0.2.1");
    CHECK(bench.session().handshake()->opened_at == bench.clock.wall());
    CHECK(bench.engine.sessions() == 1);
    CHECK(bench.engine.sessions(TransportKind::kPolling) == 1);
    CHECK(bench.metric("wshub_sessions{transport=\"polling\"}") == "1");
    CHECK(bench.metric("wshub_handshakes_total{transport=\"polling\"}") == "1");
}

TEST_CASE("a handshake by WebSocket gets the OPEN packet as its first frame", "[engine]") {
    EngineBench bench;
    WebSocketEnd end;
    end.reply = bench.request("GET", kWebSocket, websocket_headers());
    REQUIRE(end.reply->upgrade_headers);
    CHECK(*end.reply->upgrade_headers ==
          session::HttpHeaders{{"Upgrade", "websocket"},
                               {"Connection", "Upgrade"},
                               {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}});
    bench.turn();
    const auto frames = end.frames();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].opcode == protocol::Opcode::kText);
    CHECK(frames[0].payload == "0{\"sid\":\"" + bench.session().sid() +
                                   "\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,"
                                   "\"maxPayload\":1000000}");
    CHECK(bench.session().transport() == TransportKind::kWebSocket);
    CHECK(bench.engine.sessions(TransportKind::kWebSocket) == 1);
}

TEST_CASE("frames glued to the WebSocket handshake are not lost", "[engine]") {
    EngineBench bench;
    bench.request("GET", kWebSocket, websocket_headers(), {}, client_text("4one") + client_text("4two"));
    CHECK(bench.log().texts == std::vector<std::string>{"one", "two"});
}

TEST_CASE("the OPEN packet says what the settings say", "[engine]") {
    EngineSettings settings;
    settings.ping_interval = milliseconds(300);
    settings.ping_timeout = milliseconds(200);
    settings.max_http_buffer_size = 5000;
    const char* upgrades = "[]";
    SECTION("no WebSocket") {
        settings.websocket = false;
    }
    SECTION("no upgrades") {
        settings.allow_upgrades = false;
    }
    SECTION("all") {
        upgrades = "[\"websocket\"]";
    }
    EngineBench bench(settings);
    const std::string body = body_of(*bench.request("GET", kPolling));
    CHECK(body == "0{\"sid\":\"" + sid_in(body) + "\",\"upgrades\":" + upgrades +
                      ",\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":5000}");
}

TEST_CASE("a request that is wrong gets the error that names what is wrong", "[engine]") {
    struct Case {
        const char* method;
        const char* target;
        bool websocket;
        int code;
    };
    const auto wrong = GENERATE(values<Case>({
        {"GET", "/socket.io/", false, 0},
        {"GET", "/socket.io/unknown.js", false, 0},
        {"GET", "/socket.io/?EIO=4", false, 0},
        {"GET", "/socket.io/?EIO=4&transport=", false, 0},
        {"GET", "/socket.io/?EIO=4&transport=webtransport", false, 0},
        {"GET", "/socket.io/?EIO=4&transport=__proto__", false, 0},
        {"GET", "/socket.io/?EIO=4&transport=polling&sid=nobody", false, 1},
        {"GET", "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", false, 1},
        {"POST", "/socket.io/?EIO=4&transport=polling&sid=nobody", false, 1},
        {"GET", "/socket.io/?EIO=4&transport=websocket&sid=nobody", true, 1},
        {"POST", "/socket.io/?EIO=4&transport=polling", false, 2},
        {"PUT", "/socket.io/?EIO=4&transport=polling", false, 2},
        {"HEAD", "/socket.io/?EIO=4&transport=polling", false, 2},
        {"OPTIONS", "/socket.io/?EIO=4&transport=polling", false, 2},
        {"GET", "/socket.io/?EIO=4&transport=websocket", false, 3},
        {"GET", "/socket.io/?EIO=3&transport=polling", false, 5},
        {"GET", "/socket.io/?EIO=5&transport=polling", false, 5},
        {"GET", "/socket.io/?transport=polling", false, 5},
        {"GET", "/socket.io/?EIO=3&transport=websocket", true, 5},
    }));
    EngineBench bench;
    INFO(wrong.method << ' ' << wrong.target);
    const auto reply =
        bench.request(wrong.method, wrong.target, wrong.websocket ? websocket_headers() : std::vector<std::string>{});
    CHECK(status_of(*reply) == 400);
    CHECK(reply->header("Content-Type") == "application/json");
    CHECK(body_of(*reply) == error_body(wrong.code));
    CHECK(bench.metric("wshub_engine_errors_total{code=\"" + std::to_string(wrong.code) + "\"}") == "1");
    CHECK(bench.factory.logs.empty());
}

TEST_CASE("a request for a session must speak its protocol, transport and methods", "[engine]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto ask = [&](std::string_view method, const std::string& query) {
        return body_of(*bench.request(method, "/socket.io/?" + query + "&sid=" + sid));
    };
    CHECK(ask("GET", "EIO=3&transport=polling") == error_body(3));
    CHECK(ask("GET", "transport=polling") == error_body(3));
    CHECK(ask("POST", "EIO=5&transport=polling") == error_body(3));
    CHECK(ask("GET", "EIO=4&transport=websocket") == error_body(3));  // without an upgrade
    for (const char* method : {"PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"})
        CHECK(ask(method, "EIO=4&transport=polling") == error_body(2));
    // None of it harms the session.
    CHECK(body_of(*bench.post(sid, "4still here")) == "ok");
    CHECK(bench.log().texts == std::vector<std::string>{"still here"});
}

TEST_CASE("a transport that is switched off is unknown", "[engine]") {
    EngineSettings settings;
    SECTION("polling") {
        settings.polling = false;
        EngineBench bench(settings);
        CHECK(body_of(*bench.request("GET", kPolling)) == error_body(0));
        CHECK(bench.open_websocket().sid.size() == base::kIdLength);
    }
    SECTION("websocket") {
        settings.websocket = false;
        EngineBench bench(settings);
        CHECK(body_of(*bench.request("GET", kWebSocket, websocket_headers())) == error_body(0));
        CHECK(body_of(*bench.open_probe(bench.open_polling()).reply) == error_body(0));
    }
}

TEST_CASE("a session may not be upgraded where upgrades are switched off", "[engine]") {
    EngineSettings settings;
    settings.allow_upgrades = false;
    EngineBench bench(settings);
    const std::string sid = bench.open_polling();
    CHECK(body_of(*bench.open_probe(sid).reply) == error_body(3));
    CHECK(bench.log().closed.empty());
}

TEST_CASE("a WebSocket of another version is told which one is spoken", "[engine]") {
    EngineBench bench;
    const auto reply = bench.request("GET", kWebSocket,
                                     {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 12",
                                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="});
    CHECK(body_of(*reply) == error_body(3));
    CHECK(reply->header("Sec-WebSocket-Version") == "13");
}

TEST_CASE("a handshake can be refused with a text of one's own", "[engine]") {
    EngineSettings settings;
    std::string asked_for;
    settings.allow_request = [&](const protocol::HttpHead& head, const net::Peer& peer) -> std::optional<std::string> {
        asked_for = std::string(head.header("X-Token").value_or("")) + '@' + peer.address;
        if (asked_for == "good@192.0.2.1") return std::nullopt;
        return asked_for == "@192.0.2.1" ? "" : "not \"you\"";
    };
    EngineBench bench(settings);
    auto reply = bench.request("GET", kPolling, {"X-Token: bad"});
    CHECK(status_of(*reply) == 403);
    CHECK(body_of(*reply) == "{\"code\":4,\"message\":\"not \\\"you\\\"\"}");
    CHECK(body_of(*bench.request("GET", kPolling)) == error_body(4));
    reply = bench.request("GET", kWebSocket, websocket_headers({"X-Token: bad"}));
    CHECK(status_of(*reply) == 403);
    CHECK_FALSE(reply->upgrade_headers);
    CHECK(status_of(*bench.request("GET", kPolling, {"X-Token: good"})) == 200);
    // Asked for handshakes only.
    asked_for.clear();
    bench.post(bench.session().sid(), "4x");
    CHECK(asked_for.empty());
}

TEST_CASE("WebSockets from foreign pages are refused where that is configured", "[engine]") {
    EngineSettings settings;
    settings.check_websocket_origin = true;
    settings.cors.enabled = true;
    settings.cors.origins = {"https://*.friend.example"};
    EngineBench bench(settings);
    const std::string sid = bench.open_polling();
    auto [origin, allowed] = GENERATE(table<std::string, bool>({
        {"", true},
        {"Origin: https://www.friend.example", true},
        {"Origin: http://hub.example", true},
        {"Origin: https://foe.example", false},
        {"Origin: null", false},
    }));
    INFO(origin);
    const auto headers = websocket_headers(origin.empty() ? std::vector<std::string>{} : std::vector{origin});
    for (const std::string& target : {std::string(kWebSocket), std::string(kWebSocket) + "&sid=" + sid}) {
        const auto reply = bench.request("GET", target, headers);
        CHECK(reply->upgrade_headers.has_value() == allowed);
        if (!allowed) {
            CHECK(status_of(*reply) == 403);
            CHECK(body_of(*reply) == error_body(4));
        }
    }
}

TEST_CASE("with CORS every answer carries its headers", "[engine]") {
    EngineSettings settings;
    settings.cors.enabled = true;
    settings.cors.origins = {"https://app.example"};
    settings.cors.credentials = true;
    EngineBench bench(settings);
    const std::vector<std::string> from{"Origin: https://app.example"};
    const auto named = [](const FakeReply& reply) {
        return reply.header("Access-Control-Allow-Origin") == "https://app.example" &&
               reply.header("Access-Control-Allow-Credentials") == "true" && reply.header("Vary") == "Origin";
    };
    const auto opened = bench.request("GET", kPolling, from);
    CHECK(named(*opened));
    const std::string with_sid = std::string(kPolling) + "&sid=" + sid_in(body_of(*opened));
    CHECK(named(*bench.request("POST", with_sid, from, "4x")));
    const auto poll = bench.request("GET", with_sid, from);
    bench.send("4y");
    bench.turn();
    CHECK(named(*poll));
    CHECK(named(*bench.request("GET", "/socket.io/", from)));
    const auto websocket = bench.request("GET", kWebSocket, websocket_headers(from));
    REQUIRE(websocket->upgrade_headers);
    const std::pair<std::string, std::string> expected{"Access-Control-Allow-Origin", "https://app.example"};
    CHECK(std::count(websocket->upgrade_headers->begin(), websocket->upgrade_headers->end(), expected) == 1);

    // Others are served too; their browser hides it from them.
    const auto other = bench.request("GET", kPolling, {"Origin: https://other.example"});
    CHECK(status_of(*other) == 200);
    CHECK_FALSE(other->header("Access-Control-Allow-Origin"));
    CHECK(other->header("Vary") == "Origin");

    const auto preflight = bench.request("OPTIONS", with_sid, from);
    CHECK(status_of(*preflight) == 204);
    CHECK(preflight->header("Access-Control-Allow-Methods") == "GET,HEAD,PUT,PATCH,POST,DELETE");

    net::HttpResponse of_net;
    const auto head = make_head("GET", "/elsewhere", from);
    bench.engine.decorate(&head, of_net);
    CHECK(of_net.headers.size() == 3);
    bench.engine.decorate(nullptr, of_net);
    CHECK(of_net.headers.size() == 4);  // Vary alone
}

TEST_CASE("the cookie comes with the handshake and with nothing else", "[engine]") {
    EngineSettings settings;
    settings.cookie = "io";
    EngineBench bench(settings);
    const auto opened = bench.request("GET", kPolling);
    const std::string sid = sid_in(body_of(*opened));
    CHECK(opened->header("Set-Cookie") == "io=" + sid + "; Path=/; HttpOnly; SameSite=Lax");
    CHECK_FALSE(bench.post(sid, "4x")->header("Set-Cookie"));
    const auto websocket = bench.request("GET", kWebSocket, websocket_headers());
    const std::pair<std::string, std::string> expected{
        "Set-Cookie", "io=" + bench.session().sid() + "; Path=/; HttpOnly; SameSite=Lax"};
    CHECK(websocket->upgrade_headers->back() == expected);
}

TEST_CASE("a sid names the loop of its session", "[engine]") {
    base::ManualClock clock;
    net::Loop first(0, clock), second(1, clock);
    base::Metrics metrics;
    LoggingFactory factory;
    session::Engine engine({}, {&first, &second}, factory, metrics);
    const net::Loop::Enter enter(second);
    auto exchange = std::make_unique<FakeExchange>(second, make_head("GET", kPolling));
    const auto reply = exchange->reply();
    engine.on_exchange(std::move(exchange));
    const std::string sid = sid_in(body_of(*reply));
    CHECK(engine.home_loop(make_head("GET", std::string(kPolling) + "&sid=" + sid)) == 1u);
    CHECK(engine.home_loop(make_head("GET", std::string(kPolling) + "&sid=AAAAAAAAAAAAAAAAAAAA")) == 0u);
    CHECK_FALSE(engine.home_loop(make_head("GET", kPolling)));
    CHECK_FALSE(engine.home_loop(make_head("GET", std::string(kPolling) + "&sid=" + sid + "x")));
    CHECK_FALSE(engine.home_loop(make_head("GET", std::string(kPolling) + "&sid=!AAAAAAAAAAAAAAAAAAA")));
    CHECK_FALSE(engine.home_loop(make_head("GET", "/plugin/?sid=" + sid)));

    // Elsewhere nobody knows it.
    const net::Loop::Enter other(first);
    auto lost = std::make_unique<FakeExchange>(first, make_head("GET", std::string(kPolling) + "&sid=" + sid));
    const auto answer = lost->reply();
    engine.on_exchange(std::move(lost));
    CHECK(body_of(*answer) == error_body(1));
}

TEST_CASE("sids are never the same", "[engine]") {
    EngineBench bench;
    std::vector<std::string> sids;
    for (int i = 0; i < 1000; ++i) sids.push_back(bench.open_polling());
    std::sort(sids.begin(), sids.end());
    CHECK(std::unique(sids.begin(), sids.end()) == sids.end());
    CHECK(sids.front().size() == base::kIdLength);
}

TEST_CASE("handshakes are refused while the server leaves, sessions go on", "[engine]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.engine.refuse_handshakes();
    for (const auto& reply : {bench.request("GET", kPolling), bench.request("GET", kWebSocket, websocket_headers())}) {
        CHECK(status_of(*reply) == 503);
        CHECK(reply->header("Connection") == "close");
    }
    CHECK(body_of(*bench.post(sid, "4x")) == "ok");
}

TEST_CASE("what the user sends when it is made goes behind the OPEN packet", "[engine]") {
    EngineBench bench;
    bench.factory.at_open = [](Session& session) { session.send(protocol::EncodedPacket::text("4hi")); };
    SECTION("polling") {
        const auto opened = bench.request("GET", kPolling);
        CHECK(split_payload(body_of(*opened)).size() == 1);
        const auto poll = bench.get(sid_in(body_of(*opened)));
        bench.turn();
        CHECK(body_of(*poll) == "4hi");
    }
    SECTION("websocket") {
        WebSocketEnd end;
        end.reply = bench.request("GET", kWebSocket, websocket_headers());
        bench.turn();
        const auto payloads = end.payloads();
        REQUIRE(payloads.size() == 2);
        CHECK(payloads[1] == "4hi");
    }
}

TEST_CASE("a user may close its session while it is made", "[engine]") {
    EngineBench bench;
    bench.factory.at_open = [](Session& session) { session.close(CloseReason::kServerForced); };
    SECTION("polling") {
        const std::string sid = bench.open_polling();
        CHECK(bench.log().closed.empty());
        bench.turns(2);
        CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
        const auto poll = bench.get(sid);
        bench.turn();
        CHECK(body_of(*poll) ==
              "6\x1e"
              "1");
    }
    SECTION("websocket") {
        WebSocketEnd end;
        end.reply = bench.request("GET", kWebSocket, websocket_headers(), {}, client_text("4x"));
        bench.turns(2);
        CHECK(bench.log().texts.empty());
        CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
        CHECK(end.payloads().back() == "close");
    }
    CHECK(bench.log().destroyed);
    CHECK(bench.engine.sessions() == 0);
}

TEST_CASE("a body is refused by its head where serving it could only fail", "[engine]") {
    EngineBench bench;
    const std::string polls = bench.open_polling();
    const std::string upgraded = bench.open_websocket().sid;
    const auto [method, query, whose, code] = GENERATE(table<const char*, std::string, std::string, int>({
        {"POST", "EIO=4&transport=polling", "polls", -1},
        {"PUT", "EIO=4&transport=polling", "polls", 2},
        {"POST", "EIO=4&transport=polling", "gone", 1},
        {"POST", "EIO=4&transport=polling", "upgraded", 3},
        {"POST", "EIO=3&transport=polling", "polls", 3},
        {"POST", "EIO=4&transport=websocket", "polls", 3},
        {"POST", "EIO=4&transport=polling", "", 2},
        {"POST", "EIO=4&transport=pigeon", "polls", 0},
        {"POST", "", "polls", 0},
    }));
    CAPTURE(method, query, whose);
    const std::string sid = whose == "polls" ? polls : whose == "upgraded" ? upgraded : whose;
    const std::string target = "/socket.io/?" + query + "&sid=" + sid;
    const auto refusal = bench.engine.refuse_body(make_head(method, target));
    REQUIRE(refusal.has_value() == (code >= 0));
    if (!refusal) return;
    CHECK(refusal->status == 400);
    CHECK(refusal->body == error_body(code));
    // The same as with its body.
    const auto served = bench.request(method, target, {}, "2");
    CHECK(status_of(*served) == 400);
    CHECK(body_of(*served) == error_body(code));
}
