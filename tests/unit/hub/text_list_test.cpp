#include "hub/text_list.h"

#include <catch2/catch.hpp>
#include <tuple>

using namespace wshub::hub;
using Texts = std::vector<std::string>;

TEST_CASE("an array of texts is read, escapes resolved", "[text_list]") {
    const auto [json, texts] = GENERATE(table<std::string, Texts>({
        {"[]", {}},
        {"[ ]", {}},
        {R"(["a"])", {"a"}},
        {R"([ "a" , "b" ,"" ])", {"a", "b", ""}},
        {R"(["],[","a\"b","\u00e9"])", {"],[", "a\"b", "\xc3\xa9"}},
        {"[\n\t\"a\"\r\n]", {"a"}},
    }));
    CAPTURE(json);
    CHECK(read_text_list(json) == texts);
}

TEST_CASE("what is no array of texts is refused", "[text_list]") {
    const std::string json = GENERATE("", "{}", "null", R"("a")", "[1]", R"(["a",null])", R"([["a"]])", R"(["a",{}])");
    CAPTURE(json);
    CHECK_FALSE(read_text_list(json).has_value());
}

TEST_CASE("an array that was written is read again", "[text_list]") {
    const Texts texts = GENERATE(Texts{}, Texts{"admin"}, Texts{"a", "b\"\\", "\n", "\xc3\xa9", ""});
    CHECK(read_text_list(write_text_list(texts)) == texts);
}
