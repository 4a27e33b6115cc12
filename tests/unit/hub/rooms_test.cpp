#include "hub/rooms.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

using namespace wshub::hub;

namespace {

constexpr RoomRef client_room(std::string_view name) {
    return {RoomSpace::kClient, name};
}
constexpr RoomRef server_room(std::string_view name) {
    return {RoomSpace::kServer, name};
}

std::set<const Occupant*> members(const Rooms& rooms, RoomRef name) {
    std::set<const Occupant*> out;
    if (const Room* room = rooms.find(name)) {
        for (const Room::Member& member : room->members) out.insert(member.occupant);
    }
    return out;
}

}  // namespace

TEST_CASE("a room comes with its first member and goes with its last", "[rooms]") {
    RoomFilter filter;
    Rooms rooms(0, filter);
    Occupant a, b;
    CHECK(rooms.find(client_room("den")) == nullptr);
    CHECK(rooms.join(a, client_room("den")));
    CHECK_FALSE(rooms.join(a, client_room("den")));
    CHECK(rooms.join(b, client_room("den")));
    CHECK(members(rooms, client_room("den")) == std::set<const Occupant*>{&a, &b});
    CHECK(rooms.leave(a, client_room("den")));
    CHECK_FALSE(rooms.leave(a, client_room("den")));
    CHECK(rooms.leave(b, client_room("den")));
    CHECK(rooms.find(client_room("den")) == nullptr);
}

TEST_CASE("the same name in the two spaces is two rooms", "[rooms]") {
    RoomFilter filter;
    Rooms rooms(0, filter);
    Occupant a;
    rooms.join(a, client_room("admin"));
    CHECK_FALSE(rooms.contains(a, server_room("admin")));
    CHECK(rooms.find(server_room("admin")) == nullptr);
}

TEST_CASE("a room's name outlives the text it was joined with", "[rooms]") {
    RoomFilter filter;
    Rooms rooms(0, filter);
    Occupant a;
    {
        std::string name = "a name that is too long for the string to keep inside";
        rooms.join(a, client_room(name));
        name.assign(name.size(), 'x');
    }
    rooms.for_each(
        [](const Room& room) { CHECK(room.name.name == "a name that is too long for the string to keep inside"); });
}

TEST_CASE("rooms agree with a plain model whatever is joined and left", "[rooms]") {
    RoomFilter filter;
    Rooms rooms(3, filter);
    std::vector<Occupant> occupants(12);
    const std::vector<std::string> names{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    std::map<std::string, std::set<const Occupant*>> model;
    std::mt19937 random(42);
    for (int step = 0; step < 20'000; ++step) {
        Occupant& who = occupants[random() % occupants.size()];
        const std::string& name = names[random() % names.size()];
        switch (random() % 20) {
            case 0:
                rooms.leave_all(who);
                for (auto& [room, in] : model) in.erase(&who);
                break;
            case 1:
            case 2:
            case 3:
            case 4:
            case 5:
            case 6:
            case 7:
            case 8:
            case 9: CHECK(rooms.leave(who, client_room(name)) == (model[name].erase(&who) == 1)); break;
            default: CHECK(rooms.join(who, client_room(name)) == model[name].insert(&who).second); break;
        }
        if (step % 100 != 0) continue;
        for (const std::string& room : names) {
            REQUIRE(members(rooms, client_room(room)) == model[room]);
            REQUIRE(filter.perhaps(RoomFilter::cell(3, client_room(room))) == !model[room].empty());
        }
    }
}

TEST_CASE("the filter never denies a room that has members", "[rooms]") {
    RoomFilter filter;
    Rooms rooms(0, filter);
    Occupant a;
    for (int i = 0; i < 5000; ++i) rooms.join(a, client_room(std::to_string(i)));
    for (int i = 0; i < 5000; ++i) CHECK(filter.perhaps(RoomFilter::cell(0, client_room(std::to_string(i)))));
    rooms.leave_all(a);
    for (int i = 0; i < 5000; ++i) CHECK_FALSE(filter.perhaps(RoomFilter::cell(0, client_room(std::to_string(i)))));
}
