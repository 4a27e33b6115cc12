#include "base/keyed_hash.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/ids.h"

namespace wshub::base {
namespace {

// J.-P. Aumasson, D. J. Bernstein: SipHash, a fast short-input PRF; one round a word, three at the end.
struct State {
    std::uint64_t v0, v1, v2, v3;

    explicit State(HashKey key)
        : v0(key.k0 ^ 0x736f6d6570736575u),
          v1(key.k1 ^ 0x646f72616e646f6du),
          v2(key.k0 ^ 0x6c7967656e657261u),
          v3(key.k1 ^ 0x7465646279746573u) {}

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void absorb(std::uint64_t word) {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

HashKey process_key() {
    std::array<std::uint8_t, sizeof(HashKey)> bytes;
    random_bytes(bytes);
    return std::bit_cast<HashKey>(bytes);
}

}  // namespace

std::uint64_t sip_hash_13(HashKey key, std::string_view text) {
    State state(key);
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        state.absorb(word);
    }
    std::uint64_t last = static_cast<std::uint64_t>(text.size() & 0xff) << 56;
    for (std::size_t i = 0; i < left; ++i) {
        last |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
    }
    state.absorb(last);
    state.v2 ^= 0xff;
    for (int i = 0; i < 3; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t keyed_hash(std::string_view text, std::uint64_t salt) {
    static const HashKey key = process_key();
    return sip_hash_13({key.k0 ^ salt * 0x9e3779b97f4a7c15u, key.k1}, text);
}

}  // namespace wshub::base
