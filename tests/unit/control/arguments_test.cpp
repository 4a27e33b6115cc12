// Arguments of operations: what is read, what is refused and in which words.
#include "control/arguments.h"

#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "control/json_writer.h"

using namespace wshub;
using namespace wshub::control;
using namespace std::chrono_literals;

TEST_CASE("each kind of argument is read as what it is", "[arguments]") {
    Arguments given(R"( {"sid":"a\"b","limit":7,"on":false,"after":"2s","args":[1.50, {"a":1}],"none":null} )");
    CHECK(given.text("sid") == "a\"b");
    CHECK(given.count("limit", 50, 1, 200) == 7);
    CHECK_FALSE(given.yes_or_no("on", true));
    CHECK(given.duration("after", 30s, 1h) == 2s);
    CHECK(given.array("args") == R"([1.50, {"a":1}])");
    CHECK(given.text("none") == std::nullopt);
    CHECK_NOTHROW(given.end());
}

TEST_CASE("what is not given is what the operation says", "[arguments]") {
    Arguments given("");
    CHECK(given.text("sid") == std::nullopt);
    CHECK(given.count("limit", 50, 1, 200) == 50);
    CHECK(given.yes_or_no("on", true));
    CHECK(given.array("args") == "[]");
    CHECK_NOTHROW(given.end());
}

TEST_CASE("text that is no object of arguments is refused", "[arguments]") {
    const auto text = GENERATE(values<std::string>(
        {"[]", "7", "null", "{", R"({"a":1,})", R"({"a":1}{)", R"({"a":1,"a":2})", "{\"a\":\"\xff\"}", "{a:1}"}));
    CHECK_THROWS_AS(Arguments(text), Refused);
}

TEST_CASE("values of another kind are refused", "[arguments]") {
    constexpr std::array<std::string_view, 2> kChoices{"asc", "desc"};
    Arguments given(
        R"({"text":1,"count":"1","half":1.5,"below":-1,"big":201,"on":"yes","after":"soon","args":{},"order":"up"})");
    CHECK_THROWS_WITH(given.text("text"), "text = 1: expected a text");
    CHECK_THROWS_AS(given.count("count", 50, 1, 200), Refused);
    CHECK_THROWS_AS(given.count("half", 50, 1, 200), Refused);
    CHECK_THROWS_AS(given.count("below", 50, 0, 200), Refused);
    CHECK_THROWS_WITH(given.count("big", 50, 1, 200), "big = 201: expected a whole number from 1 to 200");
    CHECK_THROWS_AS(given.yes_or_no("on", true), Refused);
    CHECK_THROWS_AS(given.duration("after", 1s, 1h), Refused);
    CHECK_THROWS_AS(given.array("args"), Refused);
    CHECK_THROWS_WITH(given.choice("order", kChoices, "asc"), "order = up: expected one of asc, desc");
    CHECK_THROWS_WITH(given.needed_text("sid"), "sid is needed");
}

TEST_CASE("an argument that nobody asked for is named, with those there are", "[arguments]") {
    Arguments given(R"({"limt":1})");
    given.count("limit", 50, 1, 200);
    given.text("search");
    CHECK_THROWS_WITH(given.end(), "unknown argument limt; there are limit, search");
    Arguments none(R"({"x":1})");
    CHECK_THROWS_WITH(none.end(), "unknown argument x; this operation takes none");
}

TEST_CASE("answers are JSON whatever clients put into them", "[arguments]") {
    const Json json = Object()
                          .add("text", std::string("a\"\n\xff"))
                          .add("none", or_null(""))
                          .add("number", 1.5)
                          .add("infinite", std::numeric_limits<double>::infinity())
                          .add("list", array_of(std::vector<std::string>{"x", "y"}))
                          .done();
    CHECK(json.text == R"({"text":"a\"\n?","none":null,"number":1.5,"infinite":null,"list":["x","y"]})");
}
