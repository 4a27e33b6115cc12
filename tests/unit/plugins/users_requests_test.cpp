#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "users/requests.h"

using namespace users;
using wshub::json::View;

namespace {

bool is_good(const std::string& request, bool has_username = false, std::size_t attachments = 0) {
    const auto read = read_set_data(View(request), has_username, attachments);
    const auto* refusal = std::get_if<families::Refusal>(&read);
    if (refusal) CHECK(refusal->code == "INVALID_FORMAT");
    return refusal == nullptr;
}

std::string text(const std::string& inside) {
    return "\"" + inside + "\"";
}

}  // namespace

TEST_CASE("a username is needed until there is one", "[users]") {
    CHECK(is_good(R"({"username":"a"})"));
    CHECK_FALSE(is_good("{}"));
    CHECK_FALSE(is_good(R"({"profile":{}})"));
    CHECK(is_good("{}", true));
    CHECK(is_good(R"({"profile":{}})", true));
    CHECK_FALSE(is_good(R"({"username":null})", true));
}

TEST_CASE("user data is an object whose fields have their types", "[users]") {
    auto request =
        GENERATE("null", "[]", R"("a")", "5", R"({"username":5})", R"({"username":""})", R"({"username":["a"]})",
                 R"({"username":"\ud800"})", R"({"username":"a","username":5})", R"({"following":null})",
                 R"({"following":"a"})", R"({"following":{}})", R"({"following":["a",5]})",
                 R"({"following":["\ud800"]})", R"({"profile":null})", R"({"profile":[]})", R"({"profile":"x"})");
    CAPTURE(request);
    CHECK_FALSE(is_good(request, true));
    CHECK(is_good(R"({"username":5,"following":["","\u0000"],"username":"a","profile":{"x":null},"other":null})"));
}

TEST_CASE("a username that is too long is no username; what else it may be is for the hub to say", "[users]") {
    std::string emoji;
    for (int i = 0; i < 64; ++i) emoji += "🌍";
    CHECK(is_good("{\"username\":" + text(emoji) + "}"));
    CHECK_FALSE(is_good("{\"username\":" + text(emoji + "x") + "}"));
    CHECK(is_good("{\"username\":" + text(std::string(64, 'x')) + "}"));
    CHECK_FALSE(is_good("{\"username\":" + text(std::string(65, 'x')) + "}"));
    CHECK(is_good(R"({"username":" "})"));
}

TEST_CASE("a profile may have binary, but nothing that looks like it", "[users]") {
    const std::string with = R"({"profile":{"avatar":{"_placeholder":true,"num":0}}})";
    CHECK(is_good(with, true, 1));
    CHECK_FALSE(is_good(with, true, 0));
    CHECK_FALSE(is_good(R"({"profile":{"_placeholder":true,"num":0}})", true, 1));
    CHECK_FALSE(is_good(R"({"profile":{"_placeholder":true,"num":0}})", true, 0));
    CHECK_FALSE(is_good(R"({"_placeholder":true,"num":0,"username":"a"})", true, 1));
}

TEST_CASE("the fields given are named in the contract's order, then in the client's", "[users]") {
    const auto read =
        read_set_data(View(R"({"z":1,"profile":{},"\u0061":2,"username":"u","following":[],"z":3})"), false, 0);
    CHECK(data_set(std::get<SetData>(read), "now").text ==
          R"({"success":true,"updatedFields":["username","following","profile","z","\u0061"],"timestamp":"now"})");
    const auto nothing = read_set_data(View("{}"), true, 0);
    CHECK(data_set(std::get<SetData>(nothing), "now").text ==
          R"({"success":true,"updatedFields":[],"timestamp":"now"})");
}

TEST_CASE("what others are told has the documented fields", "[users]") {
    CHECK(data_not_set(kTaken.message, "now").text ==
          R"({"success":false,"error":"Username already taken","timestamp":"now"})");
    CHECK(followed("a\"", "now").text == R"({"username":"a\"","timestamp":"now"})");
}
