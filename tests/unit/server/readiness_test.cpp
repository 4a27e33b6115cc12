#include "server/readiness.h"

#include <catch2/catch.hpp>

using wshub::server::Readiness;
using State = Readiness::State;

TEST_CASE("a server that starts becomes ready, drains and comes back, and stops for good", "[readiness]") {
    Readiness readiness;
    CHECK(readiness.state() == State::kStarting);
    CHECK_FALSE(readiness.set(State::kDraining));
    CHECK(readiness.set(State::kReady));
    CHECK_FALSE(readiness.set(State::kStarting));
    CHECK(readiness.set(State::kDraining));
    CHECK(readiness.set(State::kDraining));
    CHECK(readiness.state() == State::kDraining);
    CHECK(readiness.set(State::kReady));
    CHECK(readiness.set(State::kStopping));
    for (const State to : {State::kStarting, State::kReady, State::kDraining}) CHECK_FALSE(readiness.set(to));
    CHECK(readiness.set(State::kStopping));
    CHECK(readiness.state() == State::kStopping);
}

TEST_CASE("each state has its name", "[readiness]") {
    CHECK(Readiness::name(State::kStarting) == "starting");
    CHECK(Readiness::name(State::kReady) == "ready");
    CHECK(Readiness::name(State::kDraining) == "draining");
    CHECK(Readiness::name(State::kStopping) == "stopping");
}
