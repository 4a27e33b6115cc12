#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "direct/messages.h"

using namespace direct;
using wshub::json::Raw;
using wshub::json::View;

namespace {

const Raw kSender{R"({"id":"1","username":"a","profile":{}})"};

bool refused(const std::string& request, std::size_t attachments = 0) {
    const auto read = read_message(View(request), attachments);
    const auto* refusal = std::get_if<families::Refusal>(&read);
    if (refusal) CHECK(refusal->code == "INVALID_FORMAT");
    return refusal != nullptr;
}

std::string delivered(const std::string& request) {
    return delivery(kSender, std::get<Message>(read_message(View(request), 0)), "now").text;
}

}  // namespace

TEST_CASE("a direct message has a target and a type", "[direct]") {
    CHECK_FALSE(refused(R"({"target":"b","type":"t"})"));
    auto request =
        GENERATE("null", "[]", R"("b")", "{}", R"({"target":"b"})", R"({"type":"t"})", R"({"target":"","type":"t"})",
                 R"({"target":"b","type":""})", R"({"target":5,"type":"t"})", R"({"target":"b","type":null})",
                 R"({"target":"\ud800","type":"t"})", R"({"target":"b","type":"t","target":null})");
    CHECK(refused(request));
    CHECK_FALSE(refused(R"({"target":null,"type":"t","t\u0061rget":"b"})"));
    CHECK(refused(R"({"_placeholder":true,"num":0,"target":"b","type":"t"})", 1));
}

TEST_CASE("the recipient gets the sender, every field but the target, and the time", "[direct]") {
    const std::string sender = R"({"sender":)" + kSender.text;
    CHECK(delivered(R"({"target":"b","type":"t","m":1.0})") == sender + R"(,"type":"t","m":1.0,"timestamp":"now"})");
    CHECK(delivered(R"({"type":"t","m":{"target":1},"target":"b"})") ==
          sender + R"(,"type":"t","m":{"target":1},"timestamp":"now"})");
    CHECK(delivered(R"({"\u0074arget":"b","type":"\ud800","target":"c"})") ==
          sender + R"(,"type":"\ud800","timestamp":"now"})");
}

TEST_CASE("what is the hub's to say cannot be forged, however it is spelt", "[direct]") {
    CHECK(delivered(R"({"sender":1,"\u0073ender":2,"target":"b","timest\u0061mp":3,"broadcast":true,"type":"t"})") ==
          R"({"sender":)" + kSender.text + R"(,"type":"t","timestamp":"now"})");
}

TEST_CASE("the sender is told, with the target as it was sent", "[direct]") {
    const auto read = read_message(View(R"({"target":"\u0062","type":"t"})"), 0);
    const auto& message = std::get<Message>(read);
    CHECK(message.target.str() == "b");
    CHECK(sent(message, "now").text == R"({"success":true,"target":"\u0062","timestamp":"now"})");
    CHECK(not_sent(message, "User not found", "now").text ==
          R"({"success":false,"target":"\u0062","reason":"User not found","timestamp":"now"})");
}
