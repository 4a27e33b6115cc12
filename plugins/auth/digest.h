// Hashes and comparisons that tell nothing by the time they take.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace auth {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);
// Nothing if it is not 64 hexadecimal digits.
std::optional<Sha256> parse_sha256(std::string_view hex);
// HMAC-SHA256 as lower case hexadecimal digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);

// In a time that depends on the sizes alone.
bool equal_bytes(std::string_view a, std::string_view b);
bool equal_bytes(const Sha256& a, const Sha256& b);

}  // namespace auth
