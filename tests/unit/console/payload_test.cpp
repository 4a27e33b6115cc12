#include "console/payload.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace wshub::console;

namespace {

// A file with these bytes, as long as the test runs.
struct File {
    explicit File(std::string_view bytes) {
        std::string pattern = (std::filesystem::temp_directory_path() / "wshub-payload-XXXXXX").string();
        const int descriptor = ::mkstemp(pattern.data());
        REQUIRE(descriptor >= 0);
        name = pattern;
        std::ofstream(name, std::ios::binary) << bytes;
    }
    ~File() { std::filesystem::remove(name); }
    std::string name;
};

constexpr std::size_t kMost = 1000;

}  // namespace

TEST_CASE("files and base64 become attachments, in their order", "[payload]") {
    const File file(std::string_view("\0\xff{\"", 4));
    const Payload payload =
        with_binary(R"([{"a": { "$file" : ")" + file.name + R"("}},"{\"$base64\":1}",{"$base64":"AQID"}])", kMost);
    CHECK(payload.args == R"([{"a": {"_placeholder":true,"num":0}},"{\"$base64\":1}",{"_placeholder":true,"num":1}])");
    REQUIRE(payload.attachments.size() == 2);
    CHECK(payload.attachments[0] == std::string("\0\xff{\"", 4));
    CHECK(payload.attachments[1] == "\1\2\3");
}

TEST_CASE("objects that only look like it stay as they are", "[payload]") {
    const auto args = GENERATE(as<std::string>(), R"([{"$file":1}])", R"([{"$file":"x","more":1}])",
                               R"([{"$other":"x"}])", R"(["$file"])", R"([{"a":"\"{\"}])", "[]", R"([{}])");
    const Payload payload = with_binary(args, kMost);
    CHECK(payload.args == args);
    CHECK(payload.attachments.empty());
}

TEST_CASE("binary inside an object that begins as one", "[payload]") {
    const Payload payload = with_binary(R"([{"$file":{"$base64":""},"b":2}])", kMost);
    CHECK(payload.args == R"([{"$file":{"_placeholder":true,"num":0},"b":2}])");
    CHECK(payload.attachments == std::vector<std::string>{""});
}

TEST_CASE("binary that cannot be had is told", "[payload]") {
    CHECK_THROWS_WITH(with_binary(R"([{"$file":"/no/such/file"}])", kMost), "cannot read the file /no/such/file");
    CHECK_THROWS_WITH(with_binary(R"([{"$file":"/"}])", kMost), "cannot read the file /");
    CHECK_THROWS_WITH(with_binary(R"([{"$base64":"%"}])", kMost), "the text of $base64 is not base64");
    const File file(std::string(kMost + 1, 'x'));
    CHECK_THROWS_WITH(with_binary(R"([{"$file":")" + file.name + "\"}]", kMost),
                      Catch::Contains("larger than the 1000"));
}

TEST_CASE("received binary is shown by its size", "[payload]") {
    const std::vector<std::string> attachments{"abc", ""};
    CHECK(shown(R"([{"a":{"_placeholder":true,"num":1}},{"num":0,"_placeholder":true}])", attachments) ==
          R"([{"a":{"$binary":0}},{"$binary":3}])");
    CHECK(shown(R"([{"_placeholder":true,"num":0}])", {}) == R"([{"_placeholder":true,"num":0}])");
}

TEST_CASE("what a terminal could obey is escaped", "[payload]") {
    CHECK(shown("[\"\x7f\xc2\x9b"
                "31m\xc2\xa0\xc3\xa4\"]",
                {}) == "[\"\\u007f\\u009b31m\xc2\xa0\xc3\xa4\"]");
    CHECK(shown("[1,\n2]", {}) == "[1, 2]");
}
