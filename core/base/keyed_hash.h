// A hash for tables whose keys clients choose: SipHash-1-3 under a key drawn at the start of the process, so that
// nobody can prepare names that all fall into one bucket.
#pragma once

#include <cstdint>
#include <string_view>

namespace wshub::base {

std::uint64_t keyed_hash(std::string_view text, std::uint64_t salt = 0);

struct HashKey {
    std::uint64_t k0 = 0, k1 = 0;
};
// With a key of one's own; for the test vectors.
std::uint64_t sip_hash_13(HashKey key, std::string_view text);

}  // namespace wshub::base
