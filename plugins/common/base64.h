// Base64 (RFC 4648), for binary that is kept in JSON. Knows no server.
#pragma once

#include <string>
#include <string_view>

namespace families {

std::string to_base64(std::string_view bytes);
// What to_base64() made; anything else gives some bytes or none.
std::string from_base64(std::string_view text);

}  // namespace families
