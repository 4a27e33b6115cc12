// Keys and tokens of all kinds, good ones and forged ones, for tests.
#pragma once

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace auth_test {

inline std::string base64url(std::string_view bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    unsigned bits = 0, count = 0;
    for (const char c : bytes) {
        bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
        for (count += 8; count >= 6;) {
            count -= 6;
            text += kDigits[bits >> count & 63];
        }
    }
    if (count > 0) text += kDigits[bits << (6 - count) & 63];
    return text;
}

using KeyPair = std::shared_ptr<EVP_PKEY>;

inline KeyPair owned(EVP_PKEY* key) {
    if (!key) throw std::runtime_error("OpenSSL made no key");
    return {key, EVP_PKEY_free};
}
inline KeyPair rsa_pair(std::size_t bits = 2048) {
    return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}
inline KeyPair ec_pair(const char* curve = "P-256") {
    return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}

inline std::string pem_of(const KeyPair& pair, bool with_private = false) {
    BIO* const bio = BIO_new(BIO_s_mem());
    if (with_private) {
        PEM_write_bio_PrivateKey(bio, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    } else {
        PEM_write_bio_PUBKEY(bio, pair.get());
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
}

inline std::string hmac(const EVP_MD* digest, std::string_view secret, std::string_view text) {
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(digest, secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), code, &size);
    return {reinterpret_cast<const char*>(code), size};
}

// As OpenSSL signs: DER for EC.
inline std::string signature(const KeyPair& pair, const EVP_MD* digest, std::string_view text) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, pair.get());
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::string out(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size());
    out.resize(size);
    return out;
}
// As a JWS holds it: both numbers in their full size.
inline std::string ec_signature(const KeyPair& pair, const EVP_MD* digest, int size, std::string_view text) {
    const std::string der = signature(pair, digest, text);
    const auto* p = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size()));
    std::string out(static_cast<std::size_t>(2 * size), '\0');
    auto* const to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both), to, size);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), to + size, size);
    ECDSA_SIG_free(both);
    return out;
}

inline std::string unsigned_token(std::string_view header, std::string_view claims) {
    return base64url(header) + "." + base64url(claims);
}
// By HS256, whatever the header says.
inline std::string hs256_token(std::string_view secret, std::string_view header, std::string_view claims) {
    const std::string text = unsigned_token(header, claims);
    return text + "." + base64url(hmac(EVP_sha256(), secret, text));
}

}  // namespace auth_test
