#include <catch2/catch.hpp>
#include <string>

#include "common/base64.h"

using namespace families;

TEST_CASE("base64 is as in RFC 4648, section 10, both ways", "[families]") {
    auto [bytes, text] = GENERATE(table<std::string, std::string>({
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {std::string("\0\xFF\xFE\x80", 4), "AP/+gA=="},
    }));
    CHECK(to_base64(bytes) == text);
    CHECK(from_base64(text) == bytes);
}

TEST_CASE("every byte comes back from base64", "[families]") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        CHECK(from_base64(to_base64(bytes.substr(0, size))) == bytes.substr(0, size));
    }
}
