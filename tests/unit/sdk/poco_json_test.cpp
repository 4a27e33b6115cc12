#include <wshub/poco_json.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

using namespace wshub;

TEST_CASE("JSON comes back from Poco as it went in", "[poco_json]") {
    const std::string text = GENERATE(values<std::string>({
        "null",
        "true",
        "false",
        "0",
        "-12",
        "9223372036854775807",
        "-9223372036854775808",
        "0.5",
        R"("")",
        R"("Gr\u0000\n\"\\ 🌍")",
        "[]",
        "{}",
        R"([1,[2,[{"a":null}]],""])",
        R"({"z":1,"a":{"b":[true,"x"]},"":0.25})",
    }));
    CHECK(json::from_poco(json::to_poco(json::View(text))).text == text);
}

TEST_CASE("what Poco cannot hold comes near, and never as wrong JSON", "[poco_json]") {
    auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"18446744073709551616", "1.8446744073709552e+19"},
        {"1e400", "null"},
        {"1.0", "1"},
        {R"({"a":1,"a":2})", R"({"a":2})"},
        {R"("\u0041")", R"("A")"},
    }));
    CHECK(json::from_poco(json::to_poco(json::View(text))).text == expected);
}

TEST_CASE("a missing value is an empty one", "[poco_json]") {
    CHECK(json::to_poco(json::View()).isEmpty());
    CHECK(json::to_poco(json::View(R"({"a":1})")["b"]).isEmpty());
}

TEST_CASE("values made with Poco become JSON", "[poco_json]") {
    using Poco::Dynamic::Var;
    CHECK(json::from_poco(Var()).text == "null");
    CHECK(json::from_poco(Var(true)).text == "true");
    CHECK(json::from_poco(Var(Poco::UInt64(18446744073709551615ULL))).text == "18446744073709551615");
    CHECK(json::from_poco(Var(Poco::Int16(-5))).text == "-5");
    CHECK(json::from_poco(Var(std::nan(""))).text == "null");
    CHECK(json::from_poco(Var(1.5F)).text == "1.5");
    CHECK(json::from_poco(Var(std::string("not UTF-8: \xff"))).text == "\"not UTF-8: \xEF\xBF\xBD\"");
    Poco::JSON::Object object;
    object.set("nobody", Poco::JSON::Object::Ptr());
    object.set("list", Poco::JSON::Array());
    CHECK(json::from_poco(object).text == R"({"list":[],"nobody":null})");
}

TEST_CASE("Poco's values go where other values go", "[poco_json]") {
    Poco::JSON::Array::Ptr list = new Poco::JSON::Array;
    list->add("a");
    CHECK(json::obj("list", json::from_poco(list), "n", 1).text == R"({"list":["a"],"n":1})");
}
