#include "net/turn_pace.h"

#include <catch2/catch.hpp>

using namespace wshub;
using namespace std::chrono_literals;
using net::TurnPace;

namespace {

// A loop whose turns take no time.
struct Turns {
    // The next turn, so much after the one before.
    void turn(std::chrono::nanoseconds after, std::size_t found) {
        pause();
        now += after;
        pace.began(now, found);
    }
    void turns(int count, std::chrono::nanoseconds after, std::size_t found) {
        for (int i = 0; i < count; ++i) turn(after, found);
    }
    std::chrono::nanoseconds pause() { return pace.pause(now); }

    TurnPace pace{100us};
    base::SteadyTime now{1h};
};

// As long as is there: what gathers if one waits for it.
struct BusyTurns : Turns {
    BusyTurns() { turns(17, 99us, 1); }
};

}  // namespace

TEST_CASE("a loop whose turns follow each other closely lets events gather", "[turn_pace]") {
    Turns loop;
    loop.turns(16, 99us, 1);
    CHECK(loop.pause() == 0us);
    loop.turn(99us, 1);
    CHECK(loop.pause() == 100us);
    CHECK(loop.pace.pause(loop.now + 30us) == 70us);
    CHECK(loop.pace.pause(loop.now + 100us) == 0us);
    CHECK(loop.pace.pause(loop.now + 5s) == 0us);
}

TEST_CASE("a loop that has time looks at each event as it comes", "[turn_pace]") {
    Turns loop;
    loop.turns(1000, 100us, 50);
    CHECK(loop.pause() == 0us);
    SECTION("also after many turns if there is a rest among them") {
        for (int i = 0; i < 100; ++i) {
            loop.turns(15, 1us, 1);
            loop.turn(100us, 1);
        }
        CHECK(loop.pause() == 0us);
    }
    SECTION("turns that found nothing, as for timers, do not make it busy") {
        loop.turns(1000, 1us, 0);
        CHECK(loop.pause() == 0us);
    }
}

TEST_CASE("a loop stays busy as long as waiting finds something", "[turn_pace]") {
    BusyTurns loop;
    for (int i = 0; i < 100; ++i) {
        loop.turns(3, 100us, 3);
        loop.turn(100us, 4);
    }
    CHECK(loop.pause() == 100us);
    loop.turns(3, 100us, 3);
    CHECK(loop.pause() == 100us);
    loop.turn(100us, 3);
    CHECK(loop.pause() == 0us);
}

TEST_CASE("a loop that waited in vain tries again later and later, until it is worth it", "[turn_pace]") {
    BusyTurns loop;
    const auto waits_in_vain = [&loop] {
        loop.turns(4, 100us, 3);
        return loop.pause() == 0us;
    };
    const auto busy_after = [&loop] {
        for (int turns = 1; turns <= 1'000'000; ++turns) {
            loop.turn(10us, 1);
            if (loop.pause() > 0us) return turns;
        }
        return 0;
    };
    for (const int turns : {32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 65536}) {
        REQUIRE(waits_in_vain());
        CHECK(busy_after() == turns);
    }
    loop.turn(100us, 4);
    REQUIRE(waits_in_vain());
    CHECK(busy_after() == 32);
}

TEST_CASE("a loop that has come to rest looks at once", "[turn_pace]") {
    BusyTurns loop;
    loop.turns(10, 199us, 50);
    CHECK(loop.pause() == 100us);
    loop.turn(200us, 50);
    CHECK(loop.pause() == 0us);
    loop.turns(15, 99us, 1);
    CHECK(loop.pause() == 0us);
    loop.turn(99us, 1);
    CHECK(loop.pause() == 100us);
}

TEST_CASE("only turns that waited can have waited in vain", "[turn_pace]") {
    BusyTurns loop;
    for (int i = 0; i < 100; ++i) {
        loop.pace.go_on();
        loop.now += 10us;
        loop.pace.began(loop.now, 1);
    }
    CHECK(loop.pause() == 100us);
}

TEST_CASE("a clock that jumps makes no pause longer", "[turn_pace]") {
    BusyTurns loop;
    CHECK(loop.pace.pause(loop.now - 1h) == 100us);
    CHECK(loop.pace.pause(loop.now + 1h) == 0us);
}

TEST_CASE("without an interval nothing ever gathers", "[turn_pace]") {
    TurnPace pace{0us};
    base::SteadyTime now{1h};
    for (int i = 0; i < 100; ++i) pace.began(now, 10);
    CHECK(pace.pause(now) == 0us);
}
