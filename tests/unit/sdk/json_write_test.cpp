#include <wshub/json.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace json = wshub::json;
using json::View;

namespace {

template <class Value>
std::string written(const Value& value) {
    std::string out;
    json::put(out, value);
    return out;
}

}  // namespace

TEST_CASE("values are written as JSON", "[json_write]") {
    CHECK(written("a") == R"("a")");
    CHECK(written(std::string("a")) == R"("a")");
    CHECK(written(true) == "true");
    CHECK(written(nullptr) == "null");
    CHECK(written(-1) == "-1");
    CHECK(written(std::uint8_t{255}) == "255");
    CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(written(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(written(std::vector<int>{1, 2}) == "[1,2]");
    CHECK(written(std::vector<std::vector<std::string>>{{"a"}, {}}) == R"([["a"],[]])");
    CHECK(written(std::optional<int>{}) == "null");
    CHECK(written(std::optional<std::vector<int>>{{3}}) == "[3]");
    CHECK(written(View("[1.0]")[0]) == "1.0");
    CHECK(written(View()) == "null");
}

TEST_CASE("fractions are written so that they read back the same, and as short as that", "[json_write]") {
    auto [value, text] = GENERATE(table<double, std::string>({
        {0.1, "0.1"},
        {1.0, "1"},
        {-2.5, "-2.5"},
        {1e21, "1e+21"},
        {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, "4.94065645841247e-324"},
        {std::nan(""), "null"},
        {INFINITY, "null"},
    }));
    CHECK(written(value) == text);
}

TEST_CASE("strings are escaped, and made UTF-8 if they are not", "[json_write]") {
    CHECK(written("\"\\/\n\r\t\b\x01\x7f") == "\"\\\"\\\\/\\n\\r\\t\\u0008\\u0001\x7f\"");
    CHECK(written("\xC3\xA9\xF0\x9F\x98\x80") == "\"\xC3\xA9\xF0\x9F\x98\x80\"");
    CHECK(written(std::string("a\0b", 3)) == R"("a\u0000b")");
    CHECK(written("a\xff"
                  "b\xC3") ==
          "\"a\xEF\xBF\xBD"
          "b\xEF\xBF\xBD\"");
    CHECK(written("\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("objects and arrays are built in order", "[json_write]") {
    CHECK(json::obj().text == "{}");
    CHECK(json::obj("b", 1, "a", json::arr(1, "x", nullptr)).text == R"({"b":1,"a":[1,"x",null]})");
    CHECK(json::arr().text == "[]");
    CHECK(json::arr(json::bin(0), json::bin(12)).text ==
          R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":12}])");
    CHECK(json::obj("a\"b", 1).text == R"({"a\"b":1})");
}

TEST_CASE("members are left out however their keys are written", "[json_write]") {
    const View sent(R"({ "target" : "x", "type":1.0, "t\u0061rget":2, "rest":{"target":3} })");
    CHECK(json::without(sent, {"target"}).text == R"({"type":1.0,"rest":{"target":3}})");
    CHECK(json::without(sent, {}).text == R"({"target":"x","type":1.0,"t\u0061rget":2,"rest":{"target":3}})");
    CHECK(json::without(View("[1]"), {"a"}).text == "{}");
}

TEST_CASE("members are replaced in place, once, and new ones come last", "[json_write]") {
    const View sent(R"({"a":1,"s\u0065nder":"me","b":1e3,"sender":"you"})");
    CHECK(json::with(sent, "sender", json::obj("id", 7), "timestamp", "now").text ==
          R"({"a":1,"sender":{"id":7},"b":1e3,"timestamp":"now"})");
    CHECK(json::with(View("{}"), "a", 1).text == R"({"a":1})");
    CHECK(json::with(View(), "a", 1).text == R"({"a":1})");
    CHECK(json::with(sent).text == sent.text());
}

TEST_CASE("an object is built from one's own members and those of another", "[json_write]") {
    const View sent(R"({"type":"x","sender":"forged","n":1.0})");
    json::Object object;
    object.add("sender", 7).add_members(sent, {"sender", "timestamp"}).add("timestamp", "now");
    CHECK(object.build().text == R"({"sender":7,"type":"x","n":1.0,"timestamp":"now"})");
    CHECK(json::Object().add_members(View("{}")).add("a", 1).build().text == R"({"a":1})");
}
