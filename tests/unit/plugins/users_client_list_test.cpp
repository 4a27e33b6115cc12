#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "users/client_list.h"

using namespace users;

TEST_CASE("a list has every client in the order added, its count and the time", "[users]") {
    ClientList list;
    CHECK(list.answer("now").text == R"({"clients":[],"count":0,"timestamp":"now"})");
    list.add(ClientEntry({"s1", "a\"b", 1686832496789, R"(["x"])", R"({"p":1.0})", {}}));
    list.add(ClientEntry({"s2", "", 0, "", "", {}}));
    CHECK(list.count() == 2);
    CHECK(list.answer("now").text ==
          R"({"clients":[{"id":"s1","username":"a\"b","connectTime":"2023-06-15T12:34:56.789Z","following":["x"],)"
          R"("profile":{"p":1.0}},{"id":"s2","username":null,"connectTime":"1970-01-01T00:00:00.000Z","following":[],)"
          R"("profile":{}}],"count":2,"timestamp":"now"})");
}

TEST_CASE("binary of the profiles is numbered through, up to what one packet can have", "[users]") {
    ClientList list;
    const std::string two =
        R"({"a":{"_placeholder":true,"num":1},"b":{"_placeholder":true,"num":0},"c":{"_placeholder":true,"num":1}})";
    for (int i = 0; i < 6; ++i) {
        const std::string number = std::to_string(i);
        list.add(ClientEntry({"s", "u", 0, "[]", two, {"first " + number, "second " + number}}));
    }
    REQUIRE(list.attachments().size() == 10);
    CHECK(list.attachments()[0] == "second 0");
    CHECK(list.attachments()[1] == "first 0");
    CHECK(list.attachments()[8] == "second 4");
    const std::string text = list.answer("now").text;
    CHECK(
        text.find(
            R"({"a":{"_placeholder":true,"num":8},"b":{"_placeholder":true,"num":9},"c":{"_placeholder":true,"num":8}})") !=
        std::string::npos);
    CHECK(text.find(R"({"a":null,"b":null,"c":null})") != std::string::npos);
}

TEST_CASE("a placeholder whose binary is not there is null", "[users]") {
    ClientList list;
    list.add(ClientEntry({"s", "u", 0, "[]", R"({"a":{"_placeholder":true,"num":1}})", {"one"}}));
    CHECK(list.attachments().empty());
    CHECK(list.answer("now").text.find(R"("profile":{"a":null})") != std::string::npos);
}
