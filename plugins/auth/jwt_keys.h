// The keys that JWTs are checked with: from a shared secret, from PEM, or from a JWKS document (RFC 7517). Each key is
// for one algorithm and no other, whatever a token says.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace auth {

enum class Algorithm : std::uint8_t { hs256, hs384, hs512, rs256, rs384, rs512, es256, es384, es512 };
// RFC 7518, 3.1. Nothing for others, "none" above all.
std::optional<Algorithm> parse_algorithm(std::string_view name);
std::string_view name_of(Algorithm algorithm);

// Immutable; any thread.
class Key {
public:
    Key(Algorithm algorithm, std::string kid, std::string secret)
        : algorithm_(algorithm), kid_(std::move(kid)), secret_(std::move(secret)) {}
    Key(Algorithm algorithm, std::string kid, std::shared_ptr<EVP_PKEY> key)
        : algorithm_(algorithm), kid_(std::move(kid)), key_(std::move(key)) {}

    Algorithm algorithm() const { return algorithm_; }
    const std::string& kid() const { return kid_; }  // empty: none
    // `signature` as in a JWS: for ES256 and its like the two numbers one behind the other (RFC 7518, 3.4).
    bool verify(std::string_view signed_text, std::string_view signature) const;

private:
    bool verify_hmac(std::string_view signed_text, std::string_view signature) const;
    bool verify_public(std::string_view signed_text, std::string_view signature) const;

    Algorithm algorithm_;
    std::string kid_;
    std::string secret_;             // HS*
    std::shared_ptr<EVP_PKEY> key_;  // the others
};

struct Keys {
    std::vector<Key> keys;
    std::vector<std::string> skipped;  // of a JWKS: why keys in it are not used; for the log
};
// More would let a token without kid cost too many checks.
inline constexpr std::size_t kMaxKeys = 16;

// What is wrong, for an operator. Never a part of a key.
struct KeyProblem {
    std::string what;
};

// For HS256. At least 32 bytes (RFC 7518, 3.2).
std::variant<Key, KeyProblem> parse_secret(std::string_view secret);
// PEM with one or more public keys (RSA for RS256, EC P-256, P-384 and P-521 for ES256, ES384 and ES512), or a JWKS.
std::variant<Keys, KeyProblem> parse_keys(std::string_view text);

}  // namespace auth
