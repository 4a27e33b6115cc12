#include "server/descriptors.h"

#include <sys/resource.h>

#include <catch2/catch.hpp>

using namespace wshub::server;

TEST_CASE("a session counts as two descriptors, and some are for everything else", "[descriptors]") {
    auto [descriptors, sessions] = GENERATE(
        table<std::size_t, std::size_t>({{0, 0}, {255, 0}, {256, 0}, {258, 1}, {1024, 384}, {1048576, 524160}}));
    CHECK(sessions_for(descriptors) == sessions);
}

TEST_CASE("the limit of open files is raised as far as it may be", "[descriptors]") {
    rlimit before = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit low = before;
    low.rlim_cur = 64;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    CHECK(raise_descriptor_limit() == before.rlim_max);
    rlimit after = {};
    ::getrlimit(RLIMIT_NOFILE, &after);
    CHECK(after.rlim_cur == before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}
