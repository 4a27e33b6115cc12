#include "session/websocket_transport.h"

#include <catch2/catch.hpp>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;
using protocol::Opcode;
using session::EngineSettings;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("messages travel both ways as frames", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.text("4hello");
    end.wire().feed(client_frame(Opcode::kBinary, std::string("\x00\x01", 2)));
    end.text("4");
    CHECK(bench.log().texts == Texts{"hello", ""});
    CHECK(bench.log().binaries == Texts{std::string("\x00\x01", 2)});
    bench.send("4answer");
    bench.send_binary("\x04\x05");
    CHECK(end.wire().written.empty());  // the turn is not over
    bench.turn();
    CHECK(end.frames() == std::vector<ServerFrame>{{Opcode::kText, "4answer"}, {Opcode::kBinary, "\x04\x05"}});
    CHECK(bench.metric("wshub_packets_in_total") == "3");
    CHECK(bench.metric("wshub_packets_out_total") == "3");
}

TEST_CASE("all packets of a turn leave in one write", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    const std::size_t before = end.wire().write_calls();
    std::string expected;
    for (int i = 0; i < 500; ++i) {
        bench.send("4" + std::to_string(i));
        expected += protocol::EncodedPacket::text("4" + std::to_string(i))->frame();
    }
    bench.turn();
    CHECK(end.wire().write_calls() == before + 1);
    CHECK(end.wire().written == expected);
}

TEST_CASE("packets are sent from where they lie, without a copy", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    const auto packet = protocol::EncodedPacket::text("4shared");
    bench.session().send(packet);
    CHECK(packet.use_count() == 2);
    bench.turn();
    CHECK(packet.use_count() == 1);
    CHECK(end.payloads() == Texts{"4shared"});
}

TEST_CASE("what the network does not take at once follows when there is room", "[websocket]") {
    const std::size_t room = GENERATE(range<std::size_t>(1, 40));
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().otherwise = room;
    std::string expected;
    for (const char* text : {"4one", "42[\"two\",2]", "4", "4a longer one that does not fit into a small piece"}) {
        bench.send(text);
        expected += protocol::EncodedPacket::text(text)->frame();
    }
    bench.turn();
    CHECK(bench.session().queued_bytes() == expected.size() - end.wire().written.size());
    CHECK(bench.metric("wshub_queued_bytes{loop=\"0\"}") == std::to_string(bench.session().queued_bytes()));
    // More comes meanwhile; it waits behind.
    bench.send("4late");
    bench.turn();
    expected += protocol::EncodedPacket::text("4late")->frame();
    for (int i = 0; i < 200 && end.wire().written.size() < expected.size(); ++i) end.wire().make_writable();
    CHECK(end.wire().written == expected);
    CHECK(bench.session().queued_bytes() == 0);
}

TEST_CASE("a connection that breaks at any write ends the session once", "[websocket]") {
    const std::size_t fail_at = GENERATE(range<std::size_t>(1, 8));
    EngineBench bench;
    WebSocketEnd end;
    auto exchange = std::make_unique<FakeExchange>(
        bench.loop, make_head("GET", "/socket.io/?EIO=4&transport=websocket", websocket_headers()));
    end.reply = exchange->reply();
    end.wire().fail_at = fail_at;
    end.wire().otherwise = 50;
    bench.engine.on_exchange(std::move(exchange));
    for (int i = 0; i < 10; ++i) {
        bench.turn();
        if (bench.log().session != nullptr) bench.send("4something that takes more than one write to leave us");
        if (bench.log().session != nullptr) end.wire().make_writable();
    }
    bench.turns(3);
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportError});
    CHECK(bench.log().destroyed);
    CHECK_FALSE(end.wire().held());
    CHECK(bench.engine.sessions() == 0);
}

TEST_CASE("messages may arrive in any pieces", "[websocket]") {
    const std::size_t piece = GENERATE(1u, 2u, 3u, 5u, 100u);
    EngineBench bench;
    const auto end = bench.open_websocket();
    const std::string bytes = client_text("4first") + client_frame(Opcode::kText, "4frag", false) +
                              client_frame(Opcode::kPing, "p") + client_frame(Opcode::kContinuation, "mented") +
                              client_frame(Opcode::kBinary, std::string(300, 'b'));
    for (std::size_t at = 0; at < bytes.size(); at += piece) end.wire().feed(bytes.substr(at, piece));
    CHECK(bench.log().texts == Texts{"first", "fragmented"});
    CHECK(bench.log().binaries == Texts{std::string(300, 'b')});
    bench.turn();
    CHECK(end.frames() == std::vector<ServerFrame>{{Opcode::kPong, "p"}});
}

TEST_CASE("a ping is answered with its payload", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    const std::string payload = GENERATE(std::string(), std::string("hi"), std::string(125, 'x'));
    end.wire().feed(client_frame(Opcode::kPing, payload));
    end.wire().feed(client_frame(Opcode::kPong, "unasked"));
    bench.turn();
    CHECK(end.frames() == std::vector<ServerFrame>{{Opcode::kPong, payload}});
}

TEST_CASE("a flood of pings that nobody reads the answers of costs one frame", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().otherwise = 0;
    for (int i = 0; i < 1000; ++i) {
        end.wire().feed(client_frame(Opcode::kPing, std::to_string(i)));
        bench.turn();
    }
    CHECK(bench.session().queued_bytes() <= 5);
    end.wire().otherwise = FakeWire::kUnlimited;
    end.wire().make_writable();
    CHECK(end.frames() == std::vector<ServerFrame>{{Opcode::kPong, "0"}, {Opcode::kPong, "999"}});
}

TEST_CASE("a client's close is echoed and ends the session", "[websocket]") {
    auto [payload, shown] = GENERATE(table<std::string, std::string>({
        {"", "close"},
        {std::string("\x03\xe8") + "bye", "close 1000"},
        {std::string("\x0f\xa0", 2), "close 4000"},
    }));
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().feed(client_frame(Opcode::kClose, payload) + client_text("4behind it"));
    bench.turns(2);
    CHECK(end.payloads() == Texts{shown});
    CHECK(end.wire().finished());
    CHECK(bench.log().texts.empty());
    CHECK(bench.log().closed == std::vector{CloseReason::kTransportClose});
    CHECK(bench.log().destroyed);
}

TEST_CASE("an Engine.IO close packet ends the session", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.text("1");
    bench.turns(2);
    CHECK(end.payloads() == Texts{"close"});
    CHECK(bench.log().closed == std::vector{CloseReason::kForcedClose});
}

TEST_CASE("a connection that ends without a goodbye ends the session", "[websocket]") {
    auto [how, reason] = GENERATE(table<net::StreamEnd, CloseReason>({
        {net::StreamEnd::kClosed, CloseReason::kTransportClose},
        {net::StreamEnd::kReset, CloseReason::kTransportError},
    }));
    EngineBench bench;
    const auto end = bench.open_websocket();
    bench.send("4unsent");
    end.wire().end(how);
    CHECK(bench.log().closed.empty());
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{reason});
    CHECK_FALSE(end.wire().held());
    CHECK(end.wire().written.empty());
    CHECK(bench.metric("wshub_queued_bytes{loop=\"0\"}") == "0");
}

TEST_CASE("who breaks the rules of WebSocket is told which", "[websocket]") {
    struct Case {
        std::string bytes;
        std::string shown;
        CloseReason reason;
    };
    const auto wrong = GENERATE(values<Case>({
        {std::string("\x81\x01x", 3), "close 1002", CloseReason::kTransportError},  // not masked
        {client_frame(Opcode::kContinuation, "x"), "close 1002", CloseReason::kTransportError},
        {std::string("\xc1\x80\0\0\0\0", 6), "close 1002", CloseReason::kTransportError},  // RSV1
        {client_text("4\xff"), "close 1007", CloseReason::kTransportError},
        {client_text("4" + std::string(1000, 'x')), "close 1009", CloseReason::kTooBig},
        {client_frame(Opcode::kBinary, std::string(1001, 'x')), "close 1009", CloseReason::kTooBig},
    }));
    EngineSettings settings;
    settings.max_http_buffer_size = 1000;
    EngineBench bench(settings);
    const auto end = bench.open_websocket();
    end.wire().feed(client_text("4before"));
    end.wire().feed(wrong.bytes);
    bench.turns(2);
    CHECK(bench.log().texts == Texts{"before"});
    CHECK(end.payloads() == Texts{wrong.shown});
    CHECK(end.wire().finished());
    CHECK(bench.log().closed == std::vector{wrong.reason});
}

TEST_CASE("a message as large as the limit passes", "[websocket]") {
    EngineSettings settings;
    settings.max_http_buffer_size = 1000;
    EngineBench bench(settings);
    const auto end = bench.open_websocket();
    end.text("4" + std::string(999, 'x'));
    CHECK(bench.log().texts == Texts{std::string(999, 'x')});
}

TEST_CASE("halves of messages take their address's share, and no more", "[websocket]") {
    EngineSettings settings;
    settings.max_http_buffer_size = 100'000;
    settings.max_held_bytes = 800'000;  // a share is one message
    EngineBench bench(settings);
    const auto half = client_frame(Opcode::kText, "4" + std::string(80'000, 'x'), false);
    const auto end = client_frame(Opcode::kContinuation, "");
    const auto small = client_frame(Opcode::kText, "4" + std::string(60'000, 'x'), false);

    const auto first = bench.open_websocket(), second = bench.open_websocket(), third = bench.open_websocket();
    first.wire().feed(half);
    second.wire().feed(small);  // the connection's own business
    bench.turn();
    CHECK(second.payloads().empty());
    third.wire().feed(half.substr(0, 70'000));
    bench.turns(2);
    CHECK(third.payloads() == Texts{"close 1013"});
    CHECK(bench.metric("wshub_session_closes_total{reason=\"overload\"}") == "1");

    // What was held is free again when the message is whole, also for a second one behind it in the same bytes.
    first.wire().feed(end + half);
    CHECK(bench.factory.logs[0]->texts.size() == 1);
    first.wire().feed(end);
    CHECK(bench.factory.logs[0]->texts.size() == 2);
    const auto fourth = bench.open_websocket();
    fourth.wire().feed(half);
    bench.turn();
    CHECK(fourth.payloads().empty());
    // And when its client goes.
    fourth.wire().end(net::StreamEnd::kClosed);
    bench.turns(2);
    const auto fifth = bench.open_websocket();
    fifth.wire().feed(half);
    bench.turn();
    CHECK(fifth.payloads().empty());
}

TEST_CASE("a text that is no packet ends the session without a status", "[websocket]") {
    const std::string text = GENERATE(values<std::string>({"", "7", "abc", "b*", "\x1e"}));
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.text(text);
    bench.turns(2);
    CHECK(end.payloads() == Texts{"close"});
    CHECK(bench.log().closed == std::vector{CloseReason::kParseError});
}

TEST_CASE("a client that asked for base64 gets and sends binary messages as text", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket("&b64=1");
    bench.send_binary(std::string("\x01\x02\x03\x04", 4));
    bench.send("4text");
    bench.turn();
    CHECK(end.frames() == std::vector<ServerFrame>{{Opcode::kText, "bAQIDBA=="}, {Opcode::kText, "4text"}});
    end.text("bAQIDBA==");
    CHECK(bench.log().binaries == Texts{std::string("\x01\x02\x03\x04", 4)});
}

TEST_CASE("a server's close goes behind what is queued, however slowly that leaves", "[websocket]") {
    const std::size_t room = GENERATE(1u, 3u, 7u, 100u);
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().otherwise = room;
    bench.send("4first");
    bench.turn();
    bench.send("4second");
    bench.session().close(CloseReason::kServerForced);
    Session* const session = bench.log().session;
    session->send(protocol::EncodedPacket::text("4behind the close"));
    CHECK(session->closing());
    bench.turns(2);
    CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
    end.text("4nobody listens");
    for (int i = 0; i < 50; ++i) end.wire().make_writable();
    CHECK(end.wire().finished());
    CHECK(end.payloads() == Texts{"4first", "4second", "close"});
    CHECK(bench.log().texts.empty());
}

TEST_CASE("a close at once drops what is queued, but never cuts a frame", "[websocket]") {
    const std::size_t taken = GENERATE(range<std::size_t>(0, 16));
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().capacity = {taken};
    end.wire().otherwise = 0;
    bench.send("4first");   // 8 bytes
    bench.send("4second");  // 9 bytes
    bench.turn();
    bench.session().close(CloseReason::kRateLimit, Session::CloseMode::kDiscard);
    bench.turns(2);
    CHECK(end.wire().finished());
    Texts expected;
    if (taken > 0) expected.push_back("4first");
    if (taken > 8) expected.push_back("4second");
    expected.push_back("close");
    CHECK(end.payloads() == expected);
    CHECK(end.wire().written.empty());
}

TEST_CASE("a client that says goodbye while it is being said goodbye to is let go", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().otherwise = 3;
    bench.send("4a long farewell");
    bench.session().close(CloseReason::kServerForced);
    bench.turns(2);
    CHECK_FALSE(end.wire().finished());
    end.wire().feed(client_frame(Opcode::kClose, ""));
    bench.turns(2);
    CHECK(end.wire().finished());
    CHECK(end.payloads() == Texts{"4a long farewell", "close"});
    CHECK(bench.log().closed == std::vector{CloseReason::kServerForced});
}

TEST_CASE("a client that does not read its farewell is dropped after half a minute", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    end.wire().otherwise = 0;
    bench.send("4farewell");
    bench.session().close(CloseReason::kServerForced);
    bench.pass(milliseconds(29'900));
    CHECK(end.wire().held());
    bench.pass(milliseconds(200));
    CHECK(end.wire().closed());
}

TEST_CASE("a volatile message is dropped while the network is full", "[websocket]") {
    EngineBench bench;
    const auto end = bench.open_websocket();
    const std::vector<protocol::PacketRef> one{protocol::EncodedPacket::text("4v")};
    CHECK(bench.session().send_volatile(one));
    bench.send("4x");
    CHECK(bench.session().send_volatile(one));  // goes with this turn
    bench.turn();
    CHECK(end.payloads() == Texts{"4v", "4x", "4v"});
    end.wire().otherwise = 0;
    bench.send("4stuck");
    bench.turn();
    CHECK_FALSE(bench.session().send_volatile(one));
    end.wire().otherwise = FakeWire::kUnlimited;
    end.wire().make_writable();
    CHECK(bench.session().send_volatile(one));
    bench.turn();
    CHECK(end.payloads() == Texts{"4stuck", "4v"});
}
