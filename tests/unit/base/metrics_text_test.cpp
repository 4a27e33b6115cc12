#include "base/metrics_text.h"

#include <catch2/catch.hpp>
#include <limits>

using namespace wshub::base;

TEST_CASE("names of figures are those of Prometheus's data model", "[metrics]") {
    const auto [name, good] = GENERATE(table<std::string, bool>({{"wshub_a_total", true},
                                                                 {"_a:b9", true},
                                                                 {":a", true},
                                                                 {"", false},
                                                                 {"9a", false},
                                                                 {"a-b", false},
                                                                 {"a b", false},
                                                                 {"a\n", false},
                                                                 {"\xc3\xa9", false}}));
    CAPTURE(name);
    CHECK(is_metric_name(name) == good);
}

TEST_CASE("labels are what may stand between braces", "[metrics]") {
    const auto [labels, good] = GENERATE(table<std::string, bool>({{"", true},
                                                                   {R"(a="")", true},
                                                                   {R"(a="1",_b9="2")", true},
                                                                   {R"(a="x,b=\"y\"")", true},
                                                                   {R"(a="\\",b="\n")", true},
                                                                   {R"(a="}{ #")", true},
                                                                   {R"(a)", false},
                                                                   {R"(a=)", false},
                                                                   {R"(="1")", false},
                                                                   {R"(a=1)", false},
                                                                   {R"(a="1)", false},
                                                                   {R"(a="1\")", false},
                                                                   {R"(a="\t")", false},
                                                                   {"a=\"1\n\"", false},
                                                                   {std::string("a=\"\0\"", 5), false},
                                                                   {R"(a="1",)", false},
                                                                   {R"(,a="1")", false},
                                                                   {R"(a="1" ,b="2")", false},
                                                                   {R"(a="1"b="2")", false},
                                                                   {R"(a="1",a="2")", false},
                                                                   {R"(a:b="1")", false},
                                                                   {R"(9a="1")", false}}));
    CAPTURE(labels);
    CHECK(are_metric_labels(labels) == good);
}

TEST_CASE("a label can be made of any text", "[metrics]") {
    const auto [value, label] = GENERATE(table<std::string, std::string>({{"", R"(a="")"},
                                                                          {"chat:*", R"(a="chat:*")"},
                                                                          {R"(say "x" \ y)", R"(a="say \"x\" \\ y")"},
                                                                          {"é", "a=\"é\""},
                                                                          {"1\n2", R"(a="1\\x0a2")"},
                                                                          {"\xff", R"(a="\\xff")"}}));
    CHECK(metric_label("a", value) == label);
    CHECK(are_metric_labels(metric_label("a", value)));
}

TEST_CASE("a value reads back as itself", "[metrics]") {
    const auto [value, text] =
        GENERATE(table<double, std::string>({{0, "0"},
                                             {-1.5, "-1.5"},
                                             {0.1, "0.1"},
                                             {1e-9, "1e-09"},
                                             {12345678901234, "12345678901234"},
                                             {std::numeric_limits<double>::infinity(), "+Inf"},
                                             {-std::numeric_limits<double>::infinity(), "-Inf"},
                                             {std::numeric_limits<double>::quiet_NaN(), "NaN"}}));
    std::string out;
    append_metric_value(out, value);
    CHECK(out == text);
}

TEST_CASE("a help stays one line", "[metrics]") {
    CHECK(escape_metric_help("a\\b\nc \"d\"") == "a\\\\b\\nc \"d\"");
}
