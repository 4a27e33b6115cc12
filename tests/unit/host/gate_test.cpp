#include "host/gate.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>
#include <vector>

using wshub::host::Gate;
using namespace std::chrono_literals;

namespace {

bool lets_in(Gate& gate) {
    return static_cast<bool>(Gate::Pass(gate));
}

}  // namespace

TEST_CASE("a gate begins shut, and lets in while it is open", "[gate]") {
    Gate gate;
    CHECK_FALSE(lets_in(gate));
    gate.open();
    CHECK(lets_in(gate));
    CHECK(gate.shut(0ms));
    CHECK_FALSE(lets_in(gate));
}

TEST_CASE("shutting waits for those inside and says if they stay", "[gate]") {
    Gate gate;
    gate.open();
    std::optional<Gate::Pass> inside(std::in_place, gate);
    CHECK_FALSE(gate.shut(1ms));
    CHECK_FALSE(lets_in(gate));  // shut all the same
    inside.reset();
    CHECK(gate.shut(0ms));
}

TEST_CASE("a pause that fails leaves the gate as it was", "[gate]") {
    Gate gate;
    gate.open();
    const Gate::Pass inside(gate);
    CHECK_FALSE(gate.pause(1ms));
    CHECK(lets_in(gate));
}

TEST_CASE("whoever comes to a paused gate waits until it opens", "[gate]") {
    Gate gate;
    gate.open();
    REQUIRE(gate.pause(0ms));
    std::atomic<bool> came{false};
    std::thread late([&] { came = lets_in(gate); });
    gate.open();
    late.join();
    CHECK(came);
}

TEST_CASE("whoever waits at a paused gate is sent away when it is shut", "[gate]") {
    Gate gate;
    gate.open();
    REQUIRE(gate.pause(0ms));
    std::atomic<bool> came{true};
    std::thread late([&] { came = lets_in(gate); });
    CHECK(gate.shut(0ms));
    late.join();
    CHECK_FALSE(came);
}

TEST_CASE("nobody is inside while a gate is paused, whatever the traffic", "[gate]") {
    Gate gate;
    gate.open();
    std::atomic<bool> quit{false}, closed{false}, broken{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            while (!quit) {
                const Gate::Pass inside(gate);
                if (closed) broken = true;
            }
        });
    }
    for (int i = 0; i < 200; ++i) {
        if (!gate.pause(10s)) broken = true;
        closed = true;
        std::this_thread::yield();
        closed = false;
        gate.open();
    }
    quit = true;
    for (std::thread& thread : threads) thread.join();
    CHECK_FALSE(broken);
}
