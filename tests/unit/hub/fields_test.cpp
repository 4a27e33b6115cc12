// Names that are spelled in several ways, who follows whom, roles, and how many rooms one may be in.
#include <algorithm>
#include <catch2/catch.hpp>

#include "hub/hub.h"
#include "world.h"

using namespace wshub;
using namespace wshub::test;
using hub::HubError;
using hub::RoomRef;
using hub::RoomSpace;
using hub::SocketHandle;
using hub::SocketRecord;
using Sockets = std::vector<SocketHandle>;

namespace {

const std::string kComposed = "Ren\xc3\xa9", kDecomposed = "Rene\xcc\x81";

std::string username_of(World& world, SocketHandle socket) {
    std::string name;
    world.hub.read(socket, [&](const SocketRecord& record) { name = record.username; });
    return name;
}

std::string following_of(World& world, SocketHandle socket) {
    std::string json;
    world.hub.read(socket, [&](const SocketRecord& record) { json = record.following; });
    return json;
}

Sockets sorted(Sockets sockets) {
    std::sort(sockets.begin(), sockets.end());
    return sockets;
}

RoomRef room(std::string_view name) {
    return {RoomSpace::kClient, name};
}

hub::HubSettings with_rooms(std::size_t most, bool dry_run = false) {
    hub::HubSettings settings;
    settings.limits.max_rooms = most;
    settings.limits.rooms_dry_run = dry_run;
    return settings;
}

}  // namespace

// ---- names

TEST_CASE("a name is kept as it was given and found however it is spelled", "[fields]") {
    World world(2);
    const SocketHandle a = world.client(0).second, b = world.client(1).second;
    const unsigned loop = GENERATE(0u, 1u);
    world.on(loop, [&] {
        CHECK(world.hub.set_username(a, kDecomposed) == HubError::kNone);
        CHECK(world.hub.set_username(b, kComposed) == HubError::kTaken);
    });
    world.turn();
    CHECK(username_of(world, a) == kDecomposed);
    CHECK(world.hub.find_user("/", kComposed) == a);
    CHECK(world.hub.find_user("/", kDecomposed) == a);
}

TEST_CASE("an owner may change the spelling of its name", "[fields]") {
    World world(2);
    const SocketHandle a = world.client(0).second, b = world.client(1).second;
    const unsigned loop = GENERATE(0u, 1u);
    world.on(loop, [&] {
        CHECK(world.hub.set_username(a, kDecomposed) == HubError::kNone);
        CHECK(world.hub.set_username(a, kComposed) == HubError::kNone);
    });
    world.turn();
    CHECK(username_of(world, a) == kComposed);
    CHECK(world.hub.set_username(b, kDecomposed) == HubError::kTaken);
    CHECK(world.hub.set_username(a, "") == HubError::kNone);
    world.turn();
    CHECK(world.hub.set_username(b, kDecomposed) == HubError::kNone);
    world.turn();
    CHECK(world.hub.find_user("/", kComposed) == b);
}

TEST_CASE("what is no name changes nothing", "[fields]") {
    World world;
    const SocketHandle a = world.client().second;
    world.on(0, [&] {
        CHECK(world.hub.set_username(a, "ann") == HubError::kNone);
        const std::string wrong = GENERATE(as<std::string>{}, "\xff", " ", "a\n", "\xe2\x80\x8b", std::string(65, 'a'));
        CHECK(world.hub.set_username(a, wrong) == HubError::kInvalid);
        CHECK(world.hub.find_user("/", wrong) == 0);
    });
    CHECK(username_of(world, a) == "ann");
}

// ---- following

TEST_CASE("followers of a name are found over all loops, in its namespace alone", "[fields]") {
    hub::HubSettings settings;
    settings.namespaces = {"/", "/other"};
    World world(3, settings);
    const SocketHandle a = world.client(0).second, b = world.client(1).second, c = world.client(2).second;
    const SocketHandle elsewhere = world.client(0, "/other").second;
    CHECK(following_of(world, a) == "[]");
    world.on(0, [&] {
        CHECK(world.hub.set_following(a, " [\"ann\", \"bob\"] ") == HubError::kNone);
        CHECK(following_of(world, a) == "[\"ann\", \"bob\"]");  // as given, without blanks around it
        CHECK(world.hub.set_following(b, R"(["ann","ann","\u0061nn"])") == HubError::kNone);
        CHECK(world.hub.set_following(elsewhere, R"(["ann"])") == HubError::kNone);
    });
    CHECK(world.hub.set_following(c, "[\"" + kDecomposed + "\"]") == HubError::kNone);
    world.turn();
    CHECK(sorted(world.hub.followers("/", "ann")) == sorted({a, b}));
    CHECK(world.hub.followers("/", "bob") == Sockets{a});
    CHECK(world.hub.followers("/", kComposed) == Sockets{c});
    CHECK(world.hub.followers("/other", "ann") == Sockets{elsewhere});
    CHECK(world.hub.followers("/nowhere", "ann").empty());
    CHECK(world.hub.followers("/", "").empty());
    CHECK(world.hub.followers("/", "\xff").empty());
}

TEST_CASE("a socket that goes follows nobody, before its hooks are called", "[fields]") {
    World world;
    const auto [client, socket] = world.client();
    world.hub.set_following(socket, R"(["ann"])");
    world.turn();
    world.sink.on_disconnect_do = [&](SocketHandle) {
        CHECK(world.hub.followers("/", "ann").empty());
        CHECK(following_of(world, socket) == R"(["ann"])");
    };
    client->drop();
    CHECK(world.hub.followers("/", "ann").empty());
    CHECK(world.sink.take().back() == "disconnect / transport close");
}

TEST_CASE("a following that makes no sense changes nothing", "[fields]") {
    hub::HubSettings settings;
    settings.limits.max_event_bytes = 1000;
    World world(1, settings);
    const SocketHandle socket = world.client().second;
    world.on(0, [&] {
        CHECK(world.hub.set_following(socket, R"(["ann"])") == HubError::kNone);
        for (const char* const wrong : {"", "{}", "null", "[1]", R"(["bob",null])", R"(["bob")", R"("bob")"}) {
            CAPTURE(wrong);
            CHECK(world.hub.set_following(socket, wrong) == HubError::kInvalid);
        }
        CHECK(world.hub.set_following(socket, "[\"" + std::string(1000, 'a') + "\"]") == HubError::kLimit);
        CHECK(world.hub.set_following(0, "[]") == HubError::kNoSuchSocket);
    });
    CHECK(following_of(world, socket) == R"(["ann"])");
    CHECK(world.hub.followers("/", "ann") == Sockets{socket});
}

TEST_CASE("texts that are no names are kept, and nobody is meant by them", "[fields]") {
    World world;
    const SocketHandle socket = world.client().second;
    const std::string json = R"(["","a\nb","__proto__"," "])";
    world.on(0, [&] { CHECK(world.hub.set_following(socket, json) == HubError::kNone); });
    CHECK(following_of(world, socket) == json);
    CHECK(world.hub.followers("/", "__proto__") == Sockets{socket});
    CHECK(world.hub.followers("/", " ").empty());
}

// ---- roles

TEST_CASE("roles are given, asked for, and taken away", "[fields]") {
    World world(2);
    const SocketHandle socket = world.client(0).second;
    const unsigned loop = GENERATE(0u, 1u);
    const std::vector<std::string> wanted{"editor", "admin"}, others{"editor"};
    const auto set = [&](std::string_view json) {
        const HubError error = world.on(loop, [&] { return world.hub.set_roles(socket, json); });
        if (loop != 0) world.turn();
        return error;
    };
    CHECK_FALSE(world.hub.has_role(socket, "admin"));
    CHECK(set(R"(["admin","beta"])") == HubError::kNone);
    CHECK(world.hub.has_role(socket, "admin"));
    CHECK(world.hub.has_role(socket, "beta"));
    CHECK_FALSE(world.hub.has_role(socket, "Admin"));
    CHECK_FALSE(world.hub.has_role(socket, ""));
    CHECK(world.hub.has_any_role(socket, wanted));
    CHECK_FALSE(world.hub.has_any_role(socket, others));
    CHECK_FALSE(world.hub.has_any_role(socket, {}));
    for (const char* const wrong : {"", "{}", "[1]", "[\"a\"", "admin"}) CHECK(set(wrong) == HubError::kInvalid);
    CHECK(world.hub.has_role(socket, "admin"));
    CHECK(set("[]") == HubError::kNone);
    CHECK_FALSE(world.hub.has_role(socket, "admin"));
    CHECK_FALSE(world.hub.has_role(0, "admin"));
    CHECK(world.on(0, [&] { return world.hub.set_roles(0, "[]"); }) == HubError::kNoSuchSocket);
}

// ---- rooms

TEST_CASE("a socket may be in so many rooms of clients and no more", "[fields]") {
    World world(2, with_rooms(2));
    const SocketHandle socket = world.client(0).second;
    const unsigned loop = GENERATE(0u, 1u);
    const auto join = [&](RoomRef where, bool* changed = nullptr) {
        const HubError error = world.on(loop, [&] { return world.hub.join(socket, where, changed); });
        world.turn();
        return error;
    };
    bool changed = true;
    CHECK(join(room("a")) == HubError::kNone);
    CHECK(join(room("b")) == HubError::kNone);
    CHECK(join(room("c")) == HubError::kLimit);
    CHECK(join(room("a"), &changed) == HubError::kNone);  // is there
    CHECK_FALSE(changed);
    for (const char* const name : {"1", "2", "3"}) CHECK(join({RoomSpace::kServer, name}) == HubError::kNone);
    CHECK(world.rooms_of(socket) == Lines{"a", "b"});
    CHECK(world.metrics.text().find("wshub_limited_total{limit=\"rooms\"} 1\n") != std::string::npos);
    world.on(0, [&] { world.hub.leave(socket, room("a")); });
    CHECK(join(room("c")) == HubError::kNone);
    CHECK(world.rooms_of(socket) == Lines{"b", "c"});
}

TEST_CASE("joins from elsewhere that look fine are refused where there are too many by then", "[fields]") {
    World world(2, with_rooms(1));
    const SocketHandle socket = world.client(0).second;
    world.on(1, [&] {
        CHECK(world.hub.join(socket, room("a")) == HubError::kNone);
        CHECK(world.hub.join(socket, room("b")) == HubError::kNone);
    });
    world.turn();
    CHECK(world.rooms_of(socket) == Lines{"a"});
    CHECK(world.hub.members("/", room("b")).empty());
}

TEST_CASE("a dry run only counts rooms that are too many", "[fields]") {
    World world(2, with_rooms(1, true));
    const SocketHandle socket = world.client(0).second;
    const unsigned loop = GENERATE(0u, 1u);
    world.on(loop, [&] {
        for (const char* const name : {"a", "b", "c"}) CHECK(world.hub.join(socket, room(name)) == HubError::kNone);
    });
    world.turn();
    CHECK(world.rooms_of(socket) == Lines{"a", "b", "c"});
    CHECK(world.metrics.text().find("wshub_limited_dry_run_total{limit=\"rooms\"} 2\n") != std::string::npos);
}

TEST_CASE("without a limit a socket may be in any number of rooms", "[fields]") {
    World world(1, with_rooms(0));
    const SocketHandle socket = world.client().second;
    world.on(0, [&] {
        for (int i = 0; i < 1500; ++i) {
            REQUIRE(world.hub.join(socket, room("room" + std::to_string(i))) == HubError::kNone);
        }
    });
}
