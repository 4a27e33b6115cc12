// Whether a JSON Web Token is to be believed (RFC 7515, 7519, and the advice of RFC 8725). Knows no server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grant.h"
#include "jwt_keys.h"

namespace auth {

struct JwtRules {
    std::string issuer;                 // empty: any
    std::vector<std::string> audience;  // one of them; empty: a token that is meant for somebody is refused
    std::chrono::milliseconds leeway{0};
    bool require_exp = true;
    std::string username_claim;  // empty: none is claimed
    std::string roles_claim;     // empty: none are taken
};

// A longer token is refused before anything is done with it.
inline constexpr std::size_t kMaxJwtBytes = 16'384;

// The session ends at `exp` and `leeway`.
std::variant<Grant, Reason> verify_jwt(std::string_view token, const std::vector<Key>& keys, const JwtRules& rules,
                                       std::int64_t now_ms);

}  // namespace auth
