#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/requests.h"

using namespace families;
using wshub::json::View;

TEST_CASE("a name is a text that is not empty, and Unicode", "[families]") {
    auto [text, filled, name] = GENERATE(table<std::string, bool, bool>({
        {R"("a")", true, true},
        {R"(" ")", true, true},
        {R"("\ud83d\ude00")", true, true},
        {R"("\ud83d")", true, false},
        {R"("")", false, false},
        {"5", false, false},
        {"null", false, false},
        {"[]", false, false},
        {R"({"_placeholder":true,"num":0})", false, false},
    }));
    CHECK(is_filled(View(text)) == filled);
    CHECK(is_name(View(text)) == name);
}

TEST_CASE("names are an array of texts, whatever they say", "[families]") {
    auto [text, are] = GENERATE(table<std::string, bool>({
        {"[]", true},
        {R"(["a","","\u0000"])", true},
        {R"(["a",null])", false},
        {R"([["a"]])", false},
        {R"(["a","\udc00"])", false},
        {R"("a")", false},
        {R"({"0":"a"})", false},
        {"null", false},
    }));
    CHECK(are_names(View(text)) == are);
    CHECK_FALSE(are_names(View()));
    CHECK(names(View(R"(["a","\u0062\n"])")) == std::vector<std::string>{"a", "b\n"});
}

TEST_CASE("what stands for an attachment is no object, where there are any", "[families]") {
    const View placeholder(R"({"x":1,"_placeholder":true,"num":0})");
    CHECK(is_object(placeholder, 0));
    CHECK_FALSE(is_object(placeholder, 1));
    CHECK(is_object(View(R"({"x":{"_placeholder":true,"num":0}})"), 1));
    CHECK_FALSE(is_object(View("[]"), 0));
    CHECK_FALSE(is_object(View(), 0));
}
