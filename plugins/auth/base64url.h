// base64url without padding (RFC 7515, appendix C).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace auth {

// Nothing for anything but the one text that stands for these bytes: no padding, blanks or other alphabet, and no bits
// that are left over.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace auth
