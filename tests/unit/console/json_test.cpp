#include "console/json.h"

#include <catch2/catch.hpp>

#include "protocol/json_scan.h"

using namespace wshub::console;

TEST_CASE("items and members are views of the text, blanks left out", "[json]") {
    using Items = std::vector<std::string_view>;
    CHECK(json_items("[]").empty());
    CHECK(json_items(" [ ] ").empty());
    CHECK(json_items("{\"a\":1}").empty());
    CHECK(json_items(R"([ 1 , "a,]" ,[2,{}], {"b":[]} ,null])") ==
          Items{"1", R"("a,]")", "[2,{}]", R"({"b":[]})", "null"});
    const auto members = json_members(R"({ "a" : 1.50 , "b\u0062":"}", "c":{"d":[]} })");
    REQUIRE(members.size() == 3);
    CHECK(members[0] == std::pair<std::string, std::string_view>("a", "1.50"));
    CHECK(members[1] == std::pair<std::string, std::string_view>("bb", "\"}\""));
    CHECK(members[2] == std::pair<std::string, std::string_view>("c", R"({"d":[]})"));
    CHECK(json_members("{}").empty());
}

TEST_CASE("of members with the same name the last one counts", "[json]") {
    CHECK(json_number(R"({"a":1,"a":2})", "a") == 2);
    CHECK(json_text(R"({"a":"\u00e4"})", "a") == "ä");
    CHECK_FALSE(json_text(R"({"a":1})", "a"));
    CHECK_FALSE(json_number(R"({"a":"1"})", "a"));
    CHECK_FALSE(json_number(R"({"a":1e999})", "a"));
    CHECK_FALSE(json_member("[1]", "a"));
}

TEST_CASE("a value contains a pattern", "[json]") {
    auto [actual, pattern, contained] = GENERATE(table<std::string, std::string, bool>({
        {R"({"a":1,"b":2})", R"({"b":2})", true},
        {R"({"a":1,"b":2})", R"({"b":3})", false},
        {R"({"a":1})", R"({"b":null})", false},
        {R"({"a":{"x":1,"y":2}})", R"({"a":{"y":2}})", true},
        {R"({"a":[1,{"x":1,"y":2}]})", R"({"a":[1,{"x":1}]})", true},
        {"[1,2,3]", "[1,2]", false},
        {"[1,2]", "[2,1]", false},
        {"[]", "[]", true},
        {R"([{"a":1}])", "[{}]", true},
        {"1", "1.0", true},
        {"1e2", "100", true},
        {"1", "2", false},
        {"0", "\"0\"", false},
        {"12345678901234567890123", "12345678901234567890123", true},
        {R"("\u0061")", R"("a")", true},
        {R"("a")", R"("b")", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "null", true},
        {"{}", "[]", false},
        {R"({"a":null})", R"({"a":null})", true},
    }));
    CAPTURE(actual, pattern);
    CHECK(json_contains(actual, pattern) == contained);
}

TEST_CASE("the deepest text that is let through can be compared", "[json]") {
    const std::size_t depth = wshub::protocol::kDefaultJsonDepth;
    const std::string deep = std::string(depth, '[') + std::string(depth, ']');
    REQUIRE(wshub::protocol::scan_document(deep));
    CHECK(json_contains(deep, deep));
}

TEST_CASE("values behind each other become an array", "[json]") {
    auto [text, array, rest] = GENERATE(table<std::string, std::string, std::string>({
        {"", "[]", ""},
        {"  ", "[]", ""},
        {"1", "[1]", ""},
        {R"( "a b"  {"c": [1, 2]} -5 )", R"(["a b",{"c": [1, 2]},-5])", ""},
        {"1 => 2", "[1]", "=> 2"},
        {"1 within 5s", "[1]", "within 5s"},
        {"1x", "[]", "1x"},
        {"hello", "[]", "hello"},
        {R"({"a":1}{"b":2})", "[]", R"({"a":1}{"b":2})"},
        {"\"open", "[]", "\"open"},
    }));
    CAPTURE(text);
    std::size_t behind = 0;
    CHECK(json_array_of(text, behind) == array);
    CHECK(text.substr(behind) == rest);
}
