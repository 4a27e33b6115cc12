// What a client's messages do to its connection.
#include "hub/client.h"

#include <catch2/catch.hpp>
#include <tuple>

#include "world.h"

using namespace wshub;
using namespace wshub::test;
using namespace std::chrono_literals;
using session::CloseReason;

TEST_CASE("CONNECT is answered with the socket's id", "[client]") {
    World world;
    FakeSession& client = world.session();
    client.text("0");
    REQUIRE(world.sink.connected.size() == 1);
    std::string sid;
    world.hub.read(world.sink.connected[0], [&](const hub::SocketRecord& record) { sid = record.sid; });
    CHECK(sid.size() == 20);
    CHECK(client.received() == Lines{"40{\"sid\":\"" + sid + "\"}"});
    CHECK(world.sink.take() == Lines{"connect /", "connected /"});
}

TEST_CASE("CONNECT brings the client's auth", "[client]") {
    World world;
    FakeSession& client = world.session();
    client.text(R"(0{"token":"x"})");
    CHECK(world.sink.take().front() == R"(connect / {"token":"x"})");
    world.hub.read(world.sink.connected[0],
                   [](const hub::SocketRecord& record) { CHECK(record.auth == R"({"token":"x"})"); });
}

TEST_CASE("a namespace that is neither configured nor served is refused, and the connection stays", "[client]") {
    World world;
    FakeSession& client = world.session();
    client.text("0/zz,");
    CHECK(client.received() == Lines{R"(44/zz,{"message":"Invalid namespace"})"});
    CHECK(world.sink.take().empty());
    CHECK_FALSE(client.closing());

    world.sink.served = {"/zz"};
    client.text("0/zz,");
    CHECK(world.sink.take() == Lines{"connect /zz", "connected /zz"});
}

TEST_CASE("a connection holds a socket in each of several namespaces", "[client]") {
    hub::HubSettings settings;
    settings.namespaces = {"/", "/chat"};
    World world(1, settings);
    FakeSession& client = world.session();
    world.join(client, "/");
    world.join(client, "/chat");
    world.sink.take();
    client.text(R"(2["a"])");
    client.text(R"(2/chat,["b"])");
    CHECK(world.sink.take() == Lines{"event / a []", "event /chat b []"});
    client.text("1/chat,");
    CHECK(world.sink.take() == Lines{"disconnect /chat client namespace disconnect"});
    client.text(R"(2["c"])");
    CHECK(world.sink.take() == Lines{"event / c []"});
    CHECK_FALSE(client.closing());
}

TEST_CASE("what breaks the protocol ends the connection", "[client]") {
    World world;
    auto [first, then] = GENERATE(table<std::string, std::string>({
        std::tuple{"", R"(2["before CONNECT"])"},
        std::tuple{"", R"(31["before CONNECT"])"},
        std::tuple{"", "1"},
        std::tuple{"", "0[]"},
        std::tuple{"",
                   "0/"
                   "x,\"auth\""},
        std::tuple{"0", "0"},
        std::tuple{"0", ""},
        std::tuple{"0", "7"},
        std::tuple{"0", "x"},
        std::tuple{"0", "2"},
        std::tuple{"0", "2[]"},
        std::tuple{"0", "2{}"},
        std::tuple{"0", R"(2["a")"},
        std::tuple{"0", R"(2["connect"])"},
        std::tuple{"0", R"(2["disconnecting"])"},
        std::tuple{"0", "2[\"\xff\"]"},
        std::tuple{"0", R"(2/chat,["not joined"])"},
        std::tuple{"0", R"(5["no count"])"},
        std::tuple{"0", R"(50-["none"])"},
        std::tuple{"0", R"(511-["too many"])"},
        std::tuple{"0", R"(51-["e",{"_placeholder":true,"num":1}])"},
        std::tuple{"0", R"(51-/chat,["e",{"_placeholder":true,"num":0}])"},
        std::tuple{"0", R"(4{"message":"from a client"})"},
        std::tuple{"1", "0"},
    }));
    FakeSession& client = world.session();
    if (!first.empty()) client.text(first);
    client.text(then);
    CAPTURE(first, then);
    CHECK(client.close_reason() == CloseReason::kParseError);
    world.turn();
    CHECK(client.user_is_gone());
}

TEST_CASE("JSON deeper than the limit ends the connection", "[client]") {
    hub::HubSettings settings;
    settings.limits.max_json_depth = 5;
    World world(1, settings);
    auto [client, socket] = world.client();
    client->text(R"(2["a",[[[[1]]]]])");
    CHECK_FALSE(client->closing());
    client->text(R"(2["a",[[[[[1]]]]]])");
    CHECK(client->close_reason() == CloseReason::kParseError);
}

TEST_CASE("a binary event waits for its attachments", "[client]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    client->text(R"(52-["e",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])");
    CHECK(world.sink.take().empty());
    client->binary("one");
    CHECK(world.sink.take().empty());
    client->binary("two");
    CHECK(world.sink.take() ==
          Lines{R"(event / e [{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}] b:one b:two)"});
    client->text(R"(2["plain"])");
    CHECK(world.sink.take() == Lines{"event / plain []"});
}

TEST_CASE("text where an attachment is due ends the connection", "[client]") {
    World world;
    auto [client, socket] = world.client();
    client->text(R"(51-["e",{"_placeholder":true,"num":0}])");
    client->text(R"(2["a"])");
    CHECK(client->close_reason() == CloseReason::kParseError);
}

TEST_CASE("binary that no packet announced ends the connection", "[client]") {
    World world;
    auto [client, socket] = world.client();
    client->binary("x");
    CHECK(client->close_reason() == CloseReason::kParseError);
}

TEST_CASE("a client that joins no namespace in time is closed", "[client]") {
    World world;
    FakeSession& idle = world.session();
    FakeSession& refused = world.session();
    refused.text("0/zz,");
    auto [in, socket] = world.client();
    world.pass(44s);
    CHECK_FALSE(idle.closing());
    world.pass(1s + 8ms);
    CHECK(idle.close_reason() == CloseReason::kConnectTimeout);
    CHECK(refused.close_reason() == CloseReason::kConnectTimeout);
    CHECK_FALSE(in->closing());
}

TEST_CASE("a client that left its last namespace has the connect timeout to come back", "[client]") {
    World world;
    auto [client, socket] = world.client();
    world.pass(60s);
    client->text("1");
    world.pass(44s);
    CHECK_FALSE(client->closing());
    client->text("0");
    world.pass(60s);
    CHECK_FALSE(client->closing());
    client->text("1");
    world.pass(46s);
    CHECK(client->close_reason() == CloseReason::kConnectTimeout);
}

TEST_CASE("an event over the limit is refused, whole or in pieces, and is not kept", "[client]") {
    hub::HubSettings settings;
    settings.limits.max_event_bytes = 50;
    World world(1, settings);
    auto [client, socket] = world.client();
    world.sink.take();
    const std::string error = R"("code":"PAYLOAD_TOO_LARGE","message":"More than 50 bytes"})";
    const Lines refused{R"(42["system:error",{)" + error + "]", R"(437[{"status":"error",)" + error + "]"};

    SECTION("text at the limit passes") {
        client->text(R"(27["e",")" + std::string(50 - 10, 'x') + R"("])");
        CHECK(world.sink.take().size() == 1);
    }
    SECTION("text above it does not") {
        client->text(R"(27["e",")" + std::string(51 - 10, 'x') + R"("])");
        CHECK(world.sink.take().empty());
        CHECK(client->received() == refused);
    }
    SECTION("attachments count") {
        const std::string text = R"(52-7["e",{"_placeholder":true,"num":0}])";
        client->text(text);
        client->binary(std::string(50 - text.size(), 'x'));
        client->binary("");
        CHECK(world.sink.take().size() == 1);
        client->packets.clear();

        client->text(text);
        client->binary(std::string(51 - text.size(), 'x'));
        CHECK(client->received().empty());
        client->binary(std::string(1000, 'x'));
        CHECK(world.sink.take().empty());
        CHECK(client->received() == refused);
    }
    SECTION("attachments of a packet whose text is over the limit are still taken") {
        client->text(R"(51-7["e",{"_placeholder":true,"num":0},")" + std::string(50, 'x') + R"("])");
        client->binary("x");
        CHECK(client->received() == refused);
    }
    CHECK_FALSE(client->closing());
    client->packets.clear();
    client->text(R"(2["next"])");
    CHECK(world.sink.take() == Lines{"event / next []"});
    CHECK(client->received().empty());
}

TEST_CASE("events above the rate are dropped, acknowledged, and complained of once a second", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {2, 3};
    World world(1, settings);
    auto [client, socket] = world.client();
    world.sink.take();
    const std::string error = R"("code":"RATE_LIMIT","message":"Too many events"})";
    for (int i = 0; i < 3; ++i) client->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 3);
    client->text(R"(21["a"])");
    client->text(R"(22["a"])");
    client->text(R"(2["a"])");
    CHECK(client->received() == Lines{R"(42["system:error",{)" + error + "]", R"(431[{"status":"error",)" + error + "]",
                                      R"(432[{"status":"error",)" + error + "]"});
    CHECK(world.sink.take().empty());

    world.pass(500ms);
    client->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 1);
    client->text(R"(2["a"])");
    CHECK(client->received().empty());
    world.pass(500ms);
    client->text(R"(2["a"])");
    client->text(R"(2["a"])");
    CHECK(client->received() == Lines{R"(42["system:error",{)" + error + "]"});
    CHECK(world.metrics.text().find("wshub_limited_total{limit=\"events\"} 5") != std::string::npos);
}

TEST_CASE("a binary event above the rate takes its attachments with it", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 1};
    World world(1, settings);
    auto [client, socket] = world.client();
    client->text(R"(2["a"])");
    world.sink.take();
    client->text(R"(51-3["e",{"_placeholder":true,"num":0}])");
    CHECK(client->received().empty());
    client->binary("x");
    CHECK(client->received().size() == 2);
    CHECK(world.sink.take().empty());
}

TEST_CASE("who is told to slow down ten bursts long within ten seconds is put out, what is queued first", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 5};
    World world(1, settings);
    auto [client, socket] = world.client();
    for (int i = 0; i < 5 + 49; ++i) client->text(R"(2["a"])");
    CHECK_FALSE(client->closing());
    SECTION("at the fiftieth drop") {
        client->text(R"(2["a"])");
        CHECK(client->close_reason() == CloseReason::kRateLimit);
        CHECK(client->close_mode() == session::Session::CloseMode::kFlush);
        world.turn();
        CHECK(world.sink.take().back() == "disconnect / forced server close");
    }
    SECTION("unless ten seconds pass") {
        world.pass(10s);
        for (int i = 0; i < 5 + 49; ++i) client->text(R"(2["a"])");
        CHECK_FALSE(client->closing());
    }
}

TEST_CASE("leaving a namespace and coming back does not fill up the rate", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 5};
    World world(1, settings);
    auto [client, socket] = world.client();
    for (int i = 0; i < 5; ++i) client->text(R"(2["a"])");
    client->text("1");
    world.join(*client);
    world.sink.take();
    client->text(R"(2["a"])");
    CHECK(world.sink.take().empty());
}

TEST_CASE("CONNECTs have a rate too", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 3};
    World world(1, settings);
    FakeSession& client = world.session();
    for (int i = 0; i < 20; ++i) client.text("0/zz,");
    client.packets.clear();
    client.text("0");
    CHECK(client.received() ==
          Lines{R"(44{"message":"Too many connects","data":{"code":"RATE_LIMIT","message":"Too many connects"}})"});
    for (int i = 0; i < 30; ++i) client.text("0");
    CHECK(client.close_reason() == CloseReason::kRateLimit);
}

TEST_CASE("what a CONNECT brings is bounded like an event, and the client may try again", "[client]") {
    hub::HubSettings settings;
    settings.limits.max_event_bytes = 20;
    World world(1, settings);
    FakeSession& client = world.session();
    client.text(R"(0{"token":"0123456789"})");
    CHECK(client.received() == Lines{R"(44{"message":"Payload too large"})"});
    CHECK(world.sink.take().empty());
    client.text(R"(0{"token":"012"})");
    CHECK(world.sink.take().front() == R"(connect / {"token":"012"})");
}

TEST_CASE("a CONNECT has room for a large token and no more", "[client]") {
    World world;
    FakeSession& client = world.session();
    const auto connect = [&](std::size_t bytes) {
        client.text(R"(0{"token":")" + std::string(bytes - 12, 'x') + R"("})");
    };
    connect(64'001);
    CHECK(client.received() == Lines{R"(44{"message":"Payload too large"})"});
    CHECK(world.sink.take().empty());
    connect(64'000);
    CHECK(world.sink.take().size() == 2);
}

TEST_CASE("a connection that is refused again and again is closed", "[client]") {
    World world;
    FakeSession& client = world.session();
    world.sink.on_connect_do = [](const hub::ConnectRequest&) { return hub::ConnectVerdict::refusal("no", {}); };
    for (int i = 0; i < 9; ++i) client.text("0");
    CHECK_FALSE(client.closing());
    client.text("0");
    CHECK(client.packets.size() == 10);
    CHECK(client.close_reason() == CloseReason::kServerForced);
}

TEST_CASE("attachments have the connect timeout to come", "[client]") {
    World world;
    auto [client, socket] = world.client();
    client->text(R"(52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
    world.pass(40s);
    client->binary("one");
    CHECK_FALSE(client->closing());
    SECTION("in time") {
        client->binary("two");
        world.pass(60s);
        CHECK_FALSE(client->closing());
    }
    SECTION("late") {
        world.pass(6s);
        CHECK(client->close_reason() == CloseReason::kParseError);
    }
}

TEST_CASE("a rate of nothing is no limit", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {0, 0};
    World world(1, settings);
    auto [client, socket] = world.client();
    world.sink.take();
    for (int i = 0; i < 1000; ++i) client->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 1000);
}

TEST_CASE("packets on their way when the server ended the socket are no offence", "[client]") {
    World world;
    auto [client, socket] = world.client();
    world.on(0, [&, socket = socket] { world.hub.disconnect(socket); });
    world.turn();
    world.sink.take();
    const auto late = GENERATE(R"(2["late"])", R"(31["late"])", "1", R"(51-["late",{"_placeholder":true,"num":0}])");
    client->text(late);
    if (late[0] == '5') client->binary("x");
    CHECK_FALSE(client->closing());
    CHECK(world.sink.take().empty());
    client->text("0");
    CHECK(world.sink.take() == Lines{"connect /", "connected /"});
}

TEST_CASE("a binary event whose socket is ended while its attachments come is dropped", "[client]") {
    World world;
    auto [client, socket] = world.client();
    client->text(R"(51-["e",{"_placeholder":true,"num":0}])");
    world.on(0, [&, socket = socket] { world.hub.disconnect(socket); });
    world.turn();
    world.sink.take();
    client->binary("x");
    CHECK(world.sink.take().empty());
    CHECK_FALSE(client->closing());
}

TEST_CASE("the reason that a handler sees is the one of the ecosystem", "[client]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    auto [reason, text] = GENERATE(table<CloseReason, std::string>({
        std::tuple{CloseReason::kTransportClose, "transport close"},
        std::tuple{CloseReason::kPingTimeout, "ping timeout"},
        std::tuple{CloseReason::kParseError, "parse error"},
    }));
    client->drop(reason);
    CHECK(world.sink.take() == Lines{"disconnect / " + text});
}

TEST_CASE("the record follows the transport", "[client]") {
    World world;
    auto [client, socket] = world.client();
    const auto transport = [&, socket = socket] {
        auto out = session::TransportKind::kPolling;
        world.hub.read(socket, [&](const hub::SocketRecord& record) { out = record.transport; });
        return out;
    };
    CHECK(transport() == session::TransportKind::kPolling);
    client->upgrade();
    CHECK(transport() == session::TransportKind::kWebSocket);
}
