#include "session/polling_transport.h"

#include <catch2/catch.hpp>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;
using session::EngineSettings;

namespace {

const std::string kUnknown = "{\"code\":1,\"message\":\"Session ID unknown\"}";

bool gone(EngineBench& bench, const std::string& sid) {
    return body_of(*bench.get(sid)) == kUnknown;
}

}  // namespace

TEST_CASE("a poll waits until there is something to say", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    bench.turns(3);
    CHECK_FALSE(poll->response);
    bench.send("4hello");
    CHECK_FALSE(poll->response);  // the turn is not over
    bench.send_binary(std::string("\x01\x02\x03\x04", 4));
    bench.turn();
    CHECK(body_of(*poll) ==
          "4hello\x1e"
          "bAQIDBA==");
    CHECK(status_of(*poll) == 200);
    CHECK(poll->header("Content-Type") == "text/plain; charset=UTF-8");
    CHECK(poll->header("Cache-Control") == "no-store");
    CHECK(bench.session().queued_bytes() == 0);
}

TEST_CASE("what was sent between polls goes with the next one", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.send("4a");
    bench.send("4b");
    bench.turns(2);
    CHECK(bench.session().queued_bytes() == 8);
    CHECK(bench.metric("wshub_queued_bytes{loop=\"0\"}") == "8");
    const auto poll = bench.get(sid);
    bench.send("4c");
    bench.turn();
    CHECK(body_of(*poll) ==
          "4a\x1e"
          "4b\x1e"
          "4c");
    CHECK(bench.metric("wshub_queued_bytes{loop=\"0\"}") == "0");
}

TEST_CASE("an answer holds as much as max_http_buffer_size, the rest waits for the next poll", "[polling]") {
    EngineSettings settings;
    settings.max_http_buffer_size = 10;
    EngineBench bench(settings);
    const std::string sid = bench.open_polling();
    for (const char* packet : {"4aaa", "4bbbb", "4c", "4more than ten", "4d", "4eeee", "4f"}) bench.send(packet);
    std::vector<std::string> answers;
    for (int i = 0; i < 4; ++i) {
        const auto poll = bench.get(sid);
        bench.turn();
        answers.push_back(body_of(*poll));
    }
    CHECK(answers == std::vector<std::string>{"4aaa\x1e"
                                              "4bbbb",
                                              "4c", "4more than ten",
                                              "4d\x1e"
                                              "4eeee"});
}

TEST_CASE("base64 counts for what it takes in an answer", "[polling]") {
    EngineSettings settings;
    settings.max_http_buffer_size = 11;
    EngineBench bench(settings);
    const std::string sid = bench.open_polling();
    bench.send_binary("abc");  // bYWJj
    bench.send_binary("abc");
    bench.send_binary("a");
    auto poll = bench.get(sid);
    bench.turn();
    CHECK(body_of(*poll) ==
          "bYWJj\x1e"
          "bYWJj");
    poll = bench.get(sid);
    bench.turn();
    CHECK(body_of(*poll) == "bYQ==");
}

TEST_CASE("a POST brings packets and is answered ok", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto reply = bench.post(sid,
                                  "4hello\x1e"
                                  "bAQIDBA==\x1e"
                                  "4\xe2\x82\xac\x1e"
                                  "4",
                                  {"Content-Type: text/plain;charset=UTF-8"});
    CHECK(body_of(*reply) == "ok");
    CHECK(status_of(*reply) == 200);
    CHECK(reply->header("Content-Type") == "text/html");
    CHECK(reply->header("Cache-Control") == "no-store");
    CHECK(bench.log().texts == std::vector<std::string>{"hello", "\xe2\x82\xac", ""});
    CHECK(bench.log().binaries == std::vector<std::string>{std::string("\x01\x02\x03\x04", 4)});
    CHECK(bench.metric("wshub_packets_in_total") == "4");
}

TEST_CASE("a POST with garbage is answered ok and ends the session", "[polling]") {
    const std::string body = GENERATE(values<std::string>({
        "",
        "abc",
        "7",
        "\x1e",
        "4fine\x1e",
        "4fine\x1e"
        "\x1e"
        "4never",
        "4fine\x1e"
        "x\x1e"
        "4never",
        "4fine\x1e"
        "b*\x1e"
        "4never",
        "b\xff",
        "4\xff\xfe",
        "4\xed\xa0\x80",
        std::string("\0", 1),
    }));
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    CHECK(body_of(*bench.post(sid, body)) == "ok");
    CHECK(bench.log().closed.empty());  // never from inside
    CHECK(gone(bench, sid));
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{CloseReason::kParseError});
    CHECK(bench.log().destroyed);
    for (const std::string& text : bench.log().texts) CHECK(text == "fine");
    CHECK(body_of(*poll) == "1");
    CHECK(bench.metric("wshub_session_closes_total{reason=\"parse_error\"}") == "1");
}

TEST_CASE("octet-stream is of another protocol and ends the session", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const std::string type = GENERATE("application/octet-stream", "Application/Octet-Stream; x=y");
    const auto reply = bench.post(sid, "4x", {"Content-Type: " + type});
    CHECK(status_of(*reply) == 400);
    bench.turns(2);
    CHECK(bench.log().texts.empty());
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
    CHECK(gone(bench, sid));
}

TEST_CASE("a second GET at the same time ends the session", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto first = bench.get(sid);
    bench.turn();
    const auto second = bench.get(sid);
    CHECK(status_of(*second) == 400);
    CHECK(body_of(*second).empty());
    CHECK(gone(bench, sid));
    bench.turns(2);
    CHECK(status_of(*first) == 200);
    CHECK(body_of(*first) == "1");
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
    CHECK(bench.engine.sessions() == 0);
}

TEST_CASE("a second POST announced while one is under way ends the session", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const net::Loop::Enter here(bench.loop);
    const auto head = make_head("POST", "/socket.io/?EIO=4&transport=polling&sid=" + sid);
    SECTION("but not behind one that is done") {
        CHECK(bench.engine.announce(head));
        CHECK(bench.engine.announce(head));
        CHECK_FALSE(gone(bench, sid));
    }
    SECTION("") {
        const auto first = bench.engine.announce(head);
        CHECK(first);
        CHECK_FALSE(bench.engine.announce(head));
        bench.turns(2);
        CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
        CHECK(gone(bench, sid));
    }
}

TEST_CASE("only POSTs of polling sessions under our path are announced", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const net::Loop::Enter here(bench.loop);
    CHECK_FALSE(bench.engine.announce(make_head("GET", "/socket.io/?EIO=4&transport=polling&sid=" + sid)));
    CHECK_FALSE(bench.engine.announce(make_head("POST", "/other/?EIO=4&transport=polling&sid=" + sid)));
    CHECK_FALSE(bench.engine.announce(make_head("POST", "/socket.io/?EIO=4&transport=polling")));
    CHECK_FALSE(bench.engine.announce(make_head("POST", "/socket.io/?EIO=4&transport=polling&sid=unknown")));
}

TEST_CASE("a client's close packet answers its waiting GET with a noop", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    bench.send("4too late");
    CHECK(body_of(*bench.post(sid,
                              "4bye\x1e"
                              "1\x1e"
                              "4never")) == "ok");
    bench.turns(2);
    CHECK(body_of(*poll) == "6");
    CHECK(bench.log().texts == std::vector<std::string>{"bye"});
    CHECK(bench.log().closed == std::vector{CloseReason::kForcedClose});
    CHECK(gone(bench, sid));
}

TEST_CASE("a poll that its client gave up ends the session", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    bench.send("4lost");
    poll->abandon();
    CHECK(gone(bench, sid));
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
    CHECK(poll->dropped());
    CHECK(bench.metric("wshub_queued_bytes{loop=\"0\"}") == "0");
}

TEST_CASE("a server's close goes with the waiting poll, behind what is queued", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    // The official client would lose what stands in front of the close packet in the same answer.
    const bool queued = GENERATE(false, true);
    if (queued) bench.send("4last");
    bench.session().close(CloseReason::kServerForced);
    bench.turns(2);
    CHECK(body_of(*poll) == (queued ? "4last" : "1"));
    CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
    if (queued) {
        const auto next = bench.get(sid);
        bench.turns(2);
        CHECK(body_of(*next) ==
              "6\x1e"
              "1");
    }
    CHECK(gone(bench, sid));
}

TEST_CASE("a server's close waits half a minute for a poll", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.session().close(CloseReason::kServerForced);
    bench.turns(2);
    // Whoever is above need not wait.
    CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
    CHECK(bench.log().destroyed);
    CHECK(bench.engine.sessions() == 0);
    SECTION("it comes") {
        bench.pass(milliseconds(29'000));
        CHECK(body_of(*bench.post(sid, "4nobody reads this")) == "ok");
        CHECK(bench.log().texts.empty());
        const auto poll = bench.get(sid);
        bench.turns(2);
        CHECK(body_of(*poll) ==
              "6\x1e"
              "1");
    }
    SECTION("it comes, and twice") {
        const auto first = bench.get(sid);
        CHECK(status_of(*bench.get(sid)) == 400);
        bench.turns(2);
        CHECK(body_of(*first) == "1");
    }
    SECTION("the client says goodbye too") {
        bench.post(sid, "1");
        bench.turns(2);
    }
    SECTION("it does not come") {
        bench.pass(milliseconds(30'100));
    }
    CHECK(gone(bench, sid));
}

TEST_CASE("a close flushes a long queue by several polls", "[polling]") {
    EngineSettings settings;
    settings.max_http_buffer_size = 10;
    EngineBench bench(settings);
    const std::string sid = bench.open_polling();
    for (const char* packet : {"4aaa", "4bbbb", "4cccccc", "4dd"}) bench.send(packet);
    bench.session().close(CloseReason::kServerForced);
    bench.turns(2);
    std::vector<std::string> answers;
    for (int i = 0; i < 4; ++i) {
        const auto poll = bench.get(sid);
        bench.turns(2);
        answers.push_back(body_of(*poll));
    }
    CHECK(answers == std::vector<std::string>{"4aaa\x1e"
                                              "4bbbb",
                                              "4cccccc", "4dd",
                                              "6\x1e"
                                              "1"});
    CHECK(gone(bench, sid));
}

TEST_CASE("a close that has no room in a full answer goes with the next one", "[polling]") {
    EngineSettings settings;
    settings.max_http_buffer_size = 10;
    EngineBench bench(settings);
    const std::string sid = bench.open_polling();
    const auto first = bench.get(sid);
    bench.send("4ten bytes");
    bench.session().close(CloseReason::kServerForced);
    bench.turns(2);
    CHECK(body_of(*first) == "4ten bytes");
    const auto second = bench.get(sid);
    bench.turns(2);
    CHECK(body_of(*second) ==
          "6\x1e"
          "1");
}

TEST_CASE("a close at once keeps nobody waiting", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    SECTION("a poll waits") {
        const auto poll = bench.get(sid);
        bench.send("4dropped");
        bench.session().close(CloseReason::kRateLimit, Session::CloseMode::kDiscard);
        bench.turns(2);
        CHECK(body_of(*poll) == "1");
    }
    SECTION("no poll waits") {
        bench.session().close(CloseReason::kRateLimit, Session::CloseMode::kDiscard);
        bench.turns(2);
    }
    CHECK(gone(bench, sid));
    CHECK(bench.log().closed == std::vector{CloseReason::kRateLimit});
}

TEST_CASE("a volatile message goes with a poll that waits, or not at all", "[polling]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const std::vector<protocol::PacketRef> packets{protocol::EncodedPacket::text("451-[]"),
                                                   protocol::EncodedPacket::binary("x")};
    CHECK_FALSE(bench.session().send_volatile(packets));
    const auto poll = bench.get(sid);
    CHECK(bench.session().send_volatile(packets));
    CHECK(bench.session().send_volatile(packets));  // the answer has not left yet
    bench.turn();
    CHECK(body_of(*poll) ==
          "451-[]\x1e"
          "beA==\x1e"
          "451-[]\x1e"
          "beA==");
    CHECK_FALSE(bench.session().send_volatile(packets));
    CHECK(bench.session().queued_bytes() == 0);
}
