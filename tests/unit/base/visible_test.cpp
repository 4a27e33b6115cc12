#include "base/visible.h"

#include <catch2/catch.hpp>

using namespace wshub::base;

namespace {

std::string utf8(char32_t code) {
    const auto number = static_cast<unsigned>(code);
    std::string text;
    const auto put = [&text](unsigned byte) { text.push_back(static_cast<char>(byte)); };
    if (number < 0x80) {
        put(number);
        return text;
    }
    if (number >= 0x10000) {
        put(0xf0 | number >> 18);
        put(0x80 | (number >> 12 & 0x3f));
        put(0x80 | (number >> 6 & 0x3f));
    } else if (number >= 0x800) {
        put(0xe0 | number >> 12);
        put(0x80 | (number >> 6 & 0x3f));
    } else {
        put(0xc0 | number >> 6);
    }
    put(0x80 | (number & 0x3f));
    return text;
}

}  // namespace

TEST_CASE("a character is as long as UTF-8 says, and what is none has no length", "[visible]") {
    auto [text, length] = GENERATE(table<std::string, std::size_t>({
        {"", 0},
        {"a", 1},
        {"\xc3\xa9x", 2},
        {"\xe2\x80\xa8", 3},
        {"\xf0\x9f\x98\x80", 4},
        {"\xc3", 0},
        {"\x9b", 0},
        {"\xc0\xaf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf5\x80\x80\x80", 0},
    }));
    CHECK(character_length(text) == length);
}

TEST_CASE("what does something on a terminal rather than being seen is known, and nothing else", "[visible]") {
    auto [first, last, unseen] = GENERATE(table<char32_t, char32_t, bool>({
        {0x00, 0x1f, true},
        {0x20, 0x7e, false},
        {0x7f, 0x9f, true},
        {0xa0, 0x2027, false},
        {0x2028, 0x202e, true},
        {0x202f, 0x2065, false},
        {0x2066, 0x2069, true},
        {0x206a, 0xd7ff, false},
        {0x1f600, 0x1f600, false},
    }));
    for (char32_t code = first; code <= last; ++code) {
        if (unseen_code(utf8(code)) != (unseen ? std::optional(code) : std::nullopt)) {
            FAIL_CHECK(std::hex << static_cast<unsigned>(code));
        }
    }
}

TEST_CASE("JSON says the same with nothing in it that does something on a terminal", "[visible]") {
    auto [json, shown] = GENERATE(table<std::string, std::string>({
        {"[\"caf\xc3\xa9 \xf0\x9f\x98\x80\", 1]", "[\"caf\xc3\xa9 \xf0\x9f\x98\x80\", 1]"},
        {"[\"\x7f\xc2\x9b"
         "31m\xc2\xa0\"]",
         "[\"\\u007f\\u009b31m\xc2\xa0\"]"},
        {"[\"\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa9\"]", "[\"\\u2028\\u202e\\u2069\"]"},
        {"[\n\t1,\r2]", "[  1, 2]"},
    }));
    CHECK(visible_json(json) == shown);
}
