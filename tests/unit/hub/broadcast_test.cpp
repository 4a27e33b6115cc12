// Who gets what is emitted, on one loop and over two.
#include <catch2/catch.hpp>
#include <tuple>

#include "world.h"

using namespace wshub;
using namespace wshub::test;
using hub::HubError;
using hub::RoomRef;
using hub::RoomSpace;
using hub::SocketHandle;

namespace {

constexpr RoomRef kDen{RoomSpace::kClient, "den"};
constexpr RoomRef kPub{RoomSpace::kClient, "pub"};

// Four clients, dealt out over the loops: 0 and 1 in the den, 1 and 2 in the pub, 3 nowhere.
struct Town : World {
    explicit Town(unsigned loop_count) : World(loop_count, settings()) {
        for (unsigned i = 0; i < 4; ++i) {
            auto [made, handle] = client(i % loop_count);
            clients.push_back(made);
            handles.push_back(handle);
        }
        for (const std::size_t i : {0u, 1u}) hub.join(handles[i], kDen);
        for (const std::size_t i : {1u, 2u}) hub.join(handles[i], kPub);
        turn();
        sink.take();
    }
    static hub::HubSettings settings() {
        hub::HubSettings out;
        out.namespaces = {"/", "/chat"};
        return out;
    }
    // Who got it, as "013".
    std::string heard(std::string_view packet) {
        turn();
        std::string out;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            for (const std::string& got : clients[i]->received()) {
                CHECK(got == packet);
                out += static_cast<char>('0' + i);
            }
        }
        return out;
    }

    std::vector<FakeSession*> clients;
    std::vector<SocketHandle> handles;
};

}  // namespace

TEST_CASE("everybody addressed gets the message once, nobody else does", "[broadcast]") {
    const unsigned loops = GENERATE(1u, 2u, 3u);
    const bool on_a_loop = GENERATE(true, false);
    Town town(loops);
    const std::vector<SocketHandle>& at = town.handles;
    struct Case {
        bool all;
        std::vector<RoomRef> rooms;
        std::vector<SocketHandle> sockets;
        std::vector<RoomRef> except_rooms;
        std::vector<SocketHandle> except_sockets;
        std::string heard;
    };
    const std::vector<Case> cases{
        {true, {}, {}, {}, {}, "0123"},
        {true, {}, {}, {}, {at[1]}, "023"},
        {true, {}, {}, {kDen}, {}, "23"},
        {true, {}, {}, {kDen}, {at[2]}, "3"},
        {true, {kDen}, {at[3]}, {}, {}, "0123"},
        {false, {kDen}, {}, {}, {}, "01"},
        {false, {kDen, kPub}, {}, {}, {}, "012"},
        {false, {kDen, kDen}, {at[0]}, {}, {}, "01"},
        {false, {kDen}, {at[3]}, {}, {}, "013"},
        {false, {kDen}, {}, {kPub}, {}, "0"},
        {false, {kDen}, {}, {}, {at[0]}, "1"},
        {false, {kDen}, {}, {kDen}, {}, ""},
        {false, {}, {at[2]}, {}, {}, "2"},
        {false, {}, {at[2], at[2], at[0]}, {}, {}, "02"},
        {false, {}, {at[2], at[0]}, {}, {at[2]}, "0"},
        {false, {}, {12345, ~SocketHandle{0}, 0}, {}, {}, ""},
        {false, {{RoomSpace::kServer, "den"}}, {}, {}, {}, ""},
        {false, {{RoomSpace::kClient, "empty"}}, {}, {}, {}, ""},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Case& one = cases[i];
        hub::Emit emit;
        emit.nsp = "/";
        emit.event = "e";
        emit.args = "[1]";
        emit.all = one.all;
        emit.rooms = one.rooms;
        emit.sockets = one.sockets;
        emit.except_rooms = one.except_rooms;
        emit.except_sockets = one.except_sockets;
        const HubError result = on_a_loop ? town.on(0, [&] { return town.hub.emit(emit); }) : town.hub.emit(emit);
        CAPTURE(i, loops, on_a_loop);
        CHECK(result == HubError::kNone);
        CHECK(town.heard(R"(42["e",1])") == one.heard);
    }
}

TEST_CASE("the own loop's sockets get it at once, those of others in their loop's turn", "[broadcast]") {
    Town town(2);
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    town.on(0, [&] { town.hub.emit(emit); });
    CHECK(town.clients[0]->received().size() == 1);
    CHECK(town.clients[1]->received().empty());
    town.loops[1]->turn();
    CHECK(town.clients[1]->received().size() == 1);
}

TEST_CASE("all receivers of a loop share the same bytes", "[broadcast]") {
    Town town(2);
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.args = R"([{"_placeholder":true,"num":0}])";
    const std::string_view bytes = "abc";
    emit.attachments = {&bytes, 1};
    emit.all = true;
    town.on(0, [&] { town.hub.emit(emit); });
    town.turn();
    for (const FakeSession* client : town.clients) {
        REQUIRE(client->packets.size() == 2);
        CHECK(client->packets[0].get() == town.clients[0]->packets[0].get());
        CHECK(client->packets[1].get() == town.clients[0]->packets[1].get());
    }
    // But they count references loop by loop. Clients 0 and 2 live on one loop, 1 and 3 on the other.
    const auto share_count = [&](std::size_t a, std::size_t b) {
        const auto &one = town.clients[a]->packets[0], &other = town.clients[b]->packets[0];
        return !one.owner_before(other) && !other.owner_before(one);
    };
    CHECK(share_count(0, 2));
    CHECK(share_count(1, 3));
    CHECK_FALSE(share_count(0, 1));
    CHECK(town.clients[1]->received() == Lines{R"(451-["e",{"_placeholder":true,"num":0}])", "b:abc"});
}

TEST_CASE("a message that may be lost goes only where it can go at once", "[broadcast]") {
    const unsigned loops = GENERATE(1u, 2u);
    Town town(loops);
    town.clients[1]->takes_volatile = false;
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    emit.is_volatile = true;
    town.on(0, [&] { town.hub.emit(emit); });
    CHECK(town.heard(R"(42["e"])") == "023");
}

TEST_CASE("namespaces are isolated, and a socket named gets it in its own", "[broadcast]") {
    const unsigned loops = GENERATE(1u, 2u);
    Town town(loops);
    auto [chatter, in_chat] = town.client(loops - 1, "/chat");
    town.hub.join(in_chat, kDen);
    town.turn();
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";

    SECTION("all") {
        emit.all = true;
        town.hub.emit(emit);
        CHECK(town.heard(R"(42["e"])") == "0123");
        CHECK(chatter->received().empty());
    }
    SECTION("a room") {
        emit.nsp = "/chat";
        emit.rooms = {&kDen, 1};
        town.hub.emit(emit);
        CHECK(town.heard("") == "");
        CHECK(chatter->received() == Lines{R"(42/chat,["e"])"});
    }
    SECTION("handles, without a namespace") {
        emit.nsp = {};
        const SocketHandle both[] = {town.handles[0], in_chat, town.handles[1]};
        emit.sockets = both;
        town.hub.emit(emit);
        CHECK(town.heard(R"(42["e"])") == "01");
        CHECK(chatter->received() == Lines{R"(42/chat,["e"])"});
    }
    SECTION("handles elsewhere besides a room") {
        const SocketHandle both[] = {in_chat, town.handles[0], town.handles[3]};
        emit.sockets = both;
        emit.rooms = {&kDen, 1};
        town.hub.emit(emit);
        CHECK(town.heard(R"(42["e"])") == "013");
        CHECK(chatter->received() == Lines{R"(42/chat,["e"])"});
    }
    SECTION("a handle elsewhere alone besides a room") {
        emit.sockets = {&in_chat, 1};
        emit.rooms = {&kDen, 1};
        town.hub.emit(emit);
        CHECK(town.heard(R"(42["e"])") == "01");
        CHECK(chatter->received() == Lines{R"(42/chat,["e"])"});
    }
    SECTION("a namespace nobody knows") {
        emit.nsp = "/nobody";
        emit.all = true;
        CHECK(town.hub.emit(emit) == HubError::kNone);
        CHECK(town.heard("") == "");
    }
}

TEST_CASE("what cannot be sent is refused, and nobody gets anything", "[broadcast]") {
    const bool on_a_loop = GENERATE(true, false);
    Town town(2);
    const std::vector<std::string_view> one{"x"};
    const std::vector<std::string_view> eleven(11, "x");
    std::string all_eleven = "[";
    for (int i = 0; i < 11; ++i) {
        all_eleven += (i ? "," : "") + (R"({"_placeholder":true,"num":)" + std::to_string(i)) + "}";
    }
    all_eleven += "]";
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    HubError expected = HubError::kInvalid;
    SECTION("a reserved name") {
        emit.event = "disconnect";
    }
    SECTION("no name") {
        emit.event = "";
    }
    SECTION("a name that is no text") {
        emit.event = "\xff";
    }
    SECTION("an object for arguments") {
        emit.args = "{}";
    }
    SECTION("no arguments at all") {
        emit.args = "";
    }
    SECTION("half an array") {
        emit.args = "[1,";
    }
    SECTION("two arrays") {
        emit.args = "[][]";
    }
    SECTION("bytes that are no text") {
        emit.args = "[\"\xff\"]";
    }
    SECTION("a placeholder without attachment") {
        emit.args = R"([{"_placeholder":true,"num":1}])";
        emit.attachments = one;
    }
    SECTION("the same to nobody") {
        emit.nsp = "/nobody";
        emit.args = R"([{"_placeholder":true,"num":1}])";
        emit.attachments = one;
    }
    SECTION("no target") {
        emit.all = false;
    }
    SECTION("no namespace") {
        emit.nsp = "";
    }
    SECTION("too many attachments") {
        emit.args = all_eleven;
        emit.attachments = eleven;
        expected = HubError::kLimit;
    }
    CHECK((on_a_loop ? town.on(0, [&] { return town.hub.emit(emit); }) : town.hub.emit(emit)) == expected);
    CHECK(town.heard("") == "");
}

TEST_CASE("a client's payload at the limit of depth can still be wrapped and passed on", "[broadcast]") {
    Town town(1);
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    const std::string deep = nested(128 + 32), too_deep = nested(128 + 33);
    emit.args = deep;
    CHECK(town.hub.emit(emit) == HubError::kNone);
    emit.args = too_deep;
    CHECK(town.hub.emit(emit) == HubError::kInvalid);
}

TEST_CASE("what one thread does to a socket of another loop happens in order", "[broadcast]") {
    Town town(2);
    const SocketHandle far = town.handles[3];  // on loop 1
    hub::Emit emit;
    emit.nsp = "/";
    emit.args = "[]";
    emit.rooms = {&kDen, 1};
    const auto say = [&](std::string_view name) {
        emit.event = name;
        CHECK(town.hub.emit(emit) == HubError::kNone);
    };
    town.on(0, [&] {
        say("before");
        town.hub.join(far, kDen);
        say("in");
        town.hub.leave(far, kDen);
        say("out");
        town.hub.fail(far, 0, "C", "m");
        town.hub.disconnect(far);
        emit.sockets = {&far, 1};
        say("gone");
    });
    town.turn();
    CHECK(town.clients[3]->received() ==
          Lines{R"(42["in"])", R"(42["system:error",{"code":"C","message":"m"}])", "41"});
}

TEST_CASE("a room that is joined from afar is found, even if nobody else on that loop is in it", "[broadcast]") {
    Town town(2);
    const RoomRef fresh{RoomSpace::kClient, "fresh"};
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.rooms = {&fresh, 1};
    town.on(0, [&] {
        town.hub.join(town.handles[3], fresh);
        town.hub.emit(emit);
    });
    CHECK(town.heard(R"(42["e"])") == "3");
    town.on(0, [&] { town.hub.emit(emit); });
    CHECK(town.heard(R"(42["e"])") == "3");
}

TEST_CASE("one who does not read is closed, and the others get everything", "[broadcast]") {
    Town town(1);
    town.clients[1]->most_packets = 3;
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    town.on(0, [&] {
        for (int i = 0; i < 10; ++i) town.hub.emit(emit);
    });
    CHECK(town.clients[1]->close_reason() == session::CloseReason::kQueueFull);
    CHECK(town.clients[0]->received().size() == 10);
    CHECK(town.clients[3]->received().size() == 10);
    town.turn();
    CHECK(town.sink.take() == Lines{"leave / den", "leave / pub", "disconnect / transport error"});
}

TEST_CASE("deliveries count for who sent them, on whatever loop their receivers are", "[broadcast]") {
    Town town(2);
    base::Counter* const sender = town.metrics.counter("sent_total", "");
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    emit.counted = sender;
    town.hub.emit(emit);
    town.turn();
    CHECK(sender->value() == 4);
    emit.all = false;
    emit.sockets = {&town.handles[0], 1};
    emit.reply.emplace();
    town.hub.emit(emit);
    town.turn();
    CHECK(sender->value() == 5);
    emit.counted = nullptr;
    town.hub.emit(emit);
    town.turn();
    CHECK(sender->value() == 5);
    CHECK(town.metrics.total("wshub_events_out_total") == 6);
}

TEST_CASE("volatile events that are not taken are counted as lost", "[broadcast]") {
    Town town(1);
    town.clients[1]->takes_volatile = false;
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    emit.is_volatile = true;
    town.on(0, [&] { town.hub.emit(emit); });
    CHECK(town.metrics.total("wshub_volatile_lost_total") == 1);
    CHECK(town.metrics.total("wshub_events_out_total") == 3);
}

TEST_CASE("deliveries are counted", "[broadcast]") {
    Town town(2);
    hub::Emit emit;
    emit.nsp = "/";
    emit.event = "e";
    emit.all = true;
    town.hub.emit(emit);
    emit.all = false;
    emit.rooms = {&kDen, 1};
    town.hub.emit(emit);
    town.turn();
    CHECK(town.metrics.text().find("wshub_events_out_total 6") != std::string::npos);
    town.hub.read(town.handles[0], [](const hub::SocketRecord& record) { CHECK(record.events_out == 2); });
    town.hub.read(town.handles[3], [](const hub::SocketRecord& record) { CHECK(record.events_out == 1); });
}
