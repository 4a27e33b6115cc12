// Identifiers nobody can guess: random bytes from the kernel, written as URL-safe base64 (RFC 4648, section 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wshub::base {

// Length of every session id and socket id. Node's sharded Redis adapter takes a room of 20 characters for a socket id.
inline constexpr std::size_t kIdLength = 20;
using IdBytes = std::array<std::uint8_t, 15>;

// Fills the span from the kernel's generator (buffered per thread). Any thread. Ends the process if the kernel has
// none.
void random_bytes(std::span<std::uint8_t> out);

// 15 bytes as 20 URL-safe characters, and back. Nothing if the text is not such an id.
std::string encode_id(const IdBytes& bytes);
std::optional<IdBytes> decode_id(std::string_view text);

// A random UUID (RFC 9562, version 4) in lower case.
std::string random_uuid();

}  // namespace wshub::base
