#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "messaging/messages.h"

using namespace messaging;
using wshub::json::Raw;
using wshub::json::View;

TEST_CASE("message and broadcast pass on what was sent, or null", "[messaging]") {
    CHECK(delivery("s", View(R"({"a":1.0})")).text == R"({"from":"s","data":{"a":1.0}})");
    CHECK(delivery("s", View()).text == R"({"from":"s","data":null})");
    CHECK(received("s").text == R"({"status":"received","sid":"s"})");
    CHECK(broadcasted().text == R"({"status":"broadcasted"})");
}

TEST_CASE("a general message is an object with a type", "[messaging]") {
    auto request =
        GENERATE("null", "[]", R"("t")", "{}", R"({"type":""})", R"({"type":5})", R"({"type":"t","type":null})");
    CHECK(std::holds_alternative<families::Refusal>(read_general(View(request), 0)));
    CHECK(std::holds_alternative<families::Refusal>(
        read_general(View(R"({"_placeholder":true,"num":0,"type":"t"})"), 1)));
    CHECK(std::holds_alternative<General>(read_general(View(R"({"type":"t"})"), 1)));
}

TEST_CASE("the others get the sender, the fields, the time and the mark; the sender the original", "[messaging]") {
    const std::string request =
        R"({"x":1.0,"sender":2,"type":"t","broad\u0063ast":false,"timestamp":3,"x":[ 4 ],"__proto__":{}})";
    const auto read = read_general(View(request), 0);
    const auto& message = std::get<General>(read);
    CHECK(general_delivery(Raw{R"({"id":1})"}, message, "now").text ==
          R"({"sender":{"id":1},"x":[ 4 ],"type":"t","__proto__":{},"timestamp":"now","broadcast":true})");
    CHECK(general_sent(message, "now").text ==
          R"({"success":true,"originalMessage":)" + request + R"(,"timestamp":"now"})");
}
