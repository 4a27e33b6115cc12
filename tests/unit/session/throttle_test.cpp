// Clients that send faster than [limits] bytes_per_second: nothing of theirs is lost, it only takes its time.
#include <catch2/catch.hpp>
#include <string>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;
using session::EngineSettings;
using namespace std::chrono_literals;

namespace {

const std::string kPaused = "wshub_limited_total{limit=\"bytes\"}";

EngineSettings paced(double per_second = 1000, double burst = 1000) {
    EngineSettings settings;
    settings.limits.bytes = {per_second, burst};
    return settings;
}

std::string message(std::size_t size) {
    return "4" + std::string(size - 1, 'x');
}

}  // namespace

TEST_CASE("a WebSocket above its bytes is not read until there is room again", "[throttle]") {
    EngineBench bench(paced());
    const WebSocketEnd client = bench.open_websocket();
    client.text(message(900));
    CHECK_FALSE(client.wire().paused());
    client.text(message(592));  // each frame has 8 bytes more: 508 are too many
    CHECK(client.wire().paused());
    CHECK(bench.log().texts.size() == 2);  // what has come has come
    CHECK(bench.metric(kPaused) == "1");
    client.text("4later");
    bench.pass(507ms);
    CHECK(bench.log().texts.size() == 2);
    bench.pass(5ms);
    CHECK(bench.log().texts.back() == "later");
}

TEST_CASE("a POST above the client's bytes is handled at once and answered when there is room again", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    CHECK(body_of(*bench.post(sid, message(1000))) == "ok");
    const auto post = bench.post(sid, message(500));
    CHECK(bench.log().texts.size() == 2);
    bench.pass(499ms);
    CHECK_FALSE(post->response);
    bench.pass(5ms);
    CHECK(body_of(*post) == "ok");
    CHECK(bench.metric(kPaused) == "1");
    CHECK(body_of(*bench.post(sid, "4on")) == "ok");
    CHECK(bench.log().closed.empty());
}

TEST_CASE("polls go on while the answer to a POST waits", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    const auto post = bench.post(sid, message(2000));
    const auto poll = bench.get(sid);
    bench.send("4hello");
    bench.turn();
    CHECK(body_of(*poll) == "4hello");
    CHECK_FALSE(post->response);
}

TEST_CASE("a second POST while the answer to the first waits ends the session, as two at a time do", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    const auto first = bench.post(sid, message(2000));
    SECTION("announced") {
        CHECK(bench.engine.announce(make_head("POST", "/socket.io/?EIO=4&transport=polling&sid=" + sid)) == nullptr);
    }
    SECTION("there") {
        CHECK(status_of(*bench.post(sid, "4x")) == 400);
    }
    bench.turns(3);
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
    CHECK(body_of(*first) == "ok");
}

TEST_CASE("a client that goes away while the answer to its POST waits loses only that", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    const auto post = bench.post(sid, message(2000));
    post->abandon();
    CHECK(post->dropped());
    bench.pass(2s);
    CHECK(bench.log().closed.empty());
    CHECK(body_of(*bench.post(sid, "4on")) == "ok");
}

TEST_CASE("the end of the session answers the POST that waits", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    const auto post = bench.post(sid, message(2000));
    const auto mode = GENERATE(Session::CloseMode::kFlush, Session::CloseMode::kDiscard);
    bench.session().close(CloseReason::kServerForced, mode);
    bench.turns(3);
    CHECK(body_of(*post) == "ok");
    CHECK(bench.log().closed.size() == 1);
    bench.pass(10s);
}

TEST_CASE("a message that ends the session is answered though it is above the bytes", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    const auto post = bench.post(sid, message(2000) + "\x1e" + "1");
    CHECK(body_of(*post) == "ok");
    bench.turns(3);
    CHECK(bench.log().closed == std::vector{CloseReason::kForcedClose});
}

TEST_CASE("a pause is no longer than a quarter of ping_timeout, nor than five seconds", "[throttle]") {
    const auto [timeout, longest] = GENERATE(
        table<base::milliseconds, base::milliseconds>({{20'000ms, 5'000ms}, {400ms, 100ms}, {60'000ms, 5'000ms}}));
    EngineSettings settings = paced(1, 1);
    settings.ping_timeout = timeout;
    EngineBench bench(settings);
    const WebSocketEnd client = bench.open_websocket();
    client.text(message(5000));
    CHECK(client.wire().paused());
    bench.pass(longest - 1ms);
    CHECK(client.wire().paused());
    bench.pass(5ms);
    CHECK_FALSE(client.wire().paused());
}

TEST_CASE("no session ends for a pong that lies behind a pause", "[throttle]") {
    EngineSettings settings = paced(1, 1);
    settings.ping_interval = 1'000ms;
    settings.ping_timeout = 400ms;
    EngineBench bench(settings);
    const WebSocketEnd client = bench.open_websocket();
    bench.pass(1'000ms);
    CHECK(client.payloads() == std::vector<std::string>{"2"});
    // Ten pauses of a tenth of a second, longer than ping_timeout by far; the client hears from us once an interval.
    for (int i = 0; i < 10; ++i) {
        bench.pass(40ms);
        client.text(message(500));
        CHECK(client.wire().paused());
        if (i == 9) client.text("3");
        bench.pass(104ms);
        bench.turn();
        CHECK(bench.log().closed.empty());
    }
    CHECK(client.payloads() == std::vector<std::string>{"2"});
    bench.pass(390ms);
    CHECK(bench.log().closed.empty());
    // The pong has come: the next ping is due an interval later.
    CHECK(client.payloads().empty());
    bench.pass(620ms);
    CHECK(client.payloads() == std::vector<std::string>{"2"});
}

TEST_CASE("a client that is gone is noticed one ping_timeout after its last pause", "[throttle]") {
    EngineSettings settings = paced(1, 1);
    settings.ping_interval = 1'000ms;
    settings.ping_timeout = 400ms;
    EngineBench bench(settings);
    SECTION("over WebSocket") {
        const WebSocketEnd client = bench.open_websocket();
        bench.pass(1'000ms);
        client.text(message(500));
        bench.pass(104ms);
        bench.pass(390ms);
        CHECK(bench.log().closed.empty());
        bench.pass(20ms);
        CHECK(bench.log().closed == std::vector{CloseReason::kPingTimeout});
    }
    SECTION("over polling") {
        const std::string sid = bench.open_polling();
        bench.pass(1'000ms);
        bench.post(sid, message(500));
        bench.pass(104ms);
        bench.pass(390ms);
        CHECK(bench.log().closed.empty());
        bench.pass(20ms);
        CHECK(bench.log().closed == std::vector{CloseReason::kPingTimeout});
    }
}

TEST_CASE("a pause goes along when the session moves to a WebSocket", "[throttle]") {
    EngineBench bench(paced());
    const std::string sid = bench.open_polling();
    const auto post = bench.post(sid, message(2000));
    const WebSocketEnd client = bench.open_probe(sid);
    client.text("2probe");
    client.text("5");
    bench.turns(2);
    CHECK(bench.log().upgrades == 1);
    CHECK(body_of(*post) == "ok");
    CHECK(client.wire().paused());
    client.text("4later");
    CHECK(bench.log().texts.size() == 1);
    bench.pass(1'004ms);
    bench.turn();
    CHECK(bench.log().texts.back() == "later");
    CHECK(bench.log().closed.empty());
}

TEST_CASE("in dry-run nobody is held up", "[throttle]") {
    EngineSettings settings = paced();
    settings.limits.bytes_mode = base::LimitMode::kDryRun;
    EngineBench bench(settings);
    const WebSocketEnd client = bench.open_websocket();
    for (int i = 0; i < 3; ++i) client.text(message(900));
    CHECK_FALSE(client.wire().paused());
    CHECK(bench.log().texts.size() == 3);
    CHECK(bench.metric("wshub_limited_dry_run_total{limit=\"bytes\"}") == "2");
}
