// Connects, events, acknowledgements and the order of what is called upwards.
#include <catch2/catch.hpp>
#include <tuple>

#include "world.h"

using namespace wshub;
using namespace wshub::test;
using namespace std::chrono_literals;
using hub::HubError;
using hub::SocketHandle;

namespace {

hub::Emit to(const SocketHandle& socket, std::string_view event, std::string_view args = "[]") {
    hub::Emit emit;
    emit.event = event;
    emit.args = args;
    emit.sockets = {&socket, 1};
    return emit;
}

}  // namespace

TEST_CASE("what is emitted during on_connect goes out behind the CONNECT answer", "[dispatch]") {
    World world;
    world.sink.on_connect_do = [&](const hub::ConnectRequest& request) {
        CHECK(world.hub.emit(to(request.socket, "hello")) == HubError::kNone);
        CHECK(world.hub.join(request.socket, {hub::RoomSpace::kClient, "den"}) == HubError::kNone);
        hub::Emit room;
        const hub::RoomRef den{hub::RoomSpace::kClient, "den"};
        room.nsp = "/";
        room.event = "room";
        room.rooms = {&den, 1};
        CHECK(world.hub.emit(room) == HubError::kNone);
        hub::Emit lossy = to(request.socket, "volatile");
        lossy.is_volatile = true;
        CHECK(world.hub.emit(lossy) == HubError::kNone);
        return hub::ConnectVerdict{};
    };
    FakeSession& client = world.session();
    client.text("0");
    const Lines received = client.received();
    REQUIRE(received.size() == 3);
    CHECK(received[0].starts_with("40{\"sid\""));
    CHECK(received[1] == R"(42["hello"])");
    CHECK(received[2] == R"(42["room"])");
    CHECK(world.sink.take() == Lines{"connect /", "connected /", "join / den"});
}

TEST_CASE("a refused connect is told why, and the socket was never there", "[dispatch]") {
    World world;
    const auto [verdict, answer] = GENERATE(table<hub::ConnectVerdict, std::string>({
        std::tuple{hub::ConnectVerdict::refusal("no \"entry\"", {}), R"(44{"message":"no \"entry\""})"},
        std::tuple{hub::ConnectVerdict::refusal("no", R"({"code":1})"), R"(44{"message":"no","data":{"code":1}})"},
        std::tuple{hub::ConnectVerdict::refusal({}, {}), R"(44{"message":"Connection rejected by server"})"},
        std::tuple{hub::ConnectVerdict::refusal("no", "{broken"), R"(44{"message":"no"})"},
        std::tuple{hub::ConnectVerdict::refusal("\xff", {}), R"(44{"message":"Connection rejected by server"})"},
    }));
    SocketHandle seen = 0;
    world.sink.on_connect_do = [&, verdict = verdict](const hub::ConnectRequest& request) {
        seen = request.socket;
        world.hub.join(seen, {hub::RoomSpace::kClient, "den"});
        world.hub.set_username(seen, "ann");
        world.hub.emit(to(seen, "never"));
        return verdict;
    };
    FakeSession& client = world.session();
    client.text("0");
    CHECK(client.received() == Lines{answer});
    CHECK_FALSE(client.closing());
    CHECK(world.sink.take() == Lines{"connect /"});
    CHECK_FALSE(world.hub.read(seen, [](const hub::SocketRecord&) {}));
    CHECK(world.hub.find_user("/", "ann") == 0);
    CHECK(world.hub.rooms("/").empty());
    CHECK(world.hub.socket_count("/") == 0);
    world.turn();
    CHECK(world.sink.take().empty());

    world.sink.on_connect_do = nullptr;
    client.text("0");
    CHECK(world.sink.take() == Lines{"connect /", "connected /"});
}

TEST_CASE("disconnecting a socket during its on_connect refuses it", "[dispatch]") {
    World world;
    world.sink.on_connect_do = [&](const hub::ConnectRequest& request) {
        CHECK(world.hub.disconnect(request.socket) == HubError::kNone);
        return hub::ConnectVerdict{};
    };
    FakeSession& client = world.session();
    client.text("0");
    CHECK(client.received() == Lines{R"(44{"message":"Connection rejected by server"})"});
    CHECK(world.sink.take() == Lines{"connect /"});
}

TEST_CASE("an event's name arrives as text", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    auto [packet, line] = GENERATE(table<std::string, std::string>({
        std::tuple{R"(2["a"])", "event / a []"},
        std::tuple{R"(2["a\u0062\n"])", "event / ab\n []"},
        std::tuple{R"(2[12,1])", "event / 12 [1]"},
        std::tuple{R"(2["a",1.0,12345678901234567890])", "event / a [1.0,12345678901234567890]"},
        std::tuple{R"(2[""])", "event /  []"},
    }));
    client->text(packet);
    CHECK(world.sink.take() == Lines{line});
}

TEST_CASE("an event that asks for an ack gets exactly one", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();

    SECTION("its handler's") {
        world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
            CHECK(world.hub.ack(event.ack, R"(["pong"])") == HubError::kNone);
            CHECK(world.hub.ack(event.ack, R"(["again"])") == HubError::kAlreadyAcked);
            CHECK(world.hub.keep_ack(event.ack) == HubError::kAlreadyAcked);
            return true;
        };
        client->text(R"(212["ping"])");
        CHECK(client->received() == Lines{R"(4312["pong"])"});
    }
    SECTION("or the default, if nobody gave one") {
        client->text(R"(212["ping"])");
        CHECK(client->received() == Lines{R"(4312[{"status":"ok"}])"});
    }
    SECTION("none, if it asked for none") {
        world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
            CHECK(event.ack == 0);
            CHECK(world.hub.ack(event.ack, "[]") == HubError::kNoSuchAck);
            return true;
        };
        client->text(R"(2["ping"])");
        CHECK(client->received().empty());
    }
    SECTION("later, if it was kept") {
        hub::AckHandle kept = 0;
        world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
            kept = event.ack;
            return world.hub.keep_ack(event.ack) == HubError::kNone;
        };
        client->text(R"(212["ping"])");
        CHECK(client->received().empty());
        world.on(0, [&] {
            CHECK(world.hub.ack(kept, "[1]") == HubError::kNone);
            CHECK(world.hub.ack(kept, "[2]") == HubError::kNoSuchAck);
        });
        CHECK(client->received() == Lines{"4312[1]"});
    }
    SECTION("from another thread, if it was kept") {
        hub::AckHandle kept = 0;
        world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
            kept = event.ack;
            return world.hub.keep_ack(event.ack) == HubError::kNone;
        };
        client->text(R"(212["ping"])");
        const std::string_view bytes = "abc";
        CHECK(world.hub.ack(kept, R"([{"_placeholder":true,"num":0}])", {&bytes, 1}) == HubError::kNone);
        CHECK(world.hub.ack(kept, "[2]") == HubError::kNone);
        CHECK(client->received().empty());
        world.turn();
        CHECK(client->received() == Lines{R"(461-12[{"_placeholder":true,"num":0}])", "b:abc"});
    }
}

TEST_CASE("an ack that is none is refused, and the right one can still be given", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
        const std::string_view bytes[11] = {};
        CHECK(world.hub.ack(event.ack, "{}") == HubError::kInvalid);
        CHECK(world.hub.ack(event.ack, "[1") == HubError::kInvalid);
        CHECK(world.hub.ack(event.ack, "") == HubError::kInvalid);
        CHECK(world.hub.ack(event.ack, R"([{"_placeholder":true,"num":1}])", {bytes, 1}) == HubError::kInvalid);
        CHECK(world.hub.ack(event.ack, " [1] ") == HubError::kNone);
        return true;
    };
    client->text(R"(20["ping"])");
    CHECK(client->received() == Lines{"430[1]"});
}

TEST_CASE("a kept ack goes with its socket", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    hub::AckHandle kept = 0;
    world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
        kept = event.ack;
        return world.hub.keep_ack(event.ack) == HubError::kNone;
    };
    client->text(R"(212["ping"])");
    client->text("1");
    CHECK(world.on(0, [&] { return world.hub.ack(kept, "[1]"); }) == HubError::kNoSuchAck);
    CHECK(world.hub.ack(kept, "[1]") == HubError::kNone);
    world.turn();
    CHECK(client->received().empty());
}

TEST_CASE("an unknown event is an error, or is ignored, and owes an ack in both cases", "[dispatch]") {
    hub::HubSettings settings;
    settings.unknown_event_is_error = GENERATE(true, false);
    World world(1, settings);
    auto [client, socket] = world.client();
    world.sink.on_event_do = [](const hub::IncomingEvent&) { return false; };
    const std::string error = R"({"code":"UNKNOWN_EVENT","message":"Unknown event: a\"b"})";
    client->text(R"(2["a\"b"])");
    CHECK(client->received() ==
          (settings.unknown_event_is_error ? Lines{R"(42["system:error",)" + error + "]"} : Lines{}));
    client->text(R"(23["a\"b"])");
    const Lines received = client->received();
    REQUIRE(received.size() == (settings.unknown_event_is_error ? 2 : 1));
    CHECK(received.back() == R"(433[{"status":"error","code":"UNKNOWN_EVENT","message":"Unknown event: a\"b"}])");
}

TEST_CASE("a long unknown name is cut between characters", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.on_event_do = [](const hub::IncomingEvent&) { return false; };
    std::string name;
    for (int i = 0; i < 40; ++i) name += "€";
    client->text("2[\"" + name + "\"]");
    CHECK(client->received() == Lines{R"(42["system:error",{"code":"UNKNOWN_EVENT","message":"Unknown event: )" +
                                      name.substr(0, 99) + "\"}]"});
}

TEST_CASE("a failed request is told twice: system:error and the ack", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    SECTION("with the error in both") {
        world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
            CHECK(world.hub.fail(event.socket, event.ack, "BAD", "\"quoted\"") == HubError::kNone);
            return true;
        };
        client->text(R"(27["e"])");
        CHECK(client->received() == Lines{R"(42["system:error",{"code":"BAD","message":"\"quoted\""}])",
                                          R"(437[{"status":"error","code":"BAD","message":"\"quoted\""}])"});
        client->text(R"(2["e"])");
        CHECK(client->received().size() == 1);
    }
    SECTION("or with an ack of its own") {
        world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
            CHECK(world.hub.fail(event.socket, event.ack, "BAD", "x", R"([{"success":false}])") == HubError::kNone);
            return true;
        };
        client->text(R"(27["e"])");
        CHECK(client->received().back() == R"(437[{"success":false}])");
    }
    SECTION("or from another thread") {
        CHECK(world.hub.fail(socket, 0, "BAD", "x") == HubError::kNone);
        CHECK(client->received().empty());
        world.turn();
        CHECK(client->received() == Lines{R"(42["system:error",{"code":"BAD","message":"x"}])"});
    }
    SECTION("unless it cannot be said") {
        CHECK(world.hub.fail(socket, 0, "BAD", "\xff") == HubError::kInvalid);
        CHECK(world.hub.fail(socket, 0, "BAD", "x", "{}") == HubError::kInvalid);
        CHECK(world.hub.fail(12345, 0, "BAD", "x") == HubError::kNoSuchSocket);
        CHECK(client->received().empty());
    }
}

// ---- the hooks' order

TEST_CASE("hooks run when the handler has returned, before the client's next event", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
        const hub::RoomRef den{hub::RoomSpace::kClient, "den"};
        bool changed = false;
        if (event.name == "in") world.hub.join(event.socket, den, &changed);
        if (event.name == "out") world.hub.leave(event.socket, den, &changed);
        world.sink.calls.push_back(changed ? "changed" : "same");
        return true;
    };
    for (const auto* packet : {R"(2["in"])", R"(2["in"])", R"(2["out"])", R"(2["out"])"}) client->text(packet);
    CHECK(world.sink.take() == Lines{"event / in []", "changed", "join / den", "event / in []", "same",
                                     "event / out []", "changed", "leave / den", "event / out []", "same"});
}

TEST_CASE("hooks caused by hooks follow in order", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
        world.hub.join(event.socket, {hub::RoomSpace::kClient, "one"});
        world.hub.join(event.socket, {hub::RoomSpace::kClient, "two"});
        return true;
    };
    world.sink.on_join_do = [&](SocketHandle who, std::string_view room) {
        if (room == "one") world.hub.leave(who, {hub::RoomSpace::kClient, "one"});
    };
    client->text(R"(2["e"])");
    CHECK(world.sink.take() == Lines{"event / e []", "join / one", "join / two", "leave / one"});
}

TEST_CASE("rooms of the server have no hooks and are not in the record", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    world.on(0, [&, socket = socket] { world.hub.join(socket, {hub::RoomSpace::kServer, "admin"}); });
    world.turn();
    CHECK(world.rooms_of(socket).empty());
    CHECK(world.hub.in_room(socket, {hub::RoomSpace::kServer, "admin"}));
    client->drop();
    CHECK(world.sink.take() == Lines{"disconnect / transport close"});
}

TEST_CASE("a disconnect leaves each room, then says so, with the record still there", "[dispatch]") {
    World world;
    auto [client, handle] = world.client();
    const SocketHandle socket = handle;
    world.on(0, [&] {
        for (const auto* room : {"b", "a", "c"}) world.hub.join(socket, {hub::RoomSpace::kClient, room});
        world.hub.set_username(socket, "ann");
    });
    world.turn();
    world.sink.take();
    world.sink.on_leave_do = [&](SocketHandle who, std::string_view room) {
        CHECK(world.rooms_of(who) == Lines{"b", "a", "c"});
        CHECK_FALSE(world.hub.in_room(who, {hub::RoomSpace::kClient, room}));
        CHECK(world.hub.members("/", {hub::RoomSpace::kClient, room}).empty());
        CHECK(world.hub.emit(to(who, "late")) == HubError::kNone);
        CHECK(world.hub.join(who, {hub::RoomSpace::kClient, "d"}) == HubError::kNoSuchSocket);
        CHECK(world.hub.set_profile(who, "{}") == HubError::kNoSuchSocket);
    };
    world.sink.on_disconnect_do = [&](SocketHandle who) {
        CHECK(world.hub.find_user("/", "ann") == 0);
        CHECK(world.hub.socket_count("/") == 0);
        world.hub.read(who, [](const hub::SocketRecord& record) { CHECK(record.username == "ann"); });
    };
    SECTION("of the transport") {
        client->drop();
        CHECK(world.sink.take() == Lines{"leave / b", "leave / a", "leave / c", "disconnect / transport close"});
    }
    SECTION("of the client") {
        client->text("1");
        CHECK(world.sink.take() ==
              Lines{"leave / b", "leave / a", "leave / c", "disconnect / client namespace disconnect"});
    }
    SECTION("of the server") {
        CHECK(world.on(0, [&] { return world.hub.disconnect(socket); }) == HubError::kNone);
        CHECK(world.sink.take().empty());
        CHECK(world.on(0, [&] { return world.hub.emit(to(socket, "late")); }) == HubError::kNone);
        CHECK(client->received() == Lines{"41"});
        world.turn();
        CHECK(world.sink.take() ==
              Lines{"leave / b", "leave / a", "leave / c", "disconnect / server namespace disconnect"});
        CHECK_FALSE(client->closing());
    }
    SECTION("of the server by its transport") {
        CHECK(world.on(0, [&] { return world.hub.close_transport(socket); }) == HubError::kNone);
        CHECK(world.sink.take().empty());
        world.turn();
        CHECK(world.sink.take() == Lines{"leave / b", "leave / a", "leave / c", "disconnect / forced server close"});
    }
    CHECK_FALSE(world.hub.read(socket, [](const hub::SocketRecord&) {}));
    CHECK(world.hub.disconnect(socket) == HubError::kNoSuchSocket);
    CHECK(world.hub.close_transport(socket) == HubError::kNoSuchSocket);
    CHECK(client->received().empty());
}

TEST_CASE("a socket that is disconnected inside its handler gets nothing more", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    world.sink.on_event_do = [&](const hub::IncomingEvent& event) {
        world.hub.join(event.socket, {hub::RoomSpace::kClient, "den"});
        world.hub.disconnect(event.socket);
        CHECK(world.hub.disconnect(event.socket) == HubError::kNoSuchSocket);
        CHECK(world.hub.ack(event.ack, "[]") == HubError::kNoSuchAck);
        CHECK(world.hub.fail(event.socket, event.ack, "BAD", "x") == HubError::kNoSuchSocket);
        return true;
    };
    client->text(R"(21["e"])");
    CHECK(client->received() == Lines{"41"});
    CHECK(world.sink.take() ==
          Lines{"event / e []", "join / den", "leave / den", "disconnect / server namespace disconnect"});
}

TEST_CASE("a transport that goes while hooks wait does not change their order", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.sink.take();
    world.on(0, [&, socket = socket] { world.hub.join(socket, {hub::RoomSpace::kClient, "den"}); });
    client->drop();
    CHECK(world.sink.take() == Lines{"join / den", "leave / den", "disconnect / transport close"});
    world.turn();
    CHECK(world.sink.take().empty());
}

TEST_CASE("all sockets of a connection go with it", "[dispatch]") {
    hub::HubSettings settings;
    settings.namespaces = {"/", "/chat"};
    World world(1, settings);
    FakeSession& client = world.session();
    world.join(client, "/");
    world.join(client, "/chat");
    world.sink.take();
    client.drop(session::CloseReason::kPingTimeout);
    CHECK(world.sink.take() == Lines{"disconnect / ping timeout", "disconnect /chat ping timeout"});
    CHECK(world.hub.sockets("").empty());
}

TEST_CASE("a session that is destroyed without a word leaves nothing behind", "[dispatch]") {
    World world;
    auto [client, socket] = world.client();
    world.on(0, [&, socket = socket] {
        world.hub.join(socket, {hub::RoomSpace::kClient, "den"});
        world.hub.set_username(socket, "ann");
    });
    world.sessions.clear();
    world.turn();
    CHECK(world.hub.sockets("").empty());
    CHECK(world.hub.rooms("/").empty());
    CHECK(world.hub.find_user("/", "ann") == 0);
}

// ---- replies

TEST_CASE("a client's reply reaches who asked, once", "[dispatch]") {
    World world;
    auto [client, handle] = world.client();
    const SocketHandle socket = handle;
    world.sink.take();
    hub::Emit ask = to(socket, "q", "[1]");
    ask.reply = hub::Emit::ReplyWanted{5s, 3, 4};
    CHECK(world.on(0, [&] { return world.hub.emit(ask); }) == HubError::kNone);
    CHECK(world.on(0, [&] { return world.hub.emit(ask); }) == HubError::kNone);
    CHECK(client->received() == Lines{R"(420["q",1])", R"(421["q",1])"});

    client->text(R"(31["yes"])");
    CHECK(world.sink.take() == Lines{R"(reply answered owner=3 cookie=4 ["yes"])"});
    client->text(R"(31["again"])");
    client->text(R"(37["never asked"])");
    CHECK(world.sink.take().empty());

    SECTION("with attachments") {
        client->text(R"(61-0[{"_placeholder":true,"num":0}])");
        client->binary("x");
        CHECK(world.sink.take() == Lines{R"(reply answered owner=3 cookie=4 [{"_placeholder":true,"num":0}] b:x)"});
    }
    SECTION("or its time runs out") {
        world.pass(4990ms);
        CHECK(world.sink.take().empty());
        world.pass(20ms);
        CHECK(world.sink.take() == Lines{"reply timeout owner=3 cookie=4"});
        client->text(R"(30["late"])");
        CHECK(world.sink.take().empty());
    }
    SECTION("or it goes") {
        client->drop();
        CHECK(world.sink.take() == Lines{"reply disconnected owner=3 cookie=4", "disconnect / transport close"});
        world.pass(10s);
        CHECK(world.sink.take().empty());
    }
    SECTION("or it has gone already") {
        client->drop();
        world.sink.take();
        CHECK(world.on(0, [&] { return world.hub.emit(ask); }) == HubError::kNone);
        CHECK(world.sink.take().empty());
        world.turn();
        CHECK(world.sink.take() == Lines{"reply disconnected owner=3 cookie=4"});
    }
    CHECK_FALSE(client->close_reason() == session::CloseReason::kParseError);
}

TEST_CASE("a reply that is too big counts as none", "[dispatch]") {
    hub::HubSettings settings;
    settings.limits.max_event_bytes = 30;
    World world(1, settings);
    auto [client, handle] = world.client();
    const SocketHandle socket = handle;
    hub::Emit ask = to(socket, "q");
    ask.reply = hub::Emit::ReplyWanted{5s, 0, 0};
    world.on(0, [&] { return world.hub.emit(ask); });
    client->received();
    world.sink.take();
    client->text("30[\"" + std::string(40, 'x') + "\"]");
    CHECK(client->received() ==
          Lines{R"(42["system:error",{"code":"PAYLOAD_TOO_LARGE","message":"More than 30 bytes"}])"});
    world.pass(6s);
    CHECK(world.sink.take() == Lines{"reply timeout owner=0 cookie=0"});
}

TEST_CASE("an emit that asks is told of what is wrong at once", "[dispatch]") {
    World world;
    auto [client, handle] = world.client();
    const SocketHandle socket = handle;
    hub::Emit ask = to(socket, "q");
    ask.nsp = "/";
    ask.reply = hub::Emit::ReplyWanted{};
    const std::string_view bytes = "x";
    SECTION("all") {
        ask.all = true;
    }
    SECTION("no socket") {
        ask.sockets = {};
    }
    SECTION("placeholder") {
        ask.args = R"([{"_placeholder":true,"num":3}])";
        ask.attachments = {&bytes, 1};
    }
    CHECK(world.on(0, [&] { return world.hub.emit(ask); }) == HubError::kInvalid);
    world.turn();
    CHECK(client->received().empty());
}

TEST_CASE("several are asked from another thread, each once, but those left out", "[dispatch]") {
    World world(2);
    auto [a, first] = world.client(0);
    auto [b, second] = world.client(1);
    auto [c, third] = world.client(1);
    auto [d, fourth] = world.client(0);
    world.sink.take();
    const SocketHandle gone = fourth;
    d->drop();
    world.on(1, [&, third = third] { world.hub.join(third, {hub::RoomSpace::kServer, "deaf"}); });
    world.turn();
    world.sink.take();
    const SocketHandle all[] = {second, first, gone, third, second, gone, 12345, ~SocketHandle{0}};
    const hub::RoomRef deaf{hub::RoomSpace::kServer, "deaf"};
    hub::Emit ask;
    ask.event = "q";
    ask.sockets = all;
    ask.except_rooms = {&deaf, 1};
    ask.reply = hub::Emit::ReplyWanted{5s, 1, 2};
    CHECK(world.hub.emit(ask) == HubError::kNone);
    world.turn();
    CHECK(a->received() == Lines{R"(420["q"])"});
    CHECK(b->received() == Lines{R"(420["q"])"});
    CHECK(c->received().empty());
    // The two that are no socket: 12345 and the one that went.
    CHECK(world.sink.take() == Lines(2, "reply disconnected owner=1 cookie=2"));
    a->text("30[]");
    b->drop();
    CHECK(world.sink.take() == Lines{"reply answered owner=1 cookie=2 []", "reply disconnected owner=1 cookie=2",
                                     "disconnect / transport close"});
}
