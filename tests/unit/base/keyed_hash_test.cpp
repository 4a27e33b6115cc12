#include "base/keyed_hash.h"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace wshub::base;

TEST_CASE("SipHash-1-3 gives what other implementations give under a key of zeros", "[keyed_hash]") {
    // From CPython 3.11, which hashes bytes with it: PYTHONHASHSEED=0, hash(text) modulo 2^64.
    auto [text, hash] = GENERATE(table<std::string, std::uint64_t>(
        {std::tuple{"a", 0x407448d2b89b1813u}, std::tuple{"room", 0xf9d3fff8c23da278u},
         std::tuple{"12345678", 0x3489982430560a87u},
         std::tuple{"a longer name of a room, 31 byt", 0x52f1558bfd29a50bu}}));
    CHECK(sip_hash_13({0, 0}, text) == hash);
}

TEST_CASE("the process's hash is stable and salted", "[keyed_hash]") {
    CHECK(keyed_hash("lobby") == keyed_hash("lobby"));
    CHECK(keyed_hash("lobby", 1) != keyed_hash("lobby", 2));
    CHECK(keyed_hash("lobby") != sip_hash_13({0, 0}, "lobby"));
}
