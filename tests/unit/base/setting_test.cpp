#include "base/setting.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace wshub::base;
using namespace std::chrono_literals;

TEST_CASE("a wrong value is reported with place, section, key, what was read and what would do", "[setting]") {
    const RawSetting setting{"server", "ping_interval", "25 parsecs", "etc/wshub.ini:12"};
    CHECK(setting_error(setting, "a duration such as 25s") ==
          "etc/wshub.ini:12 [server] ping_interval = \"25 parsecs\": expected a duration such as 25s");
    CHECK(setting_problem(setting, "unknown key") ==
          "etc/wshub.ini:12 [server] ping_interval = \"25 parsecs\": unknown key");
}

TEST_CASE("a key that nobody knows shows no value that might be a secret", "[setting]") {
    const auto key = GENERATE(values<std::string>({"token", "tokn", "toekn", "secert", "webhook_secrets", "passwort"}));
    CHECK(setting_problem({"metrics", key, "sesame", "w.ini:1"}, "unknown key") ==
          "w.ini:1 [metrics] " + key + " = \"***\": unknown key");
}

TEST_CASE("what cannot be printed in a value is escaped in its report", "[setting]") {
    const RawSetting setting{"log", "file", "a\x1b[2Jb\xff", "--set"};
    CHECK(setting_error(setting, "a path") == "--set [log] file = \"a\\x1b[2Jb\\xff\": expected a path");
}

TEST_CASE("a duration is a number and a unit", "[setting]") {
    auto [text, expected] = GENERATE(table<std::string, milliseconds>({{"0", 0ms},
                                                                       {"0s", 0ms},
                                                                       {"500ms", 500ms},
                                                                       {"25s", 25s},
                                                                       {"2m", 2min},
                                                                       {"1h", 1h},
                                                                       {"1d", 24h},
                                                                       {"007s", 7s},
                                                                       {"1.5s", 1500ms},
                                                                       {"0.001s", 1ms},
                                                                       {"0.25h", 15min},
                                                                       {"1.000000000000s", 1s},
                                                                       {"0.00000625d", 540ms},
                                                                       {"10000d", 240'000h}}));
    CAPTURE(text);
    CHECK(parse_duration(text) == expected);
}

TEST_CASE("what is no duration is refused", "[setting]") {
    const std::string text =
        GENERATE("", "5", "s", "-1s", "+1s", "25 s", " 25s", "25s ", "25S", "25sec", "1.s", ".5s", "1,5s", "0.5ms",
                 "0.0001s", "0.0000000001d", "10000.1d", "10001d", "99999999999999999999s", "1e3s", "0x10s", "1s5");
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
}

TEST_CASE("a duration is shown in the largest unit that keeps it whole", "[setting]") {
    auto [value, text] = GENERATE(table<milliseconds, std::string>(
        {{0ms, "0"}, {1ms, "1ms"}, {1500ms, "1500ms"}, {90s, "90s"}, {60s, "1m"}, {25h, "25h"}, {48h, "2d"}}));
    CHECK(format_duration(value) == text);
    CHECK(parse_duration(text) == value);
}

TEST_CASE("a size is a number of bytes, thousands or 1024s", "[setting]") {
    auto [text, expected] =
        GENERATE(table<std::string, std::uint64_t>({{"0", 0},
                                                    {"512", 512},
                                                    {"512B", 512},
                                                    {"256KB", 256'000},
                                                    {"256kB", 256'000},
                                                    {"64KiB", 65'536},
                                                    {"1MB", 1'000'000},
                                                    {"4MiB", 4'194'304},
                                                    {"2GB", 2'000'000'000},
                                                    {"1GiB", 1'073'741'824},
                                                    {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
                                                    {"17179869183GiB", 17'179'869'183ull << 30}}));
    CAPTURE(text);
    CHECK(parse_size(text) == expected);
}

TEST_CASE("what is no size, or does not fit, is refused", "[setting]") {
    const std::string text = GENERATE("", "MB", "-1", "+1", "1.5MB", "1 MB", "1mb", "1Kb", "1K", "0x10",
                                      "18446744073709551616", "17179869184GiB", "99999999999999GB");
    CAPTURE(text);
    CHECK_FALSE(parse_size(text));
}

TEST_CASE("a size is shown in the largest unit that keeps it whole", "[setting]") {
    auto [value, text] = GENERATE(table<std::uint64_t, std::string>({{0, "0"},
                                                                     {512, "512"},
                                                                     {1001, "1001"},
                                                                     {256'000, "256KB"},
                                                                     {1'000'000, "1MB"},
                                                                     {16'384, "16KiB"},
                                                                     {1ull << 30, "1GiB"}}));
    CHECK(format_size(value) == text);
    CHECK(parse_size(text) == value);
}

TEST_CASE("yes and no come in four words each, in any case", "[setting]") {
    for (const char* const text : {"true", "YES", "On", "1"}) CHECK(parse_bool(text) == true);
    for (const char* const text : {"false", "No", "OFF", "0"}) CHECK(parse_bool(text) == false);
    for (const char* const text : {"", "2", "y", "enabled", "true "}) CHECK_FALSE(parse_bool(text).has_value());
}

TEST_CASE("numbers are taken whole or not at all", "[setting]") {
    CHECK(parse_integer("-5") == -5);
    CHECK(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const char* const text : {"", "+5", " 5", "5 ", "5.0", "0x5", "9223372036854775808"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_integer(text));
    }
    CHECK(parse_number("0.5") == 0.5);
    CHECK(parse_number("1e3") == 1000.0);
    for (const char* const text : {"", "inf", "nan", "1e999", "0x5", "5%"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_number(text));
    }
}

TEST_CASE("a list is cut at commas; blanks around items and empty items go", "[setting]") {
    using List = std::vector<std::string>;
    CHECK(parse_list("").empty());
    CHECK(parse_list(" , ,").empty());
    CHECK(parse_list("a") == List{"a"});
    CHECK(parse_list(" a ,\tb c,,d,") == List{"a", "b c", "d"});
}
