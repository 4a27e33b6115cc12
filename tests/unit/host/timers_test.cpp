#include "host/timers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "host_world.h"

using namespace wshub;
using namespace wshub::test;
using std::chrono::milliseconds;

namespace {

std::ptrdiff_t ticks(const Packets& packets) {
    return std::count_if(packets.begin(), packets.end(),
                         [](const std::string& packet) { return packet.rfind(R"(2["tick")", 0) == 0; });
}

}  // namespace

TEST_CASE("every() keeps its rhythm, and does not make up for what it missed", "[timers]") {
    PluginDirectory directory({"good"});
    HostWorld world(directory, {"good"});
    FakeSession& client = world.run().client();
    world.pass(milliseconds{990});
    CHECK(ticks(got(client)) == 0);
    world.pass(milliseconds{20});
    CHECK(ticks(got(client)) == 1);
    for (int i = 0; i < 10; ++i) world.pass(milliseconds{500});
    CHECK(ticks(got(client)) == 5);
    world.pass(milliseconds{10'000});
    CHECK(ticks(got(client)) == 1);
    world.pass(milliseconds{1010});
    CHECK(ticks(got(client)) == 1);
}

TEST_CASE("an answer that is kept is given later", "[timers]") {
    PluginDirectory directory({"good"});
    HostWorld world(directory, {"good"}, 2);
    FakeSession& client = world.run().client({}, "/", 1);
    CHECK(world.say(client, R"(21["later"])").empty());
    world.pass(milliseconds{110});
    CHECK(got(client) == Packets{R"(31["late"])"});
}

TEST_CASE("a post runs after the handler, a cancelled timer never", "[timers]") {
    PluginDirectory directory({"good"});
    HostWorld world(directory, {"good"}, 2);
    FakeSession& client = world.run().client({}, "/", 1);
    client.text(R"(21["post"])");
    CHECK(got(client) == Packets{R"(31[{"status":"ok"}])"});
    world.turn();
    CHECK(got(client) == Packets{R"(2["posted"])"});
    world.say(client, R"(2["cancelled"])");
    world.pass(milliseconds{100});
    CHECK(got(client).empty());
}

TEST_CASE("timers of a plugin that was stopped do not run", "[timers]") {
    PluginDirectory directory({"good"});
    HostWorld world(directory, {"good"});
    FakeSession& client = world.run().client();
    world.host->stop();
    world.pass(milliseconds{5'000});
    CHECK(got(client).empty());
}
