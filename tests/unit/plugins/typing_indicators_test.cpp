#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "typing/indicators.h"

using namespace typing;
using wshub::json::Raw;
using wshub::json::View;

TEST_CASE("a typist names a target", "[typing]") {
    auto request = GENERATE("null", "[]", R"("b")", "{}", R"({"target":""})", R"({"target":5})", R"({"target":["b"]})",
                            R"({"target":"\ud800"})", R"({"target":"b","target":0})");
    CHECK(std::holds_alternative<families::Refusal>(read_target(View(request))));
    CHECK(std::get<std::string>(read_target(View(R"({"target":0,"extra":1,"t\u0061rget":"\u0062"})"))) == "b");
}

TEST_CASE("an update says who, what and when", "[typing]") {
    CHECK(update(Raw{"{}"}, true, "now").text == R"({"sender":{},"isTyping":true,"timestamp":"now"})");
    CHECK(update(Raw{"{}"}, false, "now").text == R"({"sender":{},"isTyping":false,"timestamp":"now"})");
}
