// Records, rooms, names, and who is found how.
#include "hub/hub.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <tuple>

#include "base/ids.h"
#include "world.h"

using namespace wshub;
using namespace wshub::test;
using hub::HubError;
using hub::RoomRef;
using hub::RoomSpace;
using hub::SocketHandle;
using hub::SocketRecord;

namespace {

std::string sid_of(World& world, SocketHandle socket) {
    std::string sid;
    world.hub.read(socket, [&](const SocketRecord& record) { sid = record.sid; });
    return sid;
}

std::string username_of(World& world, SocketHandle socket) {
    std::string name;
    world.hub.read(socket, [&](const SocketRecord& record) { name = record.username; });
    return name;
}

RoomRef room(std::string_view name) {
    return {RoomSpace::kClient, name};
}

}  // namespace

TEST_CASE("the record tells what is known of a socket", "[hub]") {
    World world;
    FakeSession client(*world.loops[0], world.hub, "10.1.2.3");
    client.text(R"(0{"a":1})");
    client.text(R"(2["e"])");
    const bool there = world.hub.read(world.sink.connected[0], [&](const SocketRecord& record) {
        CHECK(record.nsp == "/");
        CHECK(record.handshake->remote == "10.1.2.3");
        CHECK(record.auth == R"({"a":1})");
        CHECK(record.connected_at == world.clock.wall());
        CHECK(record.transport == session::TransportKind::kPolling);
        CHECK(record.rooms.empty());
        CHECK(record.username.empty());
        CHECK(record.profile == "{}");
        CHECK(record.vars.empty());
        CHECK(record.events_in == 1);
        CHECK(record.events_out == 0);
    });
    CHECK(there);
}

TEST_CASE("fields are set from the socket's loop at once, from elsewhere in order", "[hub]") {
    World world(2);
    const SocketHandle socket = world.client(1).second;
    const bool own = GENERATE(true, false);
    world.on(own ? 1 : 0, [&] {
        CHECK(world.hub.set_profile(socket, R"( {"p":1} )") == HubError::kNone);
        CHECK(world.hub.set_var(socket, "k", "1") == HubError::kNone);
        CHECK(world.hub.set_var(socket, "k", "[2]") == HubError::kNone);
        CHECK(world.hub.set_var(socket, "other", "null") == HubError::kNone);
        CHECK(world.hub.set_var(socket, "other", "") == HubError::kNone);
        CHECK(world.hub.set_var(socket, "never", "") == HubError::kNone);
    });
    if (!own) world.turn();
    world.hub.read(socket, [](const SocketRecord& record) {
        CHECK(record.profile == R"({"p":1})");
        CHECK(record.vars == std::map<std::string, std::string, std::less<>>{{"k", "[2]"}});
    });
}

TEST_CASE("fields that are no JSON of their kind are refused", "[hub]") {
    World world;
    const SocketHandle socket = world.client().second;
    CHECK(world.hub.set_profile(socket, "[]") == HubError::kInvalid);
    CHECK(world.hub.set_profile(socket, "{") == HubError::kInvalid);
    CHECK(world.hub.set_profile(socket, "") == HubError::kInvalid);
    CHECK(world.hub.set_var(socket, "k", "{") == HubError::kInvalid);
    CHECK(world.hub.set_var(socket, "k", " ") == HubError::kInvalid);
    CHECK(world.hub.set_var(socket, "", "1") == HubError::kInvalid);
    CHECK(world.hub.set_username(socket, "\xff") == HubError::kInvalid);
}

TEST_CASE("handles of sockets that are gone are harmless", "[hub]") {
    World world(2);
    const auto gone = world.client(1);
    gone.first->drop();
    const SocketHandle next = world.client(1).second;
    const std::array<SocketHandle, 5> stale{gone.second, 0, next + 1, ~SocketHandle{0}, SocketHandle{5} << 56};
    const SocketHandle socket = stale[GENERATE(range(0u, 5u))];
    const unsigned loop = GENERATE(0u, 1u);
    world.on(loop, [&] {
        bool changed = true;
        CHECK_FALSE(world.hub.read(socket, [](const SocketRecord&) {}));
        CHECK(world.hub.join(socket, room("den"), &changed) == HubError::kNoSuchSocket);
        CHECK(world.hub.leave(socket, room("den")) == HubError::kNoSuchSocket);
        CHECK(world.hub.set_username(socket, "ann") == HubError::kNoSuchSocket);
        CHECK(world.hub.set_username(socket, "") == HubError::kNoSuchSocket);
        CHECK(world.hub.set_profile(socket, "{}") == HubError::kNoSuchSocket);
        CHECK(world.hub.set_var(socket, "k", "1") == HubError::kNoSuchSocket);
        CHECK(world.hub.disconnect(socket) == HubError::kNoSuchSocket);
        CHECK(world.hub.close_transport(socket) == HubError::kNoSuchSocket);
        CHECK(world.hub.fail(socket, 0, "C", "m") == HubError::kNoSuchSocket);
        CHECK(world.hub.keep_ack(socket) == HubError::kNoSuchAck);
        CHECK_FALSE(world.hub.in_room(socket, room("den")));
        world.hub.loop_of_socket(socket);
    });
    world.turn();
    CHECK(world.hub.find_user("/", "ann") == 0);
    CHECK(username_of(world, next).empty());
}

// ---- rooms

TEST_CASE("rooms stand in the record in the order joined", "[hub]") {
    World world;
    const SocketHandle socket = world.client().second;
    world.on(0, [&] {
        for (const auto* name : {"b", "a", "c"}) CHECK(world.hub.join(socket, room(name)) == HubError::kNone);
        world.hub.leave(socket, room("a"));
        world.hub.join(socket, room("a"));
    });
    CHECK(world.rooms_of(socket) == Lines{"b", "c", "a"});
}

TEST_CASE("a room's name is some text of bounded length", "[hub]") {
    World world;
    const SocketHandle socket = world.client().second;
    const std::string long_name(255, 'x'), too_long(256, 'x');
    CHECK(world.hub.join(socket, room("")) == HubError::kInvalid);
    CHECK(world.hub.join(socket, room("\xff")) == HubError::kInvalid);
    CHECK(world.hub.join(socket, room(too_long)) == HubError::kInvalid);
    CHECK(world.hub.join(socket, room(long_name)) == HubError::kNone);
    CHECK(world.hub.join(socket, {RoomSpace::kServer, too_long}) == HubError::kNone);
    CHECK(world.hub.leave(socket, room("")) == HubError::kInvalid);
}

TEST_CASE("joining and leaving tell whether anything changed, from any loop", "[hub]") {
    World world(2);
    const SocketHandle socket = world.client(1).second;
    const unsigned loop = GENERATE(0u, 1u);
    const auto changed = [&](auto call) {
        bool out = false;
        CHECK(world.on(loop, [&] { return call(&out); }) == HubError::kNone);
        world.turn();
        return out;
    };
    const auto join = [&](bool* out) { return world.hub.join(socket, room("den"), out); };
    const auto leave = [&](bool* out) { return world.hub.leave(socket, room("den"), out); };
    CHECK_FALSE(changed(leave));
    CHECK(changed(join));
    CHECK_FALSE(changed(join));
    CHECK(changed(leave));
    CHECK_FALSE(changed(leave));
}

TEST_CASE("rooms and members are those of all loops", "[hub]") {
    World world(2);
    std::vector<SocketHandle> sockets;
    for (unsigned i = 0; i < 4; ++i) {
        sockets.push_back(world.client(i % 2).second);
        world.hub.join(sockets.back(), room("den"));
    }
    world.hub.join(sockets[1], room("attic"));
    world.hub.join(sockets[1], {RoomSpace::kServer, "secret"});
    world.turn();
    using Sizes = std::vector<std::pair<std::string, std::size_t>>;
    CHECK(world.hub.rooms("/") == Sizes{{"attic", 1}, {"den", 4}});
    std::vector<SocketHandle> members = world.hub.members("/", room("den"));
    std::sort(members.begin(), members.end());
    std::sort(sockets.begin(), sockets.end());
    CHECK(members == sockets);
    CHECK(world.hub.members("/", room("secret")).empty());
    CHECK(world.hub.members("/nobody", room("den")).empty());
    CHECK(world.hub.rooms("/nobody").empty());
}

// ---- finding

TEST_CASE("a socket is found by its sid, and only by that", "[hub]") {
    World world(2);
    auto [client, handle] = world.client(1);
    const SocketHandle socket = handle;
    const std::string sid = sid_of(world, socket);
    CHECK(world.hub.find(sid) == socket);
    CHECK(world.on(1, [&] { return world.hub.find(sid); }) == socket);

    // The same handle behind other random bytes is somebody's guess.
    auto bytes = *base::decode_id(sid);
    bytes[0] ^= 1;
    CHECK(world.hub.find(base::encode_id(bytes)) == 0);
    CHECK(world.hub.find("") == 0);
    CHECK(world.hub.find("not an id") == 0);
    CHECK(world.hub.find(std::string(20, '_')) == 0);
    client->drop();
    CHECK(world.hub.find(sid) == 0);
}

TEST_CASE("sockets are counted by namespace", "[hub]") {
    hub::HubSettings settings;
    settings.namespaces = {"/", "/chat"};
    World world(2, settings);
    auto [a, first] = world.client(0);
    const SocketHandle second = world.client(1).second;
    world.client(1, "/chat");
    CHECK(world.hub.socket_count("/") == 2);
    CHECK(world.hub.socket_count("/chat") == 1);
    CHECK(world.hub.socket_count("") == 3);
    CHECK(world.hub.socket_count("/nobody") == 0);
    CHECK(world.hub.sockets("/") == std::vector<SocketHandle>{first, second});
    CHECK(world.hub.sockets("").size() == 3);
    a->drop();
    CHECK(world.hub.socket_count("/") == 1);
    CHECK(world.hub.total_connections("/") == 2);
    CHECK(world.hub.total_connections("") == 3);
    CHECK(world.metrics.text().find("wshub_sockets{namespace=\"/\"} 1\n") != std::string::npos);
    CHECK(world.metrics.text().find("wshub_connects_total{result=\"accepted\"} 3\n") != std::string::npos);
}

TEST_CASE("a socket lives on the loop that its handle says", "[hub]") {
    World world(2);
    const SocketHandle socket = world.client(1).second;
    CHECK(hub::loop_of(socket) == 1);
    CHECK(&world.hub.loop_of_socket(socket) == world.loops[1].get());
}

// ---- names

TEST_CASE("a username belongs to one socket of a namespace", "[hub]") {
    hub::HubSettings settings;
    settings.namespaces = {"/", "/chat"};
    World world(2, settings);
    const SocketHandle a = world.client(0).second, b = world.client(1).second, c = world.client(1, "/chat").second;
    const unsigned loop = GENERATE(0u, 1u);
    world.on(loop, [&] {
        CHECK(world.hub.set_username(a, "ann") == HubError::kNone);
        CHECK(world.hub.set_username(b, "ann") == HubError::kTaken);
        CHECK(world.hub.set_username(c, "ann") == HubError::kNone);
        CHECK(world.hub.set_username(a, "ann") == HubError::kNone);
    });
    CHECK(world.hub.find_user("/", "ann") == a);
    CHECK(world.hub.find_user("/chat", "ann") == c);
    CHECK(world.hub.find_user("/nobody", "ann") == 0);
    world.turn();
    CHECK(username_of(world, a) == "ann");
    CHECK(username_of(world, b).empty());
}

TEST_CASE("a username is free when its socket has another one, releases it, or is gone", "[hub]") {
    World world(2);
    auto [client, handle] = world.client(0);
    const SocketHandle a = handle, b = world.client(1).second;
    const unsigned loop = GENERATE(0u, 1u);
    const auto set = [&](SocketHandle socket, std::string_view name) {
        const HubError result = world.on(loop, [&] { return world.hub.set_username(socket, name); });
        world.turn();
        return result;
    };
    CHECK(set(a, "ann") == HubError::kNone);
    SECTION("another one") {
        CHECK(set(a, "bea") == HubError::kNone);
        CHECK(set(b, "bea") == HubError::kTaken);
    }
    SECTION("released") {
        CHECK(set(a, "") == HubError::kNone);
        CHECK(username_of(world, a).empty());
    }
    SECTION("gone") {
        client->drop();
    }
    SECTION("disconnected") {
        world.hub.disconnect(a);
        world.turn();
    }
    CHECK(world.hub.find_user("/", "ann") == 0);
    CHECK(set(b, "ann") == HubError::kNone);
    CHECK(world.hub.find_user("/", "ann") == b);
}

TEST_CASE("renames from afar that overtake each other leave nobody without, and none with, a name not theirs",
          "[hub]") {
    World world(2);
    const SocketHandle a = world.client(1).second, b = world.client(1).second;
    world.on(0, [&] {
        CHECK(world.hub.set_username(a, "one") == HubError::kNone);
        CHECK(world.hub.set_username(a, "two") == HubError::kNone);
        CHECK(world.hub.set_username(a, "one") == HubError::kNone);
    });
    world.turn();
    CHECK(username_of(world, a) == "one");
    CHECK(world.hub.set_username(b, "one") == HubError::kTaken);
    CHECK(world.hub.set_username(b, "two") == HubError::kNone);
}

TEST_CASE("a name claimed for a socket that is gone by then is free again", "[hub]") {
    World world(2);
    auto [client, handle] = world.client(1);
    const SocketHandle a = handle, b = world.client(0).second;
    CHECK(world.hub.set_username(a, "ann") == HubError::kNone);
    client->drop();
    world.turn();
    CHECK(world.hub.set_username(b, "ann") == HubError::kNone);
}
