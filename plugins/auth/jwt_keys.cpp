#include "jwt_keys.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <wshub/json.h>

#include <array>
#include <cstring>
#include <utility>

#include "base64url.h"
#include "digest.h"
#include "free.h"

namespace auth {

namespace json = wshub::json;

namespace {

using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Free<BN_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// What OpenSSL says of a failure stays in a list of the thread, where the next user of that thread would find it.
struct CleanErrors {
    CleanErrors() = default;
    CleanErrors(const CleanErrors&) = delete;
    ~CleanErrors() { ::ERR_clear_error(); }
};

enum class Kind : std::uint8_t { hmac, rsa, ec };

struct AlgorithmFacts {
    std::string_view name;
    Kind kind;
    const EVP_MD* (*digest)();
    std::size_t size;        // HS*: of the digest and the least of a secret; ES*: of one of the two numbers
    std::string_view curve;  // as JWKs name it
    const char* group;       // as OpenSSL names it
};
constexpr std::array<AlgorithmFacts, 9> kAlgorithms{{
    {"HS256", Kind::hmac, EVP_sha256, 32, "", nullptr},
    {"HS384", Kind::hmac, EVP_sha384, 48, "", nullptr},
    {"HS512", Kind::hmac, EVP_sha512, 64, "", nullptr},
    {"RS256", Kind::rsa, EVP_sha256, 0, "", nullptr},
    {"RS384", Kind::rsa, EVP_sha384, 0, "", nullptr},
    {"RS512", Kind::rsa, EVP_sha512, 0, "", nullptr},
    {"ES256", Kind::ec, EVP_sha256, 32, "P-256", "prime256v1"},
    {"ES384", Kind::ec, EVP_sha384, 48, "P-384", "secp384r1"},
    {"ES512", Kind::ec, EVP_sha512, 66, "P-521", "secp521r1"},
}};
constexpr int kLeastRsaBits = 2048;  // RFC 7518, 3.3
constexpr int kMostRsaBits = 8192;   // a larger one would hold up the loop
constexpr std::size_t kMaxJwksDepth = 8;

const AlgorithmFacts& facts(Algorithm algorithm) {
    return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
BigNumber number_of(std::string_view big_endian) {
    return BigNumber(::BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
    for (std::size_t i = 0; i < kAlgorithms.size(); ++i) {
        if (kAlgorithms[i].name == name) return static_cast<Algorithm>(i);
    }
    return std::nullopt;
}
std::string_view name_of(Algorithm algorithm) {
    return facts(algorithm).name;
}

// ---- checking a signature

bool Key::verify(std::string_view signed_text, std::string_view signature) const {
    const CleanErrors clean;
    return facts(algorithm_).kind == Kind::hmac ? verify_hmac(signed_text, signature)
                                                : verify_public(signed_text, signature);
}

bool Key::verify_hmac(std::string_view signed_text, std::string_view signature) const {
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!::HMAC(facts(algorithm_).digest(), secret_.data(), static_cast<int>(secret_.size()), bytes_of(signed_text),
                signed_text.size(), code, &size)) {
        return false;
    }
    return equal_bytes({reinterpret_cast<const char*>(code), size}, signature);
}

namespace {

// The two numbers in the form that OpenSSL checks; empty: not such a signature.
std::string der_of(std::string_view signature, std::size_t size) {
    if (signature.size() != 2 * size) return {};
    const Signature both(::ECDSA_SIG_new());
    BigNumber r = number_of(signature.substr(0, size)), s = number_of(signature.substr(size));
    if (!both || !r || !s || ::ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return {};
    static_cast<void>(r.release());
    static_cast<void>(s.release());
    unsigned char* der = nullptr;
    const int length = ::i2d_ECDSA_SIG(both.get(), &der);
    if (length <= 0) return {};
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
    ::OPENSSL_free(der);
    return text;
}

}  // namespace

bool Key::verify_public(std::string_view signed_text, std::string_view signature) const {
    const AlgorithmFacts& algorithm = facts(algorithm_);
    std::string der;
    if (algorithm.kind == Kind::ec) {
        der = der_of(signature, algorithm.size);
        if (der.empty()) return false;
        signature = der;
    }
    const DigestContext context(::EVP_MD_CTX_new());
    return context && ::EVP_DigestVerifyInit(context.get(), nullptr, algorithm.digest(), nullptr, key_.get()) == 1 &&
           ::EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(signed_text),
                              signed_text.size()) == 1;
}

// ---- reading keys

namespace {

using KeyOrProblem = std::variant<Key, KeyProblem>;

KeyOrProblem hmac_key(Algorithm algorithm, std::string kid, std::string_view secret) {
    const std::size_t least = facts(algorithm).size;
    if (secret.size() < least) {
        return KeyProblem{"a secret for " + std::string(name_of(algorithm)) + " has " + std::to_string(least) +
                          " or more bytes, this one has " + std::to_string(secret.size())};
    }
    return Key(algorithm, std::move(kid), std::string(secret));
}

// Which algorithm an EC key is for follows from its curve.
std::optional<Algorithm> algorithm_of_group(EVP_PKEY* key) {
    char name[64] = "";
    if (::EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) != 1) return std::nullopt;
    for (std::size_t i = 0; i < kAlgorithms.size(); ++i) {
        if (kAlgorithms[i].group && std::strcmp(kAlgorithms[i].group, name) == 0) return static_cast<Algorithm>(i);
    }
    return std::nullopt;
}

// `wanted`: what a JWK says that the key is for.
KeyOrProblem public_key(std::shared_ptr<EVP_PKEY> key, std::optional<Algorithm> wanted, std::string kid) {
    std::optional<Algorithm> own;
    if (::EVP_PKEY_is_a(key.get(), "RSA") == 1) {
        const int bits = ::EVP_PKEY_get_bits(key.get());
        if (bits < kLeastRsaBits || bits > kMostRsaBits) {
            return KeyProblem{"an RSA key has " + std::to_string(kLeastRsaBits) + " to " +
                              std::to_string(kMostRsaBits) + " bits, this one has " + std::to_string(bits)};
        }
        own = wanted && facts(*wanted).kind == Kind::rsa ? *wanted : Algorithm::rs256;
    } else if (::EVP_PKEY_is_a(key.get(), "EC") == 1) {
        own = algorithm_of_group(key.get());
    }
    if (!own) return KeyProblem{"a public key is an RSA key, or an EC key on the curve P-256, P-384 or P-521"};
    if (wanted && *wanted != *own) {
        return KeyProblem{"its alg is " + std::string(name_of(*wanted)) + ", but a key of this kind is for " +
                          std::string(name_of(*own))};
    }
    const KeyContext context(::EVP_PKEY_CTX_new(key.get(), nullptr));
    if (!context || ::EVP_PKEY_public_check(context.get()) != 1) return KeyProblem{"it is no valid public key"};
    return Key(*own, std::move(kid), std::move(key));
}

std::size_t occurrences(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
        ++count;
    return count;
}

std::variant<Keys, KeyProblem> parse_pem(std::string_view text) {
    if (text.find("PRIVATE KEY-----") != std::string_view::npos) {
        return KeyProblem{"it holds a private key: give the hub the public one (openssl pkey -pubout)"};
    }
    Keys keys;
    const Bio bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    while (bio) {
        EVP_PKEY* const read = ::PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
        if (!read) break;
        auto key = public_key(std::shared_ptr<EVP_PKEY>(read, Free<EVP_PKEY_free>()), std::nullopt, {});
        const std::string nth = "key " + std::to_string(keys.keys.size() + 1) + ": ";
        if (auto* problem = std::get_if<KeyProblem>(&key)) return KeyProblem{nth + problem->what};
        keys.keys.push_back(std::get<Key>(std::move(key)));
    }
    if (keys.keys.empty()) return KeyProblem{"expected public keys in PEM (-----BEGIN PUBLIC KEY-----)"};
    if (keys.keys.size() != occurrences(text, "-----BEGIN PUBLIC KEY-----")) {
        return KeyProblem{"key " + std::to_string(keys.keys.size() + 1) + ": it is no public key in PEM"};
    }
    return keys;
}

std::shared_ptr<EVP_PKEY> build_key(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(::OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(::EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || ::EVP_PKEY_fromdata_init(context.get()) != 1 ||
        ::EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return nullptr;
    }
    return {key, Free<EVP_PKEY_free>()};
}

// RFC 7518, 6.3.1.
std::shared_ptr<EVP_PKEY> rsa_key(const json::View& jwk) {
    const auto modulus = decode_base64url(jwk["n"].raw()), exponent = decode_base64url(jwk["e"].raw());
    if (!modulus || !exponent || modulus->empty() || exponent->empty()) return nullptr;
    if (modulus->size() > kMostRsaBits / 8 + 1 || exponent->size() > 8) return nullptr;
    const BigNumber n = number_of(*modulus), e = number_of(*exponent);
    const ParameterBuilder builder(::OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return nullptr;
    }
    return build_key("RSA", builder.get());
}

// RFC 7518, 6.2.1: the coordinates have the full size of the curve.
std::shared_ptr<EVP_PKEY> ec_key(const json::View& jwk) {
    const AlgorithmFacts* curve = nullptr;
    for (const AlgorithmFacts& each : kAlgorithms) {
        if (each.group && jwk["crv"].equals(each.curve)) curve = &each;
    }
    const auto x = decode_base64url(jwk["x"].raw()), y = decode_base64url(jwk["y"].raw());
    if (!curve || !x || !y || x->size() != curve->size || y->size() != curve->size) return nullptr;
    const std::string point = "\x04" + *x + *y;
    const ParameterBuilder builder(::OSSL_PARAM_BLD_new());
    if (!builder ||
        ::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) != 1 ||
        ::OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
        return nullptr;
    }
    return build_key("EC", builder.get());
}

bool is_for_verifying(const json::View& jwk) {
    if (!jwk["use"].is_missing() && !jwk["use"].equals("sig")) return false;
    if (jwk["key_ops"].is_missing()) return true;
    bool found = false;
    jwk["key_ops"].each([&](std::string_view, json::View operation) {
        found = operation.equals("verify");
        return !found;
    });
    return found;
}

KeyOrProblem parse_jwk(const json::View& jwk) {
    if (!jwk.is_object()) return KeyProblem{"it is no object"};
    if (!is_for_verifying(jwk)) return KeyProblem{"it is not for signatures"};
    const auto algorithm = parse_algorithm(jwk["alg"].str());
    if (!jwk["alg"].is_missing() && !algorithm) return KeyProblem{"its alg is not supported"};
    if (!jwk["kid"].is_missing() && !jwk["kid"].is_string()) return KeyProblem{"its kid is no text"};
    std::string kid = jwk["kid"].str();

    if (jwk["kty"].equals("oct")) {
        const auto secret = decode_base64url(jwk["k"].raw());
        const Algorithm use = algorithm.value_or(Algorithm::hs256);
        if (!secret || facts(use).kind != Kind::hmac) return KeyProblem{"it is no secret for its alg"};
        return hmac_key(use, std::move(kid), *secret);
    }
    const bool rsa = jwk["kty"].equals("RSA");
    if (!rsa && !jwk["kty"].equals("EC")) return KeyProblem{"its kty is not supported"};
    auto key = rsa ? rsa_key(jwk) : ec_key(jwk);
    if (!key) return KeyProblem{"it is no valid public key"};
    return public_key(std::move(key), algorithm, std::move(kid));
}

std::variant<Keys, KeyProblem> parse_jwks(std::string_view text) {
    const auto document = json::View::parse(text, kMaxJwksDepth);
    if (!document || !(*document)["keys"].is_array()) {
        return KeyProblem{"expected public keys in PEM, or a JWKS document: {\"keys\":[...]}"};
    }
    Keys keys;
    std::size_t number = 0;
    (*document)["keys"].each([&](std::string_view, json::View jwk) {
        auto key = parse_jwk(jwk);
        ++number;
        if (auto* problem = std::get_if<KeyProblem>(&key)) {
            keys.skipped.push_back("key " + std::to_string(number) + ": " + problem->what);
        } else {
            keys.keys.push_back(std::get<Key>(std::move(key)));
        }
        return true;
    });
    if (keys.keys.empty()) {
        return KeyProblem{"the JWKS has no key that can be used" +
                          (keys.skipped.empty() ? std::string() : "; " + keys.skipped.front())};
    }
    return keys;
}

}  // namespace

std::variant<Key, KeyProblem> parse_secret(std::string_view secret) {
    return hmac_key(Algorithm::hs256, {}, secret);
}

std::variant<Keys, KeyProblem> parse_keys(std::string_view text) {
    const CleanErrors clean;
    auto keys = text.find("-----BEGIN") != std::string_view::npos ? parse_pem(text) : parse_jwks(text);
    if (const auto* read = std::get_if<Keys>(&keys); read && read->keys.size() > kMaxKeys) {
        return KeyProblem{"it holds " + std::to_string(read->keys.size()) + " keys, at most " +
                          std::to_string(kMaxKeys) + " are possible"};
    }
    return keys;
}

}  // namespace auth
