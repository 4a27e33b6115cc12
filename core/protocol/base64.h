// Base64 with the standard alphabet and padding (RFC 4648, section 4): binary packets over polling.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wshub::protocol {

// Characters that so many bytes take, padding counted in.
constexpr std::size_t base64_size(std::size_t bytes) {
    return bytes / 3 * 4 + (bytes % 3 == 0 ? 0 : 4);
}

void append_base64(std::string& out, std::string_view bytes);

// Nothing if the text is not base64. Padding may be missing whole, as browsers and Node accept it; white space may not
// stand in it. Bits left over in the last character are ignored.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace wshub::protocol
