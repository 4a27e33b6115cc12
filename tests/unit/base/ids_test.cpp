#include "base/ids.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>
#include <vector>

using namespace wshub::base;

TEST_CASE("an id is 15 bytes as URL-safe base64", "[ids]") {
    IdBytes bytes{};
    CHECK(encode_id(bytes) == "AAAAAAAAAAAAAAAAAAAA");
    bytes.fill(0xff);
    CHECK(encode_id(bytes) == "____________________");
    bytes = {0xfb, 0xef, 0xbe, 0, 0x10, 0x83, 0x10, 0x51, 0x87, 0x20, 0x92, 0x8b, 0x30, 0xd3, 0x8f};
    CHECK(encode_id(bytes) == "----ABCDEFGHIJKLMNOP");
    CHECK(encode_id(bytes).size() == kIdLength);
}

TEST_CASE("an id can be read back", "[ids]") {
    IdBytes bytes{};
    for (int round = 0; round < 100; ++round) {
        random_bytes(bytes);
        CHECK(decode_id(encode_id(bytes)) == bytes);
    }
}

TEST_CASE("what is no id is not read", "[ids]") {
    const std::string text =
        GENERATE("", "A", "AAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA",
                 "AAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAA+", "AAAAAAAAAA/AAAAAAAAA", "AAAAAAAAAA AAAAAAAAA",
                 "AAAAAAAAAA\x80"
                 "AAAAAAAAA");
    CAPTURE(text);
    CHECK_FALSE(decode_id(text).has_value());
    CHECK_FALSE(decode_id(std::string(20, '\0')).has_value());
}

TEST_CASE("random bytes fill the whole span, whatever its size", "[ids]") {
    const std::size_t size = GENERATE(0u, 1u, 16u, 1023u, 1024u, 1025u, 100'000u);
    std::vector<std::uint8_t> bytes(size);
    std::set<std::uint8_t> last_bytes;
    for (int round = 0; round < 40; ++round) {
        random_bytes(bytes);
        if (size > 0) last_bytes.insert(bytes.back());
    }
    // Forty equal bytes in a row would be a wonder.
    if (size > 0) CHECK(last_bytes.size() > 1);
}

TEST_CASE("random bytes never come twice, on one thread or several", "[ids]") {
    constexpr int kThreads = 4, kEach = 5000;
    std::vector<std::vector<std::string>> made(kThreads);
    std::vector<std::thread> threads;
    for (auto& mine : made) {
        threads.emplace_back([&mine] {
            for (int i = 0; i < kEach; ++i) {
                IdBytes bytes;
                random_bytes(bytes);
                mine.push_back(encode_id(bytes));
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::string> all;
    for (const auto& mine : made) all.insert(mine.begin(), mine.end());
    CHECK(all.size() == static_cast<std::size_t>(kThreads) * kEach);
}

TEST_CASE("a UUID has the form and marks of version 4", "[ids]") {
    for (int round = 0; round < 200; ++round) {
        const std::string uuid = random_uuid();
        REQUIRE(uuid.size() == 36);
        for (std::size_t i = 0; i < uuid.size(); ++i) {
            const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
            const bool hex = (uuid[i] >= '0' && uuid[i] <= '9') || (uuid[i] >= 'a' && uuid[i] <= 'f');
            REQUIRE((dash ? uuid[i] == '-' : hex));
        }
        CHECK(uuid[14] == '4');
        CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
    }
    CHECK(random_uuid() != random_uuid());
}
