#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "common/placeholders.h"

using namespace families;

namespace {

constexpr std::size_t kNone = Placeholder::kNoNumber;

std::vector<std::size_t> numbers(const std::string& json) {
    std::vector<std::size_t> out;
    for (const Placeholder& each : find_placeholders(json)) out.push_back(each.num);
    return out;
}

}  // namespace

TEST_CASE("placeholders are found wherever they stand", "[families]") {
    auto [json, expected] = GENERATE(table<std::string, std::vector<std::size_t>>({
        {R"({"_placeholder":true,"num":3})", {3}},
        {R"([{"_placeholder":true,"num":1},{"a":[{"num":0,"_placeholder":true}]}])", {1, 0}},
        {R"({ "\u005fplaceholder" : true , "n\u0075m" : 2 })", {2}},
        {R"({"_placeholder":true})", {kNone}},
        {R"({"_placeholder":true,"num":"1"})", {kNone}},
        {R"({"_placeholder":true,"num":-1})", {kNone}},
        {R"({"_placeholder":true,"num":1.0})", {kNone}},
        {R"({"_placeholder":true,"num":12345678901})", {kNone}},
        {R"({"_placeholder":true,"num":1,"num":2})", {2}},
        {R"({"_placeholder":true,"num":1,"x":{"_placeholder":true,"num":2}})", {1}},
        {R"({"_placeholder":false,"num":1})", {}},
        {R"({"_placeholder":"true","num":1})", {}},
        {R"({"_placeholder":true,"_placeholder":null,"num":1})", {}},
        {R"({"_placeholder":{"_placeholder":true,"num":1}})", {1}},
        {R"("{\"_placeholder\":true,\"num\":1}")", {}},
        {R"(["_placeholder",true,"num",1])", {}},
        {R"({"a":"_placeholder","b":true})", {}},
        {"[]", {}},
        {"7", {}},
        {"true", {}},
    }));
    CAPTURE(json);
    CHECK(numbers(json) == expected);
}

TEST_CASE("placeholders are replaced, and all else stays as it stands", "[families]") {
    const auto number = [](std::size_t num) { return "<" + std::to_string(num) + ">"; };
    CHECK(replace_placeholders(R"( [1.0, {"_placeholder":true,"num":4} ,"x",{"_placeholder":true,"num":0}])", number) ==
          R"( [1.0, <4> ,"x",<0>])");
    CHECK(replace_placeholders(R"({"a":1})", number) == R"({"a":1})");
}

TEST_CASE("nesting costs no stack", "[families]") {
    const std::string deep = std::string(100'000, '[') + R"({"_placeholder":true,"num":7})" + std::string(100'000, ']');
    CHECK(numbers(deep) == std::vector<std::size_t>{7});
}
