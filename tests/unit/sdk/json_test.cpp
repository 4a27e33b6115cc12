#include <wshub/json.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

using wshub::json::Type;
using wshub::json::View;

TEST_CASE("a view knows its type and stands on the value alone", "[json]") {
    auto [text, type] = GENERATE(table<std::string, Type>({
        {"null", Type::null},
        {"true", Type::boolean},
        {"false", Type::boolean},
        {"-0.5e+3", Type::number},
        {R"("a\"b")", Type::string},
        {"[1,[2]]", Type::array},
        {R"({"a":{}})", Type::object},
    }));
    const std::string padded = " \n" + text + "\t ";
    CHECK(View(padded).type() == type);
}

TEST_CASE("members and elements are found, and what is not there is missing", "[json]") {
    const std::string text = R"( { "a" : [ 1 , { "b" : "x" } , [ ] ] , "n" : null } )";
    const View view(text);
    CHECK(view["a"][0].num() == 1);
    CHECK(view["a"][1]["b"].str() == "x");
    CHECK(view["a"].size() == 3);
    CHECK(view["a"][2].size() == 0);
    CHECK(view["n"].is_null());
    CHECK_FALSE(view["n"]);
    CHECK(view["a"][3].is_missing());
    CHECK(view["a"][-1].is_missing());
    CHECK(view["x"]["y"][0]["z"].is_missing());
    CHECK(view["x"]["y"].str("other") == "other");
    CHECK(view["x"].text() == "null");
    CHECK(view["a"]["b"].is_missing());
    CHECK(view[0].is_missing());
    CHECK(view["a"][1].text() == R"({ "b" : "x" })");
    CHECK(View().is_missing());
}

TEST_CASE("of several members of one name the last one counts, as for JSON.parse", "[json]") {
    CHECK(View(R"({"a":1,"b":2,"a":3})")["a"].num() == 3);
    CHECK(View(R"({"a":1,"\u0061":{"x":4}})")["a"]["x"].num() == 4);
}

TEST_CASE("keys are compared with their escapes resolved", "[json]") {
    auto [key, wanted] = GENERATE(table<std::string, std::string>({
        {R"(sender)", "sender"},
        {R"(s\u0065nder)", "sender"},
        {R"(\u0073\u0065\u006E\u0064\u0065\u0072)", "sender"},
        {R"(a\/b)", "a/b"},
        {R"(\n\"\\)", "\n\"\\"},
        {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
        {R"(\ud83d)", "\xEF\xBF\xBD"},
    }));
    CHECK(View("{\"" + key + "\":7}")[wanted].num() == 7);
    CHECK(View("{\"" + key + "\":7}")[wanted + "x"].is_missing());
    CHECK(View("{\"x" + key + "\":7}")[wanted].is_missing());
}

TEST_CASE("strings have their escapes resolved", "[json]") {
    auto [text, value] = GENERATE(table<std::string, std::string>({
        {R"("")", ""},
        {R"("plain")", "plain"},
        {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
        {R"("\u0041\u00e9\u20ac")", "A\xC3\xA9\xE2\x82\xAC"},
        {R"("\ud83d\ude00")", "\xF0\x9F\x98\x80"},
        {R"("\ud83d")", "\xEF\xBF\xBD"},
        {R"("\ude00")", "\xEF\xBF\xBD"},
        {R"("\ud83dx")", "\xEF\xBF\xBDx"},
        {R"("\ud83d\n")", "\xEF\xBF\xBD\n"},
        {R"("\ud83d\ud83d\ude00")", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {R"("ends in \\")", "ends in \\"},
        {R"("\\\"")", "\\\""},
    }));
    const View view(text);
    CHECK(view.str() == value);
    CHECK(view.equals(value));
    CHECK_FALSE(view.equals(value + "x"));
    CHECK(View(R"("\u0000")").str() == std::string(1, '\0'));
}

TEST_CASE("numbers are read as far as they fit", "[json]") {
    auto [text, value] = GENERATE(table<std::string, std::int64_t>({
        {"0", 0},
        {"-0", 0},
        {"42", 42},
        {"-42", -42},
        {"1e3", 1000},
        {"1.9", 1},
        {"-1.9", -1},
        {"999999999999999999", 999999999999999999},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"9223372036854775808", 7},  // too large: the default
        {"1e999", 7},
        {"123456789012345678901234567890", 7},
        {R"("42")", 7},
        {"true", 7},
    }));
    CHECK(View(text).num(7) == value);
}

TEST_CASE("fractions are read whatever their length", "[json]") {
    CHECK(View("0.1").real() == 0.1);
    CHECK(View("-1.5E-3").real() == -0.0015);
    CHECK(View("1" + std::string(100, '0') + "e-100").real() == 1);
    CHECK(View("null").real(2) == 2);
    CHECK(View("true").boolean());
    CHECK_FALSE(View("false").boolean(true));
    CHECK(View("1").boolean(true));
}

TEST_CASE("text from elsewhere is checked before it is viewed", "[json]") {
    const auto good = GENERATE(as<std::string>{}, "null", " true ", "0", "-0", "1.5e+10", "[]", "{}", "[ ]", "{ }",
                               R"([1,"a",[{}],{"k":[null,false]}])", R"({"a":1,"a":2})", R"("\u12aF\n")",
                               "\"\xC3\xA9\"", R"("\ud800")");
    INFO(good);
    CHECK(View::parse(good));
}

TEST_CASE("what is not JSON is not viewed", "[json]") {
    const auto bad =
        GENERATE(as<std::string>{}, "", " ", "nul", "nulls", "01", "-", "1.", ".5", "1e", "1e+", "+1", "NaN", "[", "]",
                 "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "}", "{1:2}", R"({"a"})", R"({"a":})", R"({"a":1,})",
                 R"({"a":1 "b":2})", "[1}", "{]", "\"", "\"a", R"("\x")", R"("\u12g4")", R"("\u12)", "\"\n\"",
                 "\"\xff\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "1 2", "[] []",
                 "tru", "\xEF\xBB\xBF[]", "'a'", "[1]x");
    INFO(bad);
    CHECK_FALSE(View::parse(bad));
}

TEST_CASE("nesting is bounded where text is checked", "[json]") {
    CHECK(View::parse("[[{\"a\":1}]]", 3));
    CHECK_FALSE(View::parse("[[{\"a\":[]}]]", 3));
    CHECK(View::parse("1", 0));
    const std::string deep(100'000, '[');
    CHECK_FALSE(View::parse(deep));
    CHECK(View::parse(std::string(128, '[') + std::string(128, ']')));
}

// The host checks what it hands over; a view of anything else must still stay inside its text.
TEST_CASE("a view of text that is not JSON does no harm", "[json]") {
    for (const char* text : {"", "[", "{", "{\"a", "{\"a\"", "{\"a\":", "[\"", "[1,", "\"\\", "\"\\u", "]", "}", ",",
                             ":", "{]", "[}", "{\"a\":\"\\"}) {
        const std::string copy(text);
        const View view(copy);
        view["a"].str();
        view[0].num();
        view.size();
        view.str();
        view.real();
    }
}

TEST_CASE("a string is Unicode unless a surrogate lacks its other half", "[json]") {
    auto [text, unicode] = GENERATE(table<std::string, bool>({
        {R"("")", true},
        {R"("plain")", true},
        {R"("\n\"\\")", true},
        {R"("\ud83d\ude00")", true},
        {R"("\uD83D\uDE00\ud83d\ude00")", true},
        {R"("\\ud83d")", true},
        {R"("\\\ud83d")", false},
        {R"("\ufffd\ud7ff\ue000")", true},
        {R"("\ud83d")", false},
        {R"("\ude00")", false},
        {R"("\ud83dx")", false},
        {R"("\ud83d\ud83d\ude00")", false},
        {R"("\ud83d\n\ude00")", false},
        {R"("\ud83d\\ude00")", false},
        {R"("\ude00\ud83d")", false},
        {"7", false},
        {"null", false},
    }));
    CHECK(View(text).is_unicode() == unicode);
}
