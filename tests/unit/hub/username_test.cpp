#include "hub/username.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <tuple>

using wshub::hub::username_key;

namespace {

std::string repeated(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("a name is 1 to 64 code points of which one can be seen", "[username]") {
    const auto name =
        GENERATE(std::string("a"), "Ann", "Ann Lee", " x ", "\xc3\xa9",                       // é
                 "\xe5\x90\x8d\xe5\x89\x8d", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",  // joined emoji
                 "a\xe2\x80\x8b",                                                             // zero width space
                 "\xef\xbf\xbd", "__proto__", "\"'<>&", repeated("a", 64), repeated("\xf0\x9f\x98\x80", 64));
    CAPTURE(name);
    CHECK(username_key(name) == name);
}

TEST_CASE("what is no name has no key", "[username]") {
    const auto [name, why] = GENERATE(table<std::string, std::string>({
        {"", "nothing"},
        {repeated("a", 65), "65 code points"},
        {repeated("\xf0\x9f\x98\x80", 65), "65 code points of four bytes"},
        {repeated("\xc3\xa9", 65), "65 code points of two bytes"},
        {std::string(100'000, 'a'), "far too long"},
        {std::string("a\0b", 3), "NUL"},
        {"a\nb", "line feed"},
        {"\x1b[31m", "escape"},
        {"a\x7f", "delete"},
        {"a\xc2\x85", "U+0085, a control of Latin-1"},
        {"a\xe2\x80\xa8", "line separator"},
        {"a\xe2\x80\xa9", "paragraph separator"},
        {" ", "a blank"},
        {"\xc2\xa0\xe3\x80\x80", "no-break and ideographic space"},
        {"\xe2\x80\x8b", "zero width space"},
        {"\xef\xbb\xbf", "byte order mark"},
        {" \xe2\x80\x8d\xe2\x81\xa0\xc2\xad", "joiners and a soft hyphen"},
        {"\xe3\x85\xa4", "Hangul filler"},
        {"\xef\xb8\x8f", "variation selector"},
        {"\xe2\xa0\x80", "empty braille"},
        {"\xff", "not UTF-8"},
        {"a\xc3", "a character cut off"},
        {"\xed\xa0\x80", "an encoded surrogate"},
    }));
    CAPTURE(why);
    CHECK_FALSE(username_key(name).has_value());
}

TEST_CASE("spellings that look and mean the same are one name", "[username]") {
    const auto [one, other] = GENERATE(table<std::string, std::string>({
        {"\xc3\xa9", "e\xcc\x81"},                     // é, and e with an accent put on it
        {"\xe2\x84\xab", "\xc3\x85"},                  // the Ångström sign is Å
        {"\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1"},  // a Hangul syllable, and its parts
        {"q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87"},    // two marks in either order
        {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"},  // a letter that is never composed
    }));
    CHECK(username_key(one).has_value());
    CHECK(username_key(one) == username_key(other));
}

TEST_CASE("names that differ stay apart", "[username]") {
    const auto [one, other] = GENERATE(table<std::string, std::string>({
        {"ann", "Ann"},
        {"ann", "ann "},
        {"a", "\xd0\xb0"},       // Cyrillic
        {"fi", "\xef\xac\x81"},  // a ligature is only compatible
        {"1", "\xc2\xb9"},
        {"a", "a\xe2\x80\x8b"},
    }));
    CHECK(username_key(one) != username_key(other));
}
