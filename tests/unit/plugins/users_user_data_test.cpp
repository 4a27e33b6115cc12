#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "users/user_data.h"

using namespace users;
using wshub::json::View;

namespace {

constexpr std::size_t kRoomy = 1'000'000;

std::optional<UserData> merged(const UserData& data, const std::string& request,
                               const std::vector<std::string_view>& attachments = {}, std::size_t max_bytes = kRoomy) {
    const auto read = read_set_data(View(request), true, attachments.size());
    return merge(data, std::get<SetData>(read), attachments, max_bytes);
}

}  // namespace

TEST_CASE("what is not given keeps its value", "[users]") {
    UserData data = *merged({}, R"({"username":"a","following":["x"],"profile":{"p":1.0},"c":[ 1 ]})");
    CHECK(data.username == "a");
    CHECK(data.following == R"(["x"])");
    CHECK(data.profile == R"({"p":1.0})");
    CHECK(data.custom == R"({"c":[ 1 ]})");
    CHECK(merged(data, "{}")->profile == data.profile);
    data = *merged(data, R"({"profile":{}})");
    CHECK(data.username == "a");
    CHECK(data.following == R"(["x"])");
    CHECK(data.profile == "{}");
    CHECK(data.custom == R"({"c":[ 1 ]})");
}

TEST_CASE("custom fields are merged one by one, and keep their places", "[users]") {
    UserData data = *merged({}, R"({"a":1,"b":2})");
    data = *merged(data, R"({"c":3,"\u0061":null})");
    CHECK(data.custom == R"({"a":null,"b":2,"c":3})");
}

TEST_CASE("the size is of everything as it is kept", "[users]") {
    UserData data;
    CHECK(size_of(data) == std::string(R"({"username":"","following":[],"profile":{}})").size());
    data = *merged(data, R"({"username":"\u00e9","following":["x"],"profile":{"p":[ 1 ]},"c":"d"})");
    CHECK(size_of(data) == std::string(R"({"username":"é","following":["x"],"profile":{"p":[ 1 ]},"c":"d"})").size());
    const std::size_t size = size_of(*merged(data, R"({"c":"de"})"));
    CHECK(merged(data, R"({"c":"de"})", {}, size));
    CHECK_FALSE(merged(data, R"({"c":"de"})", {}, size - 1));
}

TEST_CASE("binary in a profile is kept beside it, each once", "[users]") {
    const UserData data = *merged(
        {},
        R"({"profile":{"a":{"_placeholder":true,"num":2},"b":{"_placeholder":true,"num":0},"c":{"num":2,"_placeholder":true}}})",
        {"zero", "one", "two!"});
    CHECK(data.profile ==
          R"({"a":{"_placeholder":true,"num":0},"b":{"_placeholder":true,"num":1},"c":{"_placeholder":true,"num":0}})");
    CHECK(data.profile_attachments == std::vector<std::string>{"two!", "zero"});
    UserData without = data;
    without.profile_attachments.clear();
    CHECK(size_of(data) == size_of(without) + 8);
    CHECK(merged(data, R"({"profile":{}})")->profile_attachments.empty());
    CHECK(merged(data, R"({"c":1})")->profile_attachments.size() == 2);
}

TEST_CASE("binary in custom fields becomes base64", "[users]") {
    CHECK(merged({}, R"({"c":[{"_placeholder":true,"num":0},1]})", {"foob"})->custom == R"({"c":["Zm9vYg==",1]})");
}

TEST_CASE("a little text that names much binary often is too large before it is made", "[users]") {
    const std::string binary(200'000, 'x');
    std::string request = R"({"c":[0)";
    for (int i = 0; i < 5'000; ++i) request += R"(,{"_placeholder":true,"num":0})";
    CHECK_FALSE(merged({}, request + "]}", {binary}, 10'000));
    request.replace(1, 3, R"("profile")");
    request.replace(request.find('['), 1, R"({"p":[)");
    CHECK_FALSE(merged({}, request + "]}}", {binary}, 10'000));
}

TEST_CASE("newly followed is who was not followed before, each once", "[users]") {
    CHECK(newly_followed(View(R"(["a","b"])"), View(R"(["c","b","c","\u0061","d"])")) ==
          std::vector<std::string>{"c", "d"});
    CHECK(newly_followed(View("[]"), View("[]")).empty());
}
