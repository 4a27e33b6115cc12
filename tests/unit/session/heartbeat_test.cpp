#include "session/heartbeat.h"

#include <catch2/catch.hpp>

using namespace wshub::session;
using wshub::base::milliseconds;
using wshub::base::SteadyTime;

namespace {
constexpr HeartbeatTimes kTimes{milliseconds(25'000), milliseconds(20'000)};
const SteadyTime kStart{milliseconds(1'000'000)};
SteadyTime after(int ms) {
    return kStart + milliseconds(ms);
}
}  // namespace

TEST_CASE("the first ping is due one interval after the start", "[heartbeat]") {
    Heartbeat heartbeat;
    heartbeat.start(kStart, kTimes);
    CHECK(heartbeat.due() == after(25'000));
    CHECK_FALSE(heartbeat.waiting());
    CHECK_FALSE(heartbeat.too_late(after(1'000'000)));
}

TEST_CASE("a ping that goes a tick late leaves the pong no more time", "[heartbeat]") {
    auto [late, due] =
        GENERATE(table<int, int>({{0, 45'000}, {4, 45'000}, {50, 45'000}, {51, 45'051}, {9'000, 54'000}}));
    Heartbeat heartbeat;
    heartbeat.start(kStart, kTimes);
    heartbeat.ping_sent(after(25'000 + late), kTimes);
    CHECK(heartbeat.due() == after(due));
    CHECK(heartbeat.waiting());
    CHECK_FALSE(heartbeat.too_late(after(due - 1)));
    CHECK(heartbeat.too_late(after(due)));
}

TEST_CASE("a pong that was held up has its time anew, and the client another ping each interval", "[heartbeat]") {
    Heartbeat heartbeat;
    heartbeat.start(kStart, kTimes);
    CHECK_FALSE(heartbeat.held_up(after(24'000), kTimes));
    CHECK_FALSE(heartbeat.ping_again(after(24'000), kTimes));
    heartbeat.ping_sent(after(25'000), kTimes);
    CHECK(heartbeat.held_up(after(40'000), kTimes));
    CHECK(heartbeat.due() == after(60'000));
    CHECK_FALSE(heartbeat.ping_again(after(49'999), kTimes));
    CHECK(heartbeat.ping_again(after(50'000), kTimes));
    CHECK_FALSE(heartbeat.ping_again(after(74'999), kTimes));
    CHECK(heartbeat.ping_again(after(75'000), kTimes));
    CHECK(heartbeat.pong_came(after(76'000), kTimes));
    CHECK_FALSE(heartbeat.pong_came(after(76'001), kTimes));
    CHECK(heartbeat.due() == after(101'000));
    CHECK_FALSE(heartbeat.ping_again(after(100'999), kTimes));
}

TEST_CASE("the next ping follows one interval after the pong", "[heartbeat]") {
    Heartbeat heartbeat;
    heartbeat.start(kStart, kTimes);
    heartbeat.ping_sent(after(25'000), kTimes);
    CHECK(heartbeat.pong_came(after(30'000), kTimes));
    CHECK(heartbeat.due() == after(55'000));
    CHECK_FALSE(heartbeat.waiting());
}

TEST_CASE("a pong that nobody asked for moves nothing", "[heartbeat]") {
    Heartbeat heartbeat;
    heartbeat.start(kStart, kTimes);
    CHECK_FALSE(heartbeat.pong_came(after(100), kTimes));
    CHECK(heartbeat.due() == after(25'000));
}

TEST_CASE("another packet gives a missing pong more time once a ping", "[heartbeat]") {
    Heartbeat heartbeat;
    heartbeat.start(kStart, kTimes);
    CHECK_FALSE(heartbeat.other_packet_came(after(100), kTimes));
    for (int round = 0; round < 2; ++round) {
        const int ping = 25'000 + round * 60'000;
        if (round > 0) REQUIRE(heartbeat.pong_came(after(ping - 25'000), kTimes));
        heartbeat.ping_sent(after(ping), kTimes);
        CHECK(heartbeat.other_packet_came(after(ping + 5'000), kTimes));
        CHECK(heartbeat.due() == after(ping + 25'000));
        CHECK_FALSE(heartbeat.other_packet_came(after(ping + 6'000), kTimes));
        CHECK(heartbeat.due() == after(ping + 25'000));
    }
}
