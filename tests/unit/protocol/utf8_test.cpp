#include "protocol/utf8.h"

#include <catch2/catch.hpp>
#include <string>

using namespace wshub::protocol;
using namespace std::literals;

namespace {

// Whole and in one-byte pieces, in front of and behind stretches of ASCII of all lengths around the block sizes.
bool agree(std::string_view text, bool legal) {
    for (std::size_t before = 0; before < 20; ++before) {
        for (const std::size_t after : {0u, 1u, 7u, 16u}) {
            const std::string all = std::string(before, 'a') + std::string(text) + std::string(after, 'z');
            if (is_utf8(all) != legal) return false;
            Utf8Checker checker;
            bool in_pieces = true;
            for (const char& byte : all) in_pieces = in_pieces && checker.feed({&byte, 1});
            if ((in_pieces && checker.at_boundary()) != legal) return false;
        }
    }
    return true;
}

}  // namespace

TEST_CASE("legal UTF-8 is told, up to its edges", "[utf8]") {
    const std::string_view text = GENERATE(values<std::string_view>({
        ""sv,
        "\0"sv,
        "plain"sv,
        "\x7f"sv,
        "\xc2\x80"sv,          // U+0080
        "\xdf\xbf"sv,          // U+07FF
        "\xe0\xa0\x80"sv,      // U+0800
        "\xed\x9f\xbf"sv,      // U+D7FF
        "\xee\x80\x80"sv,      // U+E000
        "\xef\xbf\xbf"sv,      // U+FFFF
        "\xf0\x90\x80\x80"sv,  // U+10000
        "\xf4\x8f\xbf\xbf"sv,  // U+10FFFF
        "Grüße, Καλημέρα, 你好, 😀😀 and ASCII again"sv,
    }));
    CHECK(agree(text, true));
}

TEST_CASE("what is not UTF-8 is told", "[utf8]") {
    const std::string_view text = GENERATE(values<std::string_view>({
        "\x80"sv,              // continuation without a lead
        "\xbf"sv,              //
        "\xc0\x80"sv,          // over-long NUL
        "\xc1\xbf"sv,          //
        "\xe0\x80\x80"sv,      // over-long, three bytes
        "\xe0\x9f\xbf"sv,      //
        "\xf0\x80\x80\x80"sv,  // over-long, four bytes
        "\xf0\x8f\xbf\xbf"sv,  //
        "\xed\xa0\x80"sv,      // U+D800
        "\xed\xbf\xbf"sv,      // U+DFFF
        "\xf4\x90\x80\x80"sv,  // U+110000
        "\xf5\x80\x80\x80"sv,  //
        "\xf8\x88\x80\x80\x80"sv,
        "\xfe"sv,
        "\xff"sv,
        "\xc2"sv,          // cut off
        "\xe1\x80"sv,      //
        "\xf1\x80\x80"sv,  //
        "\xc2\x41"sv,      // broken off
        "\xe1\x80\x41"sv,
        "\xf1\x80\x80\x41"sv,
        "\xe1\xc2\x80"sv,
        "\xc2\xc0"sv,
    }));
    CHECK(agree(text, false));
}

TEST_CASE("a checker fails at the first byte that cannot be", "[utf8]") {
    const auto [good, bad] = GENERATE(table<std::string_view, std::string_view>({
        {"ok", "\x80"},
        {"\xe0", "\x9f"},
        {"\xed", "\xa0"},
        {"\xf0", "\x8f"},
        {"\xf4", "\x90"},
        {"\xf1\x80\x80", "A"},
        {"", "\xc1"},
        {"", "\xf5"},
    }));
    Utf8Checker checker;
    CHECK(checker.feed(good));
    CHECK_FALSE(checker.feed(bad));
}

TEST_CASE("a checker knows whether a character is half done, and can begin anew", "[utf8]") {
    Utf8Checker checker;
    CHECK(checker.feed("a\xf0\x9f"));
    CHECK_FALSE(checker.at_boundary());
    CHECK(checker.feed(""));
    CHECK(checker.feed("\x98"));
    CHECK_FALSE(checker.at_boundary());
    CHECK(checker.feed("\x80z"));
    CHECK(checker.at_boundary());
    CHECK(checker.feed("\xe1"));
    checker.reset();
    CHECK(checker.at_boundary());
    CHECK(checker.feed("a"));
}

TEST_CASE("every cut of a text in two gives the same verdict", "[utf8]") {
    const std::string text = "aé€😀 0123456789abcdef é 0123456789abcdef😀";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Utf8Checker checker;
        CHECK(checker.feed(std::string_view(text).substr(0, cut)));
        CHECK(checker.feed(std::string_view(text).substr(cut)));
        CHECK(checker.at_boundary());
    }
}

TEST_CASE("the length of a character is that of its bytes", "[utf8]") {
    const auto [text, length] = GENERATE(table<std::string_view, std::size_t>({
        {"", 0},
        {"a", 1},
        {"é", 2},
        {"€", 3},
        {"😀", 4},
        {"\xf0\x9f\x98", 0},
        {"\x80", 0},
    }));
    CHECK(utf8_length(text.data(), text.data() + text.size()) == length);
}
