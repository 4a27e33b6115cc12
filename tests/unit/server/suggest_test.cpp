#include "server/suggest.h"

#include <catch2/catch.hpp>

using namespace wshub::server;

TEST_CASE("the distance of two words counts typing mistakes", "[suggest]") {
    auto [a, b, distance] = GENERATE(table<std::string, std::string, std::size_t>({
        {"", "", 0},
        {"", "abc", 3},
        {"port", "port", 0},
        {"prot", "port", 1},
        {"pot", "port", 1},
        {"pport", "port", 1},
        {"part", "port", 1},
        {"host", "port", 2},
        {"ab", "ba", 1},
        {"kitten", "sitting", 3},
    }));
    CAPTURE(a, b);
    CHECK(edit_distance(a, b) == distance);
    CHECK(edit_distance(b, a) == distance);
}

TEST_CASE("the nearest word is offered, and none that is far off", "[suggest]") {
    const std::vector<std::string> words{"ping_interval", "ping_timeout", "path", "port"};
    CHECK(nearest("prot", words) == "port");
    CHECK(nearest("ping_intervall", words) == "ping_interval");
    CHECK(nearest("pathh", words) == "path");
    CHECK(nearest("colour", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest(std::string(100'000, 'p'), words).empty());
}
