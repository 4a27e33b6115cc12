#include "server/loop_watch.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "net/loop.h"

using namespace wshub;
using namespace std::chrono_literals;

namespace {

// Loops without threads, which turn when they are told to.
struct Loops {
    base::ManualClock clock;
    net::Loop first{0, clock}, second{1, clock};
    server::LoopWatch watch{{&first, &second}, 5s};
    bool look() { return watch.look(clock.steady()); }
};

}  // namespace

TEST_CASE("loops turn if each has come to what it was sent", "[loop_watch]") {
    Loops loops;
    CHECK_FALSE(loops.look());
    for (int i = 0; i < 3; ++i) {
        loops.first.turn();
        CHECK_FALSE(loops.look());
        loops.second.turn();
        CHECK(loops.look());
    }
}

TEST_CASE("a loop that has not turned for too long stands still until it turns again", "[loop_watch]") {
    Loops loops;
    loops.look();
    loops.first.turn();
    loops.second.turn();
    loops.look();  // from here on its thread is known
    loops.first.turn();
    loops.clock.advance(4999ms);
    CHECK_FALSE(loops.look());
    CHECK(loops.watch.still_thread() == 0);
    loops.clock.advance(1ms);
    CHECK_FALSE(loops.look());
    CHECK(loops.watch.still_thread() == ::getpid());
    loops.first.turn();
    loops.second.turn();
    CHECK(loops.look());
    CHECK(loops.watch.still_thread() == 0);
}
