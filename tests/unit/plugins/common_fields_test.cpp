#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "common/fields.h"

using namespace families;
using wshub::json::View;

namespace {

// The object as its fields say it.
std::string kept(const std::string& object, std::initializer_list<std::string_view> without = {}) {
    wshub::json::Object out;
    add_fields(out, Fields(View(object)), without);
    return std::move(out).build().text;
}

}  // namespace

TEST_CASE("fields keep their order and their text", "[families]") {
    const std::string object =
        R"({"b":1.0,"a":12345678901234567890,"__proto__":{"x":1},"":[1e3],"10":"\ud800","9":"\u00e9"})";
    CHECK(kept(object) == object);
    CHECK(kept(" { \"b\" : [ 1 , 2 ] ,\n\"a\" : null } ") == R"({"b":[ 1 , 2 ],"a":null})");
    CHECK(kept("{}") == "{}");
    CHECK(kept("[1]") == "{}");
    CHECK(kept("7") == "{}");
}

TEST_CASE("of fields with one name there is one, at the place of the first, with the value of the last", "[families]") {
    auto [object, once] = GENERATE(table<std::string, std::string>({
        {R"({"a":1,"a":2})", R"({"a":2})"},
        {R"({"a":1,"b":2,"a":3,"c":4,"b":5})", R"({"a":3,"b":5,"c":4})"},
        {R"({"\u0061":1,"b":2,"a":3})", R"({"\u0061":3,"b":2})"},
        {R"({"a":1,"\u0061":2,"a":3})", R"({"a":3})"},
        {R"({"a\/b":1,"a/b":2})", R"({"a\/b":2})"},
        {R"({"\ud83d\ude00":1,"😀":2})", R"({"\ud83d\ude00":2})"},
        {R"({"é":1,"\u00e9":2,"e\u0301":3})", R"({"é":2,"e\u0301":3})"},
    }));
    CHECK(kept(object) == once);
}

TEST_CASE("surrogates without their other half are names apart", "[families]") {
    auto object = GENERATE(R"({"\ud83d":1,"\ud83e":2,"\ufffd":3})", R"({"\ude00\ud83d":1,"\ud83d\ude00":2})",
                           R"({"\ud83dx":1,"\ud83dy":2,"\ud83d\u0078y":3})", R"({"\ud83d\ud83d\ude00":1,"\ud83d":2})");
    CHECK(kept(object) == object);
    CHECK(kept(R"({"\ud83d\n":1,"\uD83D\u000a":2})") == R"({"\ud83d\n":2})");
}

TEST_CASE("fields are found and left out by what their keys mean", "[families]") {
    const std::string object = R"({"\u0073ender":1,"type":"x","sender":2,"\u0074ype":"y"})";
    const Fields fields{View(object)};
    CHECK(fields.size() == 2);
    CHECK(fields["sender"].text() == "2");
    CHECK(fields["type"].str() == "y");
    CHECK(fields["Type"].is_missing());
    CHECK(kept(object, {"sender"}) == R"({"type":"y"})");
    CHECK(kept(object, {"sender", "type"}) == "{}");
    CHECK(kept(object, {"s", "typ", "types"}) == R"({"\u0073ender":2,"type":"y"})");
}

TEST_CASE("many fields take no longer than sorting them", "[families]") {
    std::string object = "{";
    constexpr int kMany = 40'000;
    for (int i = 0; i < kMany; ++i) {
        object += (i > 0 ? ",\"" : "\"") + std::to_string(i % (kMany / 2)) + "\":" + std::to_string(i);
    }
    object += '}';
    const Fields fields{View(object)};
    CHECK(fields.size() == kMany / 2);
    CHECK(fields.begin()->value.num() == kMany / 2);
    CHECK((fields.end() - 1)->value.num() == kMany - 1);
}
