#include "protocol/json_scan.h"

#include <catch2/catch.hpp>
#include <string>

#include "protocol/utf8.h"

using namespace wshub::protocol;
using namespace std::literals;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

std::string quote(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

}  // namespace

TEST_CASE("JSON is taken as RFC 8259 has it", "[json]") {
    const std::string_view text = GENERATE(values<std::string_view>({
        "true",
        "false",
        "null",
        // numbers
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "1234567890",
        "0.5",
        "-0.0",
        "1.10",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "0e0",
        "0.0e00",
        "1.5E+10",
        "12345678901234567890123456789012345678901234567890",
        "1e999",
        "-1e-999",
        // strings
        R"("")",
        R"("a")",
        R"("\"")",
        R"("\\")",
        R"("\/")",
        R"("\b\f\n\r\t")",
        R"("\u0000")",
        R"("\u00e9")",
        R"("\uABCD\uabcd")",
        R"("\ud83d\ude00")",
        R"("\ud83d")",
        R"("\ude00\ud83d")",
        R"("\ud83dx")",
        "\"\x7f\"",
        "\"é€😀\"",
        "\"\u2028\"",
        R"("0123456789abcdef0123456789abcdef")",
        R"("0123456789abcdef\n0123456789abcdef")",
        // arrays
        "[]",
        "[ ]",
        "[1]",
        "[1,2]",
        "[ 1 , 2 ]",
        "[[]]",
        "[[],[]]",
        "[[[1],2],3]",
        "[\"a\",{}]",
        "[null]",
        "[\n\t\r 1\n]",
        // objects
        "{}",
        "{ }",
        R"({"a":1})",
        R"({ "a" : 1 , "b" : [ ] })",
        R"({"":{}})",
        R"({"a":{"b":{"c":[{"d":1}]}}})",
        R"({"a":1,"a":2})",
        R"({"\u0061":1})",
    }));
    CAPTURE(text);
    const auto whole = scan_document(text);
    REQUIRE(whole);
    CHECK(*whole == text);
    const auto length = scan_value(text);
    REQUIRE(length);
    CHECK(*length == text.size());
}

TEST_CASE("what is not JSON is refused", "[json]") {
    const std::string_view text = GENERATE(values<std::string_view>({
        ""sv,
        " "sv,
        "\n\t"sv,
        // words
        "tru"sv,
        "TRUE"sv,
        "truee"sv,
        "nul"sv,
        "nulL"sv,
        "fals"sv,
        "undefined"sv,
        "NaN"sv,
        "Infinity"sv,
        "-Infinity"sv,
        "n"sv,
        // numbers
        "01"sv,
        "-01"sv,
        "00"sv,
        "-"sv,
        "+1"sv,
        ".5"sv,
        "1."sv,
        "1.e3"sv,
        "1e"sv,
        "1e+"sv,
        "1e-"sv,
        "1e1.5"sv,
        "0x10"sv,
        "1_000"sv,
        "--1"sv,
        "- 1"sv,
        "1 2"sv,
        "1,"sv,
        "1a"sv,
        "-a"sv,
        "1ee3"sv,
        "1.2.3"sv,
        // strings
        "\""sv,
        "\"a"sv,
        "'a'"sv,
        "\"a\nb\""sv,
        "\"a\tb\""sv,
        "\"\x1f\""sv,
        "\"\0\""sv,
        "\"a\" \"b\""sv,
        R"("\")"sv,
        R"("\)"sv,
        R"("\a")"sv,
        R"("\x41")"sv,
        R"("\U0041")"sv,
        R"("\u")"sv,
        R"("\u12")"sv,
        R"("\u123")"sv,
        R"("\u123g")"sv,
        R"("\u123)"sv,
        R"("\u 123")"sv,
        R"("\'")"sv,
        "\"\\\n\""sv,
        "\"\\"sv,
        // arrays
        "["sv,
        "]"sv,
        "[1"sv,
        "[1,"sv,
        "[1,]"sv,
        "[,]"sv,
        "[,1]"sv,
        "[1 2]"sv,
        "[1,,2]"sv,
        "[}"sv,
        "[1}"sv,
        "[]]"sv,
        "[[]"sv,
        "[ "sv,
        "[\"a\":1]"sv,
        // objects
        "{"sv,
        "}"sv,
        R"({"a")"sv,
        R"({"a":)"sv,
        R"({"a":1)"sv,
        R"({"a":1,)"sv,
        R"({"a":1,})"sv,
        R"({,})"sv,
        R"({"a"})"sv,
        R"({"a",1})"sv,
        R"({"a":})"sv,
        R"({"a"::1})"sv,
        R"({a:1})"sv,
        R"({1:1})"sv,
        R"({"a":1])"sv,
        R"({]})"sv,
        R"({"a":1 "b":2})"sv,
        R"({"a":1}})"sv,
        "{ "sv,
        R"({"a":1, ,"b":2})"sv,
        R"({"a)"sv,
        R"({null:1})"sv,
        // more than one, comments, other white space, byte order mark, NUL
        "{}{}"sv,
        "1 1"sv,
        "/**/1"sv,
        "1//"sv,
        "\v1"sv,
        "1\f"sv,
        "\xc2\xa0"
        "1"sv,
        "\xef\xbb\xbf{}"sv,
        "\0"sv,
        "1\0"sv,
        "\0"
        "1"sv,
        "[\0]"sv,
        "[1\0]"sv,
        "\x80"sv,
        "[\x80]"sv,
    }));
    CAPTURE(text);
    const auto whole = scan_document(text);
    REQUIRE_FALSE(whole);
    CHECK(whole.error() == JsonError::kSyntax);
}

TEST_CASE("strings that are not UTF-8 are refused as such", "[json]") {
    const std::string_view bytes = GENERATE(values<std::string_view>({
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc2",
        "\xe1\x80",
        "\xf1\x80\x80",
        "\xc2z",
        "\xe1\x80z",
    }));
    for (std::size_t before = 0; before < 20; ++before) {
        for (const std::size_t after : {0u, 3u, 16u}) {
            const std::string inside = std::string(before, 'a') + std::string(bytes) + std::string(after, 'z');
            const auto value = scan_document('"' + inside + '"');
            REQUIRE_FALSE(value);
            CHECK(value.error() == JsonError::kEncoding);
            const auto key = scan_document("{\"" + inside + "\":1}");
            REQUIRE_FALSE(key);
            CHECK(key.error() == JsonError::kEncoding);
        }
    }
}

TEST_CASE("a special byte is seen wherever it stands in a string", "[json]") {
    const char special = GENERATE('\0', '\x01', '\x1f', '\n', '\x80', '\xff', '\\', '"');
    for (std::size_t length = 1; length < 70; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            std::string inside(length, 'x');
            inside[at] = special;
            CHECK_FALSE(scan_document('"' + inside + '"'));
        }
    }
}

TEST_CASE("white space may stand around a document, and is cut off", "[json]") {
    const auto whole = scan_document(" \t\r\n[ 1 ]\n ");
    REQUIRE(whole);
    CHECK(*whole == "[ 1 ]");
}

TEST_CASE("a value ends where it ends, whatever comes behind", "[json]") {
    const auto [text, length] = GENERATE(table<std::string_view, std::size_t>({
        {"[1,2],3", 5},
        {"{} ", 2},
        {"\"a\"b", 3},
        {"12,", 2},
        {"12]", 2},
        {"01", 1},
        {"1.5e3x", 5},
        {"truefalse", 4},
        {"null\0", 4},
    }));
    const auto value = scan_value(text);
    REQUIRE(value);
    CHECK(*value == length);
}

TEST_CASE("a value that does not stand at the front is none", "[json]") {
    CHECK_FALSE(scan_value(" 1"));
    CHECK_FALSE(scan_value(""));
    CHECK_FALSE(scan_value(",1"));
}

TEST_CASE("depth is counted to the edge", "[json]") {
    const std::size_t most = GENERATE(1u, 2u, 63u, 64u, 65u, 128u, 1024u);
    const auto arrays = [](std::size_t depth) { return repeat("[", depth) + repeat("]", depth); };
    const auto objects = [](std::size_t depth) { return repeat(R"({"a":)", depth) + "1" + repeat("}", depth); };
    const auto mixed = [](std::size_t depth) {
        std::string open, close;
        for (std::size_t i = 0; i < depth; ++i) {
            open += i % 3 == 0 ? R"({"k":)" : "[";
            close.insert(0, i % 3 == 0 ? "}" : "]");
        }
        return open + "0" + close;
    };
    CHECK(scan_document(arrays(most), most));
    CHECK(scan_document(objects(most), most));
    CHECK(scan_document(mixed(most), most));
    for (const std::string& deeper : {arrays(most + 1), objects(most + 1), mixed(most + 1)}) {
        const auto refused = scan_document(deeper, most);
        REQUIRE_FALSE(refused);
        CHECK(refused.error() == JsonError::kTooDeep);
    }
}

TEST_CASE("depth does not add up over neighbours", "[json]") {
    CHECK(scan_document("[" + repeat("[[]],", 1000) + "{}]", 3));
}

TEST_CASE("depth 0 lets plain values through only", "[json]") {
    CHECK(scan_document("1", 0));
    CHECK(scan_document("[]", 0).error() == JsonError::kTooDeep);
}

TEST_CASE("the default depth is 128, and none goes above 1024", "[json]") {
    CHECK(scan_document(repeat("[", 128) + repeat("]", 128)));
    CHECK_FALSE(scan_document(repeat("[", 129) + repeat("]", 129)));
    CHECK(scan_document(repeat("[", 1025) + repeat("]", 1025), 1'000'000).error() == JsonError::kTooDeep);
}

TEST_CASE("a closing bracket must fit the one it closes, at every depth", "[json]") {
    for (std::size_t depth = 1; depth <= 130; ++depth) {
        const std::string open = repeat("[", depth);
        CHECK_FALSE(scan_document(open + repeat("]", depth - 1) + "}", 200));
        CHECK_FALSE(scan_document(open + "}" + repeat("]", depth - 1), 200));
    }
}

TEST_CASE("a million nested brackets are refused without a deep stack", "[json]") {
    CHECK(scan_document(repeat("[", 1'000'000)).error() == JsonError::kTooDeep);
    CHECK(scan_document(repeat(R"({"a":)", 200'000)).error() == JsonError::kTooDeep);
}

TEST_CASE("escapes are resolved", "[json]") {
    const auto [quoted, text] = GENERATE(table<std::string_view, std::string_view>({
        {R"("")", ""sv},
        {R"("plain")", "plain"sv},
        {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"sv},
        {R"("a\nb")", "a\nb"sv},
        {R"("\u0041\u00e9\u20AC")", "Aé€"sv},
        {R"("\u0000")", "\0"sv},
        {R"("\ud83d\ude00")", "😀"sv},
        {R"("\uD800\uDC00\uDBFF\uDFFF")", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"sv},
        {R"("\ud83d")", "\xef\xbf\xbd"sv},
        {R"("\ude00")", "\xef\xbf\xbd"sv},
        {R"("\ud83dx")", "\xef\xbf\xbdx"sv},
        {R"("\ud83d\n")", "\xef\xbf\xbd\n"sv},
        {R"("\ud83d\u0041")",
         "\xef\xbf\xbd"
         "A"sv},
        {R"("\ud83d\ud83d\ude00")", "\xef\xbf\xbd😀"sv},
        {R"("\ude00\ud83d")", "\xef\xbf\xbd\xef\xbf\xbd"sv},
        {R"("\\u0041")", "\\u0041"sv},
        {"\"é\"", "é"sv},
    }));
    CAPTURE(quoted);
    REQUIRE(scan_document(quoted));
    CHECK(unescape_string(quoted) == text);
}

TEST_CASE("text is quoted with no more escapes than needed", "[json]") {
    const auto [text, quoted] = GENERATE(table<std::string_view, std::string_view>({
        {""sv, R"("")"},
        {"plain /'\x7f"sv, "\"plain /'\x7f\""},
        {"\"\\"sv, R"("\"\\")"},
        {"\b\f\n\r\t"sv, R"("\b\f\n\r\t")"},
        {"\0\x01\x1f"sv, R"("\u0000\u0001\u001f")"},
        {"é\"€😀\n"sv, "\"é\\\"€😀\\n\""},
        {"\x1e"sv, R"("\u001e")"},
    }));
    CHECK(quote(text) == quoted);
    CHECK(unescape_string(quoted) == text);
}

TEST_CASE("whatever is quoted is JSON and means the same", "[json]") {
    std::string text;
    for (unsigned point = 0; point < 0x300; ++point) {
        if (point < 0x80) {
            text += static_cast<char>(point);
        } else {
            text += static_cast<char>(0xc0 | point >> 6);
            text += static_cast<char>(0x80 | (point & 0x3f));
        }
        const std::string quoted = quote(text);
        REQUIRE(scan_document(quoted));
        REQUIRE(unescape_string(quoted) == text);
    }
}
