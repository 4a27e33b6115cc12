#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <new>

namespace auth {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
    Sha256 hash{};
    ::SHA256(bytes_of(bytes), bytes.size(), hash.data());
    return hash;
}

std::optional<Sha256> parse_sha256(std::string_view hex) {
    Sha256 hash{};
    if (hex.size() != hash.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        hash[i] = static_cast<unsigned char>(high << 4 | low);
    }
    return hash;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    Sha256 code{};
    unsigned length = 0;
    if (!::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), code.data(),
                &length)) {
        throw std::bad_alloc();
    }
    std::string hex;
    for (const unsigned char byte : code) {
        hex += kHex[byte >> 4];
        hex += kHex[byte & 15];
    }
    return hex;
}

bool equal_bytes(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}
bool equal_bytes(const Sha256& a, const Sha256& b) {
    return ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace auth
