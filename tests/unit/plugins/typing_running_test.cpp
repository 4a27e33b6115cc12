#include <catch2/catch.hpp>
#include <vector>

#include "typing/running.h"

using namespace typing;
using namespace std::chrono_literals;

namespace {

constexpr Time at(std::chrono::milliseconds when) {
    return Time(when);
}

}  // namespace

TEST_CASE("a start is the first one until it is stopped or over", "[typing]") {
    Running running;
    CHECK(running.start(1, at(5s)).first);
    CHECK_FALSE(running.start(1, at(6s)).first);
    CHECK(running.start(2, at(6s)).first);
    running.stop(1);
    CHECK(running.start(1, at(7s)).first);
    CHECK(running.take_over(at(7s)) == std::vector<Target>{2, 1});
    CHECK(running.start(2, at(9s)).first);
    running.stop(7);  // not running: no harm
}

TEST_CASE("each is over at its own time, which a repeated start puts off", "[typing]") {
    Running running;
    CHECK_FALSE(running.next());
    running.start(1, at(5s));
    running.start(2, at(6s));
    CHECK(running.next() == at(5s));
    running.start(1, at(7s));
    CHECK(running.next() == at(6s));
    CHECK(running.take_over(at(5999ms)).empty());
    CHECK(running.take_over(at(6s)) == std::vector<Target>{2});
    CHECK(running.next() == at(7s));
    CHECK(running.take_over(at(100s)) == std::vector<Target>{1});
    CHECK_FALSE(running.next());
}

TEST_CASE("all are taken at the end", "[typing]") {
    Running running;
    for (Target target = 1; target <= 3; ++target) running.start(target, at(5s));
    CHECK(running.take_all() == std::vector<Target>{1, 2, 3});
    CHECK(running.take_all().empty());
}

TEST_CASE("one too many makes it forget the one not spoken of for the longest time", "[typing]") {
    Running running;
    for (Target target = 1; target <= Running::kMost; ++target) CHECK_FALSE(running.start(target, at(5s)).dropped);
    CHECK_FALSE(running.start(1, at(6s)).dropped);
    const auto started = running.start(1000, at(7s));
    CHECK(started.first);
    CHECK(started.dropped == Target{2});
    CHECK(running.take_all().size() == Running::kMost);
}
