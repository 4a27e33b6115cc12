#include <auth/jwt_keys.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "auth_jwt_maker.h"

using namespace auth;
using auth_test::base64url;

namespace {

Keys keys_of(const std::string& text) {
    auto parsed = parse_keys(text);
    if (const auto* problem = std::get_if<KeyProblem>(&parsed)) FAIL(problem->what);
    return std::get<Keys>(std::move(parsed));
}
std::string problem_of(const std::string& text) {
    const auto parsed = parse_keys(text);
    const auto* const problem = std::get_if<KeyProblem>(&parsed);
    return problem ? problem->what : "none";
}
std::string jwks(const std::string& keys) {
    return R"({"keys":[)" + keys + "]}";
}
std::string number(const auth_test::KeyPair& pair, const char* name) {
    BIGNUM* value = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(pair.get(), name, &value) == 1);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return bytes;
}
std::string rsa_jwk(const auth_test::KeyPair& pair, const std::string& more = "") {
    return R"({"kty":"RSA","n":")" + base64url(number(pair, OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
           base64url(number(pair, OSSL_PKEY_PARAM_RSA_E)) + "\"" + more + "}";
}
std::string padded(std::string bytes, std::size_t size) {
    return std::string(size - bytes.size(), '\0') + bytes;
}
std::string ec_jwk(const auth_test::KeyPair& pair, const std::string& curve, std::size_t size,
                   const std::string& more = "") {
    return R"({"kty":"EC","crv":")" + curve + R"(","x":")" +
           base64url(padded(number(pair, OSSL_PKEY_PARAM_EC_PUB_X), size)) + R"(","y":")" +
           base64url(padded(number(pair, OSSL_PKEY_PARAM_EC_PUB_Y), size)) + "\"" + more + "}";
}
std::string oct_jwk(std::size_t size, const std::string& more = "") {
    return R"({"kty":"oct","k":")" + base64url(std::string(size, 's')) + "\"" + more + "}";
}

}  // namespace

TEST_CASE("each algorithm checks what is signed with its own key, and nothing else", "[auth]") {
    const auto rsa = auth_test::rsa_pair();
    const auto other_rsa = auth_test::rsa_pair();
    struct Row {
        const char* name;
        const EVP_MD* (*digest)();
    };
    for (const Row& row : {Row{"RS256", EVP_sha256}, Row{"RS384", EVP_sha384}, Row{"RS512", EVP_sha512}}) {
        INFO(row.name);
        const Keys keys = keys_of(jwks(rsa_jwk(rsa, std::string(R"(,"alg":")") + row.name + "\"")));
        REQUIRE(keys.keys.size() == 1);
        const Key& key = keys.keys[0];
        CHECK(name_of(key.algorithm()) == row.name);
        const std::string good = auth_test::signature(rsa, row.digest(), "text");
        CHECK(key.verify("text", good));
        CHECK_FALSE(key.verify("texT", good));
        CHECK_FALSE(key.verify("text", auth_test::signature(other_rsa, row.digest(), "text")));
        CHECK_FALSE(key.verify("text", auth_test::signature(rsa, EVP_sha1(), "text")));
        CHECK_FALSE(key.verify("text", good + "x"));
        CHECK_FALSE(key.verify("text", ""));
    }
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("an EC key is for the algorithm of its curve", "[auth]") {
    struct Row {
        const char *curve, *name;
        const EVP_MD* (*digest)();
        int size;
    };
    for (const Row& row : {Row{"P-256", "ES256", EVP_sha256, 32}, Row{"P-384", "ES384", EVP_sha384, 48},
                           Row{"P-521", "ES512", EVP_sha512, 66}}) {
        INFO(row.name);
        const auto pair = auth_test::ec_pair(row.curve);
        const auto size = static_cast<std::size_t>(row.size);
        for (const std::string& text : {jwks(ec_jwk(pair, row.curve, size)), auth_test::pem_of(pair)}) {
            const Keys keys = keys_of(text);
            REQUIRE(keys.keys.size() == 1);
            CHECK(name_of(keys.keys[0].algorithm()) == row.name);
            const std::string good = auth_test::ec_signature(pair, row.digest(), row.size, "text");
            CHECK(keys.keys[0].verify("text", good));
            CHECK_FALSE(keys.keys[0].verify("other", good));
            // The form of OpenSSL is not that of a JWS, and a pair of zeros signs nothing (CVE-2022-21449).
            CHECK_FALSE(keys.keys[0].verify("text", auth_test::signature(pair, row.digest(), "text")));
            CHECK_FALSE(keys.keys[0].verify("text", std::string(2 * size, '\0')));
            CHECK_FALSE(keys.keys[0].verify("text", good.substr(1)));
            CHECK_FALSE(keys.keys[0].verify("text", good.substr(0, size) + '\0' + good.substr(size)));
            CHECK_FALSE(keys.keys[0].verify("text", ""));
        }
        CHECK(problem_of(jwks(ec_jwk(pair, row.curve, size, R"(,"alg":"RS256")"))) != "none");
    }
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a PEM file may hold several keys", "[auth]") {
    const auto rsa = auth_test::rsa_pair();
    const auto ec = auth_test::ec_pair();
    const std::string both = "for tests\n" + auth_test::pem_of(rsa) + "\n" + auth_test::pem_of(ec) + "\n";
    const Keys keys = keys_of(both);
    REQUIRE(keys.keys.size() == 2);
    CHECK(keys.keys[0].algorithm() == Algorithm::rs256);
    CHECK(keys.keys[1].algorithm() == Algorithm::es256);
    CHECK(problem_of(both.substr(0, both.size() - 40)).find("key 2: it is no public key in PEM") != std::string::npos);
    CHECK(problem_of(auth_test::pem_of(rsa, true)).find("private key") != std::string::npos);
    CHECK(problem_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").find("expected public keys") ==
          0);
    CHECK(problem_of(auth_test::pem_of(auth_test::rsa_pair(1024))).find("2048 to 8192 bits") != std::string::npos);
    CHECK(problem_of(auth_test::pem_of(auth_test::ec_pair("secp256k1"))).find("P-256") != std::string::npos);
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a JWKS gives the keys that can be used, and says why others cannot", "[auth]") {
    const auto rsa = auth_test::rsa_pair();
    const auto ec = auth_test::ec_pair();
    const Keys keys = keys_of(jwks(rsa_jwk(rsa, R"(,"kid":"a","use":"sig","key_ops":["verify"])") + "," +
                                   ec_jwk(ec, "P-256", 32, R"(,"kid":"b","alg":"ES256")") + "," +
                                   oct_jwk(64, R"(,"kid":"c","alg":"HS512")") + "," + oct_jwk(32) + "," +
                                   rsa_jwk(rsa, R"(,"use":"enc")") + "," + rsa_jwk(rsa, R"(,"alg":"RSA-OAEP")") + "," +
                                   R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})" + ",7," + oct_jwk(31)));
    REQUIRE(keys.keys.size() == 4);
    CHECK(keys.keys[0].kid() == "a");
    CHECK(keys.keys[0].algorithm() == Algorithm::rs256);
    CHECK(keys.keys[1].algorithm() == Algorithm::es256);
    CHECK(keys.keys[2].algorithm() == Algorithm::hs512);
    CHECK(keys.keys[2].verify("text", auth_test::hmac(EVP_sha512(), std::string(64, 's'), "text")));
    CHECK(keys.keys[3].algorithm() == Algorithm::hs256);
    CHECK(keys.keys[3].kid().empty());
    CHECK(keys.skipped.size() == 5);
    CHECK(keys.skipped[0] == "key 5: it is not for signatures");
}

TEST_CASE("keys that are not what they say are refused", "[auth]") {
    const auto rsa = auth_test::rsa_pair();
    const auto ec = auth_test::ec_pair();
    const std::string not_on_curve = R"({"kty":"EC","crv":"P-256","x":")" + base64url(std::string(32, '\1')) +
                                     R"(","y":")" + base64url(std::string(32, '\2')) + "\"}";
    const std::vector<std::string> jwks_to_refuse{not_on_curve,
                                                  ec_jwk(ec, "P-384", 48),
                                                  ec_jwk(ec, "P-256", 33),
                                                  ec_jwk(ec, "P-256", 32, R"(,"alg":"ES384")"),
                                                  rsa_jwk(rsa, R"(,"alg":"HS256")"),
                                                  rsa_jwk(rsa, R"(,"alg":"none")"),
                                                  rsa_jwk(rsa, R"(,"alg":"")"),
                                                  rsa_jwk(rsa, R"(,"alg":7)"),
                                                  rsa_jwk(rsa, R"(,"kid":7)"),
                                                  rsa_jwk(rsa, R"(,"key_ops":["sign"])"),
                                                  rsa_jwk(rsa, R"(,"kty":"oct")"),
                                                  rsa_jwk(auth_test::rsa_pair(1024)),
                                                  std::string(R"({"kty":"RSA","n":"","e":"AQAB"})"),
                                                  rsa_jwk(rsa, R"(,"e":"AQ")"),
                                                  rsa_jwk(rsa, R"(,"e":"Ag")"),
                                                  oct_jwk(48, R"(,"alg":"HS512")"),
                                                  oct_jwk(64, R"(,"alg":"RS256")"),
                                                  std::string("{}"),
                                                  std::string("null")};
    for (const std::string& jwk : jwks_to_refuse) {
        INFO(jwk);
        CHECK(problem_of(jwks(jwk)).find("the JWKS has no key that can be used; key 1: ") == 0);
    }
}

TEST_CASE("what is no key file is refused, and so are too many keys", "[auth]") {
    for (const char* text : {"", "hello", "{}", R"({"keys":{}})", "[]", R"({"keys":[)"}) {
        CHECK(problem_of(text).find("expected public keys in PEM, or a JWKS") == 0);
    }
    CHECK(problem_of(jwks("")) == "the JWKS has no key that can be used");
    std::string many = oct_jwk(32);
    for (std::size_t i = 1; i < kMaxKeys; ++i) many += "," + oct_jwk(32);
    CHECK(keys_of(jwks(many)).keys.size() == kMaxKeys);
    CHECK(problem_of(jwks(many + "," + oct_jwk(32))).find("at most 16") != std::string::npos);
}

TEST_CASE("a secret is as long as its hash at least", "[auth]") {
    CHECK(std::holds_alternative<Key>(parse_secret(std::string(32, 's'))));
    const auto parsed = parse_secret(std::string(31, 's'));
    REQUIRE(std::holds_alternative<KeyProblem>(parsed));
    CHECK(std::get<KeyProblem>(parsed).what == "a secret for HS256 has 32 or more bytes, this one has 31");
}
