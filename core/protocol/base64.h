// Base64 with the standard alphabet and padding (RFC 4648, section 4): binary packets over polling.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wshub::protocol {

void append_base64(std::string& out, std::string_view bytes);

// Nothing if the text is not base64. Padding may be missing, as browsers and Node accept it; white space may not stand
// in it.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace wshub::protocol
