#include <auth/base64url.h>

#include <catch2/catch.hpp>

#include <optional>
#include <string>

#include "auth_jwt_maker.h"

using auth::decode_base64url;

TEST_CASE("base64url gives back the bytes that it stands for", "[auth]") {
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + size);
        CHECK(decode_base64url(auth_test::base64url(bytes)) == bytes);
    }
    CHECK(decode_base64url("-_-_") == std::string("\xFB\xFF\xBF"));
}

TEST_CASE("base64url has one form for each value, and takes no other", "[auth]") {
    const auto* const text =
        GENERATE("A", "AAAAA", "AB", "AAB", "AA==", "AAA=", "AA A", " AAAA", "AAAA\n", "AA+A", "AA/A", "AA.A",
                 "\xC3\xA4"
                 "AA");
    CHECK(decode_base64url(text) == std::nullopt);
}
