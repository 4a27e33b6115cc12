// The thread that carries operations out: when it takes them, how many wait, and what becomes of those it does not get
// to. What each operation does is in tests/unit/scenarios and the end-to-end tests.
#include "control/control.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <thread>

#include "../host/host_world.h"
#include "session/engine.h"

using namespace wshub;
using namespace wshub::test;

namespace {

struct World {
    World() {
        hosts.run();
        control.emplace(control::Subject{*hosts.hub, *hosts.host, engine, hosts.loop_pointers, hosts.clock,
                                         hosts.metrics, "1.2.3", nullptr});
    }

    void ask(const std::string& operation, const std::string& arguments = {}) {
        control->request(operation, arguments, "a test", [this](const host::ControlAnswer& answer) {
            last = answer;
            ++answered;
        });
    }
    void wait_for(int count) {
        while (answered < count) hosts.turn();
    }

    PluginDirectory directory;
    HostWorld hosts{directory, {}};
    session::Engine engine{{}, hosts.loop_pointers, *hosts.hub, hosts.metrics};
    std::atomic<int> answered{0};
    host::ControlAnswer last;  // written before `answered` grows
    std::optional<control::Control> control;
};

}  // namespace

TEST_CASE("operations are refused before it starts and after it has stopped", "[control]") {
    World world;
    world.ask("stats");
    CHECK(world.answered == 1);
    CHECK(world.last.code == "INTERNAL");

    world.control->start();
    world.ask("stats");
    world.wait_for(2);
    CHECK(world.last.done());

    world.control->stop();
    world.ask("stats");
    CHECK(world.answered == 3);
    CHECK(world.last.code == "INTERNAL");
}

TEST_CASE("what is unknown or wrong is told", "[control]") {
    World world;
    world.control->start();
    world.ask("rm\n-rf");
    world.wait_for(1);
    CHECK(world.last.code == "NOT_FOUND");
    CHECK(world.last.message.find('\n') == std::string::npos);
    world.ask("stats", "{");
    world.wait_for(2);
    CHECK(world.last.code == "INVALID_FORMAT");
    world.ask("kick", R"({"sid":"nobody"})");
    world.wait_for(3);
    CHECK(world.last.code == "NOT_FOUND");
    world.control->stop();
}

TEST_CASE("while a loop keeps it waiting so many wait, and at the end each has its answer", "[control]") {
    constexpr int kMostWaiting = 64;
    World world;
    world.hosts.client();
    world.control->start();
    world.ask("sessions");  // a loop is asked, and nobody turns it yet
    int asked = 1;
    while (world.answered == 0) {
        world.ask("stats");
        ++asked;
        REQUIRE(asked <= kMostWaiting + 2);
    }
    CHECK(world.last.code == "INTERNAL");
    CHECK(asked >= kMostWaiting + 1);
    world.wait_for(asked);
    CHECK(world.last.done());
    world.control->stop();
}

TEST_CASE("what waits when it stops is answered", "[control]") {
    World world;
    world.hosts.client();
    world.control->start();
    world.ask("sessions");
    for (int i = 0; i < 10; ++i) world.ask("stats");
    std::thread stopping([&] { world.control->stop(); });
    world.wait_for(11);
    stopping.join();
    CHECK(world.answered == 11);
}
