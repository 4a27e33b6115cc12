#include <catch2/catch.hpp>
#include <string>
#include <variant>
#include <vector>

#include "notifications/notices.h"

using namespace notifications;
using wshub::json::Raw;
using wshub::json::View;

TEST_CASE("a notification has a type and content, and names targets in an array or not at all", "[notifications]") {
    auto [request, good] = GENERATE(table<std::string, bool>({
        {R"({"type":"t","content":{}})", true},
        {R"({"type":"t","content":{},"targets":[]})", true},
        {R"({"type":"t","content":{},"targets":null})", false},
        {R"({"type":"t","content":{},"targets":"b"})", false},
        {R"({"type":"t","content":{},"targets":["b",1]})", false},
        {R"({"type":"t","content":{},"targets":["\udfff"]})", false},
        {R"({"type":"t","content":[]})", false},
        {R"({"type":"t","content":null})", false},
        {R"({"type":"t"})", false},
        {R"({"type":"","content":{}})", false},
        {R"({"content":{}})", false},
        {"[]", false},
        {"null", false},
    }));
    CAPTURE(request);
    CHECK(std::holds_alternative<Notice>(read_notice(View(request), 0)) == good);
    CHECK(std::holds_alternative<families::Refusal>(
        read_notice(View(R"({"type":"t","content":{"_placeholder":true,"num":0}})"), 1)));
}

TEST_CASE("nobody named is another thing than no targets", "[notifications]") {
    const auto followers = read_notice(View(R"({"type":"t","content":{}})"), 0);
    CHECK(std::get<Notice>(followers).to_followers);
    const auto nobody = read_notice(View(R"({"type":"t","content":{},"targets":[]})"), 0);
    CHECK_FALSE(std::get<Notice>(nobody).to_followers);
    CHECK(std::get<Notice>(nobody).targets.empty());
    const auto named =
        read_notice(View(R"({"type":"t","content":{},"targets":["x"],"t\u0061rgets":["a","\u0061"]})"), 0);
    CHECK(std::get<Notice>(named).targets == std::vector<std::string>{"a", "a"});
}

TEST_CASE("recipients get type and content as they were sent, and no other fields", "[notifications]") {
    const std::string request =
        R"({"extra":1,"content":{"b":1.0,"a":"\ud800"},"sender":2,"type":"\u0074","timestamp":3})";
    const auto read = read_notice(View(request), 0);
    CHECK(delivery(Raw{R"({"id":1})"}, std::get<Notice>(read), "now").text ==
          R"({"sender":{"id":1},"type":"\u0074","content":{"b":1.0,"a":"\ud800"},"timestamp":"now"})");
    CHECK(sent(2, "now").text == R"({"success":true,"recipientCount":2,"timestamp":"now"})");
}
