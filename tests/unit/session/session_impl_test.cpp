#include "session/session_impl.h"

#include <catch2/catch.hpp>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;
using session::EngineSettings;

namespace {

using Texts = std::vector<std::string>;

constexpr milliseconds kTick = net::TimerWheel::kTick;

// A client by either transport, as far as these tests need it.
struct Client {
    Client(EngineBench& its_bench, TransportKind kind) : bench(its_bench) {
        if (kind == TransportKind::kPolling) {
            sid = bench.open_polling();
        } else {
            end = bench.open_websocket();
            sid = end->sid;
        }
    }
    void say(std::string_view packet) {
        if (end)
            end->text(packet);
        else
            bench.post(sid, std::string(packet));
    }
    Texts hear() {
        if (end) return end->payloads();
        const auto poll = bench.get(sid);
        bench.turn();
        if (poll->response && poll->response->status == 200) return split_payload(poll->response->body);
        if (!poll->response) poll->abandon();
        return {};
    }

    EngineBench& bench;
    std::string sid;
    std::optional<WebSocketEnd> end;
};

}  // namespace

TEST_CASE("the server pings one interval after the open and one after each pong", "[session]") {
    const auto kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    EngineBench bench;
    Client client(bench, kind);
    for (int i = 0; i < 3; ++i) {
        bench.pass(milliseconds(24'999));
        CHECK(bench.session().queued_bytes() == 0);
        bench.pass(milliseconds(1) + kTick);
        CHECK(client.hear() == Texts{"2"});
        bench.pass(milliseconds(15'000));
        client.say("3");
    }
    CHECK(bench.log().closed.empty());
}

TEST_CASE("a pong that does not come in time ends the session", "[session]") {
    const auto kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    EngineBench bench;
    Client client(bench, kind);
    bench.pass(milliseconds(25'000));
    bench.pass(milliseconds(19'999));
    CHECK(bench.log().closed.empty());
    bench.pass(milliseconds(1) + kTick);
    CHECK(bench.log().closed == std::vector{CloseReason::kPingTimeout});
    CHECK(bench.log().destroyed);
    if (client.end) CHECK(client.hear() == Texts{"2", "close"});
    CHECK(bench.metric("wshub_session_closes_total{reason=\"ping_timeout\"}") == "1");
}

TEST_CASE("a poll that waits is told of a ping timeout", "[session]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.pass(milliseconds(25'000));
    bench.get(sid);  // takes the ping
    bench.turn();
    const auto poll = bench.get(sid);
    bench.pass(milliseconds(20'000) + kTick);
    CHECK(body_of(*poll) == "1");
}

TEST_CASE("another packet gives a missing pong more time, once", "[session]") {
    const auto kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    const std::string packet = GENERATE("4still here", "6", "bAA==");
    EngineBench bench;
    Client client(bench, kind);
    bench.pass(milliseconds(25'000));
    bench.pass(milliseconds(15'000));
    client.say(packet);
    bench.pass(milliseconds(15'000));
    CHECK(bench.log().closed.empty());
    client.say(packet);
    bench.pass(milliseconds(5'000) + kTick);
    CHECK(bench.log().closed == std::vector{CloseReason::kPingTimeout});
}

TEST_CASE("a request behind the deadline finds the session ended before the timer says so", "[session]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.pass(milliseconds(25'000));
    std::shared_ptr<FakeReply> reply;
    bench.clock.advance(milliseconds(20'000));
    bench.loop.post([&] { reply = bench.post(sid, "3"); });  // tasks run before timers
    bench.turn();
    CHECK(status_of(*reply) == 400);
    CHECK(body_of(*reply) == "{\"code\":1,\"message\":\"Session ID unknown\"}");
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{CloseReason::kPingTimeout});
}

TEST_CASE("a client may not ping", "[session]") {
    const auto kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    const std::string ping = GENERATE("2", "2probe");
    EngineBench bench;
    Client client(bench, kind);
    client.say(ping);
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
}

TEST_CASE("packets that mean nothing here do no harm", "[session]") {
    const auto kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    EngineBench bench;
    Client client(bench, kind);
    for (const char* packet : {"0{}", "3", "3probe", "5", "6", "6x"}) client.say(packet);
    bench.turns(2);
    CHECK(bench.log().closed.empty());
    client.say("4x");
    CHECK(bench.log().texts == Texts{"x"});
}

TEST_CASE("a client that does not read is dropped when its queue is full", "[session]") {
    EngineSettings settings;
    settings.max_queued_bytes = 10'000;
    SECTION("websocket") {
        EngineBench bench(settings);
        const auto end = bench.open_websocket();
        end.wire().otherwise = 0;
        int sent = 0;
        while (!bench.session().closing()) {
            bench.send("4" + std::string(99, 'x'));
            ++sent;
            CHECK(bench.log().closed.empty());  // never from inside
            REQUIRE(bench.session().queued_bytes() <= 10'000);
        }
        CHECK(sent == 61);  // 102 bytes and the entry itself
        CHECK(bench.log().session->queued_bytes() <= 102);
        bench.turns(2);
        CHECK(end.wire().closed());
        CHECK(bench.log().closed == std::vector{CloseReason::kQueueFull});
    }
    SECTION("polling") {
        EngineBench bench(settings);
        const std::string sid = bench.open_polling();
        int sent = 0;
        for (; !bench.session().closing(); ++sent) bench.send("4" + std::string(99, 'x'));
        CHECK(bench.log().session->queued_bytes() == 0);
        CHECK(bench.metric("wshub_packets_dropped_total") == std::to_string(sent));
        bench.turns(2);
        CHECK(bench.log().closed == std::vector{CloseReason::kQueueFull});
        CHECK(status_of(*bench.get(sid)) == 400);
    }
    SECTION("packets of nothing count too") {
        EngineBench bench(settings);
        const auto end = bench.open_websocket();
        end.wire().otherwise = 0;
        int sent = 0;
        for (; !bench.session().closing(); ++sent) bench.send("4");
        CHECK(sent < 200);
    }
}

TEST_CASE("a long turn does not make a client look slow that reads well", "[session]") {
    EngineSettings settings;
    settings.max_queued_bytes = 10'000;
    EngineBench bench(settings);
    SECTION("websocket") {
        const auto end = bench.open_websocket();
        for (int i = 0; i < 1000; ++i) bench.send("4" + std::to_string(i) + std::string(99, 'x'));
        bench.turns(2);
        CHECK(bench.log().closed.empty());
        CHECK(end.payloads().size() == 1000);
    }
    SECTION("polling: as much as one answer holds") {
        const std::string sid = bench.open_polling();
        const auto poll = bench.get(sid);
        for (int i = 0; i < 100; ++i) bench.send("4" + std::string(99, 'x'));
        CHECK(poll->response);
        CHECK_FALSE(bench.session().closing());
    }
}

TEST_CASE("a volatile message never fills the queue", "[session]") {
    EngineSettings settings;
    settings.max_queued_bytes = 1'000;
    EngineBench bench(settings);
    const auto end = bench.open_websocket();
    const std::vector<protocol::PacketRef> message{protocol::EncodedPacket::text("4" + std::string(299, 'x'))};
    int taken = 0;
    for (int i = 0; i < 100; ++i) taken += bench.session().send_volatile(message) ? 1 : 0;
    CHECK(taken == 2);
    bench.turns(2);
    CHECK(bench.log().closed.empty());
}

TEST_CASE("closing from a handler ends nothing under its feet", "[session]") {
    const auto kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    const auto mode = GENERATE(Session::CloseMode::kFlush, Session::CloseMode::kDiscard);
    EngineBench bench;
    Client client(bench, kind);
    bench.log().then = [&](const std::string&) {
        Session& session = bench.session();
        session.send(protocol::EncodedPacket::text("4answer"));
        session.close(CloseReason::kServerForced, mode);
        CHECK(bench.log().closed.empty());
        CHECK_FALSE(bench.log().destroyed);
        session.send(protocol::EncodedPacket::text("4ignored"));
        session.close(CloseReason::kRateLimit, Session::CloseMode::kDiscard);
        CHECK(session.closing());
        CHECK(session.sid() == client.sid);
    };
    if (client.end)
        client.end->wire().feed(client_text("4one") + client_text("4behind"));
    else
        client.say(
            "4one\x1e"
            "4behind");
    CHECK(bench.log().texts == Texts{"one"});
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
    CHECK(bench.log().destroyed);
    if (mode == Session::CloseMode::kFlush)
        CHECK(client.hear() == (client.end ? Texts{"4answer", "close"} : Texts{"4answer"}));
    else
        CHECK(client.hear() == (client.end ? Texts{"close"} : Texts{}));
}

TEST_CASE("users that are told of an end may close other sessions", "[session]") {
    struct Chain final : session::SessionFactory {
        struct User final : session::SessionUser {
            explicit User(Chain& its_chain) : chain(its_chain) {}
            void on_text(std::span<char>) override {}
            void on_binary(std::span<char>) override {}
            void on_closed(CloseReason) override {
                ++chain.closed;
                for (Session* session : chain.sessions) session->close(CloseReason::kServerForced);
            }
            Chain& chain;
        };
        std::unique_ptr<session::SessionUser> on_open(Session& session) override {
            sessions.push_back(&session);
            return std::make_unique<User>(*this);
        }
        std::vector<Session*> sessions;
        int closed = 0;
    };
    base::ManualClock clock;
    net::Loop loop(0, clock);
    const net::Loop::Enter enter(loop);
    base::Metrics metrics;
    Chain chain;
    session::Engine engine({}, {&loop}, chain, metrics);
    for (int i = 0; i < 3; ++i)
        engine.on_exchange(
            std::make_unique<FakeExchange>(loop, make_head("GET", "/socket.io/?EIO=4&transport=polling")));
    chain.sessions[0]->close(CloseReason::kServerForced);
    for (int i = 0; i < 4; ++i) loop.turn();
    CHECK(chain.closed == 3);
    CHECK(engine.sessions() == 0);
}

TEST_CASE("a user that cannot be made leaves no session behind", "[session]") {
    EngineBench bench;
    bench.factory.at_open = [](Session&) { throw std::runtime_error("no"); };
    CHECK_THROWS(bench.request("GET", "/socket.io/?EIO=4&transport=websocket", websocket_headers()));
    bench.turns(3);
    CHECK(bench.engine.sessions() == 0);
}

TEST_CASE("an engine that is destroyed takes its sessions with it", "[session]") {
    base::ManualClock clock;
    net::Loop loop(0, clock);
    const net::Loop::Enter enter(loop);
    base::Metrics metrics;
    LoggingFactory factory;
    auto engine = std::make_unique<session::Engine>(EngineSettings{}, std::vector<net::Loop*>{&loop}, factory, metrics);
    std::vector<std::shared_ptr<FakeReply>> replies;
    for (const char* transport : {"polling", "websocket"}) {
        auto exchange = std::make_unique<FakeExchange>(
            loop, make_head("GET", std::string("/socket.io/?EIO=4&transport=") + transport, websocket_headers()));
        replies.push_back(exchange->reply());
        engine->on_exchange(std::move(exchange));
    }
    factory.logs[0]->session->close(CloseReason::kServerForced);  // half way to its end
    engine.reset();
    CHECK(factory.logs[0]->destroyed);
    CHECK(factory.logs[1]->destroyed);
    CHECK(factory.logs[1]->closed.empty());
    CHECK(replies[1]->wire->closed());
    loop.turn();  // what was posted finds nobody
}

TEST_CASE("a polling client has 30 s to come for the end, but 2 s from when the server stops", "[session]") {
    EngineBench bench;
    bench.open_polling();
    bench.send("4last words");
    const auto waits = [&] { return bench.metric("wshub_queued_bytes{loop=\"0\"}") != "0"; };
    auto& session = static_cast<session::SessionImpl&>(bench.session());
    bench.session().close(CloseReason::kServerForced);
    bench.pass(milliseconds{27'000});
    CHECK(waits());
    SECTION("30 s") {
        bench.pass(milliseconds{3'100});
        CHECK_FALSE(waits());
    }
    SECTION("2 s") {
        session.hurry();
        bench.pass(milliseconds{1'900});
        CHECK(waits());
        bench.pass(milliseconds{200});
        CHECK_FALSE(waits());
    }
}
