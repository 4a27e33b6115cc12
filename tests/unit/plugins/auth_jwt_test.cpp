#include <auth/jwt.h>

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

#include "auth_jwt_maker.h"

using namespace auth;
using namespace std::chrono_literals;
using auth_test::base64url;
using auth_test::hs256_token;
using auth_test::unsigned_token;

namespace {

const std::string kSecret = "a secret of more than thirty-two bytes";
constexpr std::int64_t kNow = 1'700'000'000;  // seconds
const std::string kHeader = R"({"alg":"HS256","typ":"JWT"})";
const std::string kClaims = R"({"exp":1700000060,"sub":"ann"})";

std::vector<Key> keys_of(const std::string& text) {
    return std::get<Keys>(parse_keys(text)).keys;
}
std::vector<Key> secret_key() {
    return {std::get<Key>(parse_secret(kSecret))};
}

// The reason's name, or "good".
std::string outcome(const std::string& token, const JwtRules& rules = {}, const std::vector<Key>& keys = secret_key(),
                    std::int64_t now = kNow) {
    const auto result = verify_jwt(token, keys, rules, now * 1000);
    const auto* const reason = std::get_if<Reason>(&result);
    return reason ? std::string(name_of(*reason)) : "good";
}
std::string claims_outcome(const std::string& claims, const JwtRules& rules = {}) {
    return outcome(hs256_token(kSecret, kHeader, claims), rules);
}
std::string header_outcome(const std::string& header) {
    return outcome(hs256_token(kSecret, header, kClaims));
}
Grant grant_of(const std::string& claims, const JwtRules& rules) {
    auto result = verify_jwt(hs256_token(kSecret, kHeader, claims), secret_key(), rules, kNow * 1000);
    if (const auto* reason = std::get_if<Reason>(&result)) FAIL(name_of(*reason));
    return std::get<Grant>(result);
}

}  // namespace

TEST_CASE("the tokens of RFC 7515 are good", "[auth]") {
    const std::string claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    struct Row {
        const char* appendix;
        std::string token, jwk;
    };
    const Row rows[] = {
        {"A.1", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
         R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})"},
        {"A.2",
         "eyJhbGciOiJSUzI1NiJ9." + claims +
             ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj"
             "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7"
             "K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np"
             "6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
         R"({"kty":"RSA","e":"AQAB","n":")"
         "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
         "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
         "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD"
         "TW9gb54h4FRWyuXpoQ\"}"},
        {"A.3",
         "eyJhbGciOiJFUzI1NiJ9." + claims +
             ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
         R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
         R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"},
    };
    for (const Row& row : rows) {
        INFO(row.appendix);
        const auto keys = keys_of(R"({"keys":[)" + row.jwk + "]}");
        CHECK(outcome(row.token, {}, keys, 1300819379) == "good");
        CHECK(outcome(row.token, {}, keys, 1300819380) == "expired");
        std::string forged = row.token;
        forged[forged.size() - 5] = forged[forged.size() - 5] == 'A' ? 'B' : 'A';
        CHECK(outcome(forged, {}, keys, 1300819379) == "signature");
        for (const Row& other : rows) {
            if (&other == &row) continue;
            CHECK(outcome(row.token, {}, keys_of(R"({"keys":[)" + other.jwk + "]}"), 1300819379) == "algorithm");
        }
    }
    // A.5 is not signed at all
    CHECK(outcome("eyJhbGciOiJub25lIn0." + claims + ".", {}, secret_key(), 1300819379) == "algorithm");
}

TEST_CASE("a token without a signature is refused, however it is put", "[auth]") {
    for (const char* alg : {"none", "None", "NONE", "nOnE", "", " HS256", "hs256", "HS256 ", "PS256", "EdDSA"}) {
        const std::string header = R"({"alg":")" + std::string(alg) + "\"}";
        CHECK(header_outcome(header) == "algorithm");
        CHECK(outcome(unsigned_token(header, kClaims) + ".") == "algorithm");
    }
    CHECK(outcome(unsigned_token(kHeader, kClaims) + ".") == "signature");
    CHECK(outcome(unsigned_token(kHeader, kClaims)) == "malformed");
}

TEST_CASE("a public key is no secret", "[auth]") {
    for (const auto& pair : {auth_test::rsa_pair(), auth_test::ec_pair()}) {
        const std::string pem = auth_test::pem_of(pair);
        const std::vector<Key> keys = keys_of(pem);
        CHECK(outcome(hs256_token(pem, R"({"alg":"HS256"})", kClaims), {}, keys) == "algorithm");
        // Neither beside a secret.
        std::vector<Key> both = keys;
        both.push_back(secret_key()[0]);
        CHECK(outcome(hs256_token(pem, R"({"alg":"HS256"})", kClaims), {}, both) == "signature");
        CHECK(outcome(hs256_token(kSecret, R"({"alg":"HS256"})", kClaims), {}, both) == "good");
        CHECK(outcome(hs256_token(kSecret, R"({"alg":"RS256"})", kClaims), {}, secret_key()) == "algorithm");
    }
}

TEST_CASE("a key is for one algorithm", "[auth]") {
    const auto rsa = auth_test::rsa_pair();
    const std::vector<Key> keys = keys_of(auth_test::pem_of(rsa));
    const std::string text256 = unsigned_token(R"({"alg":"RS256"})", kClaims);
    const std::string text512 = unsigned_token(R"({"alg":"RS512"})", kClaims);
    CHECK(outcome(text256 + "." + base64url(auth_test::signature(rsa, EVP_sha256(), text256)), {}, keys) == "good");
    CHECK(outcome(text512 + "." + base64url(auth_test::signature(rsa, EVP_sha512(), text512)), {}, keys) ==
          "algorithm");
}

TEST_CASE("a signature by another algorithm than the header's is none, whoever has made it", "[auth]") {
    const auto rsa = auth_test::rsa_pair();
    const std::vector<Key> keys = keys_of(auth_test::pem_of(rsa) + auth_test::pem_of(auth_test::ec_pair()));
    const std::string text = unsigned_token(R"({"alg":"ES256"})", kClaims);
    CHECK(outcome(text + "." + base64url(auth_test::signature(rsa, EVP_sha256(), text)), {}, keys) == "signature");
}

TEST_CASE("kid chooses among the keys", "[auth]") {
    const auto jwk = [](const std::string& secret, const std::string& kid) {
        return R"({"kty":"oct","k":")" + base64url(secret) + "\"" + (kid.empty() ? "" : R"(,"kid":")" + kid + "\"") +
               "}";
    };
    const std::string one(32, '1'), two(32, '2'), three(32, '3');
    const auto keys = keys_of(R"({"keys":[)" + jwk(one, "one") + "," + jwk(two, "two") + "," + jwk(three, "") + "]}");
    const auto with_kid = [&](const std::string& secret, const std::string& kid) {
        return outcome(hs256_token(secret, R"({"alg":"HS256","kid":)" + kid + "}", kClaims), {}, keys);
    };
    CHECK(with_kid(one, R"("one")") == "good");
    CHECK(with_kid(two, R"("two")") == "good");
    CHECK(with_kid(two, R"("one")") == "signature");
    CHECK(with_kid(three, R"("any")") == "good");
    CHECK(with_kid(one, "7") == "malformed");
    CHECK(with_kid(one, R"(["one"])") == "malformed");
    CHECK(outcome(hs256_token(two, kHeader, kClaims), {}, keys) == "good");
    const auto named = keys_of(R"({"keys":[)" + jwk(one, "one") + "]}");
    CHECK(outcome(hs256_token(one, R"({"alg":"HS256","kid":"other"})", kClaims), {}, named) == "unknown_key");
}

TEST_CASE("headers that ask for more are refused", "[auth]") {
    CHECK(header_outcome(R"({"alg":"HS256","crit":["exp"],"exp":1})") == "critical");
    CHECK(header_outcome(R"({"alg":"HS256","crit":[]})") == "critical");
    CHECK(header_outcome(R"({"alg":"HS256","b64":false,"crit":["b64"]})") == "critical");
    CHECK(header_outcome(R"({"alg":"HS256","crit":null})") == "critical");
    // Keys that a token brings along are not looked at.
    CHECK(
        outcome(hs256_token(std::string(32, 'x'),
                            R"({"alg":"HS256","jwk":{"kty":"oct","k":"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}})",
                            kClaims)) == "signature");
}

TEST_CASE("a token that is none is malformed", "[auth]") {
    const std::string good = hs256_token(kSecret, kHeader, kClaims);
    REQUIRE(outcome(good) == "good");
    for (const std::string& token :
         {std::string(),
          std::string("."),
          std::string(".."),
          std::string("..."),
          std::string("a.b.c"),
          good + ".",
          good + ".x",
          "." + good,
          " " + good,
          good + " ",
          good + "=",
          good + "\n",
          "Bearer " + good,
          hs256_token(kSecret, "[]", kClaims),
          hs256_token(kSecret, "null", kClaims),
          hs256_token(kSecret, R"({"alg":"HS256",})", kClaims),
          hs256_token(kSecret, "{}", kClaims),
          hs256_token(kSecret, R"({"alg":7})", kClaims),
          hs256_token(kSecret, R"({"alg":["HS256"]})", kClaims),
          hs256_token(kSecret, kHeader, "[]"),
          hs256_token(kSecret, kHeader, "not json"),
          hs256_token(kSecret, kHeader, ""),
          hs256_token(kSecret, kHeader, kClaims + "x"),
          hs256_token(kSecret, kHeader, "{\"exp\":1700000060,\"a\":\"\xFF\"}"),
          hs256_token(kSecret, kHeader,
                      R"({"exp":1700000060,"a":)" + std::string(40, '[') + std::string(40, ']') + "}")}) {
        INFO(token);
        CHECK(outcome(token) == "malformed");
    }
}

TEST_CASE("names that stand twice are refused", "[auth]") {
    CHECK(header_outcome(R"({"alg":"none","alg":"HS256"})") == "malformed");
    CHECK(header_outcome(R"({"alg":"HS256","\u0061lg":"HS256"})") == "malformed");
    CHECK(claims_outcome(R"({"exp":1,"exp":1700000060})") == "malformed");
    CHECK(claims_outcome(R"({"exp":1700000060,"sub":"a","s\u0075b":"b"})") == "malformed");
}

TEST_CASE("a token has a largest size", "[auth]") {
    const auto token_of = [](std::size_t filling) {
        return hs256_token(kSecret, kHeader, R"({"exp":1700000060,"a":")" + std::string(filling, 'x') + "\"}");
    };
    CHECK(outcome(token_of(12'000)) == "good");
    CHECK(outcome(token_of(13'000)) == "too_large");
}

TEST_CASE("exp and nbf bound the time of a token", "[auth]") {
    struct Row {
        const char *claims, *without_leeway, *with_leeway;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"exp":1700000001})", "good", "good"},
        {R"({"exp":1700000000})", "expired", "good"},
        {R"({"exp":1699999991})", "expired", "good"},
        {R"({"exp":1699999990})", "expired", "expired"},
        {R"({"exp":1700000000.5})", "good", "good"},
        {R"({"exp":1.7000001e9})", "good", "good"},
        {R"({"exp":0})", "expired", "expired"},
        {R"({"exp":-1})", "claims", "claims"},
        {R"({"exp":1e300})", "claims", "claims"},
        {R"({"exp":9999999999999})", "claims", "claims"},
        {R"({"exp":"1700000060"})", "claims", "claims"},
        {R"({"exp":null})", "claims", "claims"},
        {R"({"exp":true})", "claims", "claims"},
        {R"({"exp":1700000060,"nbf":1700000000})", "good", "good"},
        {R"({"exp":1700000060,"nbf":1700000010})", "not_yet_valid", "good"},
        {R"({"exp":1700000060,"nbf":1700000011})", "not_yet_valid", "not_yet_valid"},
        {R"({"exp":1700000060,"nbf":"0"})", "claims", "claims"},
        {R"({"sub":"ann"})", "claims", "claims"},
    }));
    INFO(row.claims);
    JwtRules rules;
    CHECK(claims_outcome(row.claims, rules) == row.without_leeway);
    rules.leeway = 10s;
    CHECK(claims_outcome(row.claims, rules) == row.with_leeway);
}

TEST_CASE("a token without exp is good only where none is required", "[auth]") {
    JwtRules rules;
    rules.require_exp = false;
    CHECK(claims_outcome(R"({"sub":"ann"})", rules) == "good");
    CHECK_FALSE(grant_of(R"({"sub":"ann"})", rules).ends_at_ms);
    CHECK(claims_outcome(R"({"exp":1})", rules) == "expired");
    CHECK(claims_outcome(R"({"exp":null})", rules) == "claims");
}

TEST_CASE("a session ends at exp and the leeway", "[auth]") {
    JwtRules rules;
    rules.leeway = 1500ms;
    CHECK(grant_of(R"({"exp":1700000060})", rules).ends_at_ms == 1'700'000'061'500);
}

TEST_CASE("iss and aud must be those that are expected", "[auth]") {
    JwtRules any, issuer, audience;
    issuer.issuer = "https://id.example";
    audience.audience = {"hub", "chat"};
    struct Row {
        const char *claims, *any, *issuer, *audience;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"exp":1700000060})", "good", "issuer", "audience"},
        {R"({"exp":1700000060,"iss":"https://id.example"})", "good", "good", "audience"},
        {R"({"exp":1700000060,"iss":"https://id.example/"})", "good", "issuer", "audience"},
        {R"({"exp":1700000060,"iss":["https://id.example"]})", "claims", "claims", "claims"},
        {R"({"exp":1700000060,"aud":"hub"})", "audience", "issuer", "good"},
        {R"({"exp":1700000060,"aud":["x","chat"]})", "audience", "issuer", "good"},
        {R"({"exp":1700000060,"aud":"hubs"})", "audience", "issuer", "audience"},
        {R"({"exp":1700000060,"aud":[]})", "audience", "issuer", "audience"},
        {R"({"exp":1700000060,"aud":["hub",7]})", "claims", "issuer", "claims"},
        {R"({"exp":1700000060,"aud":7})", "claims", "issuer", "claims"},
        {R"({"exp":1700000060,"sub":7})", "claims", "claims", "claims"},
    }));
    INFO(row.claims);
    CHECK(claims_outcome(row.claims, any) == row.any);
    CHECK(claims_outcome(row.claims, issuer) == row.issuer);
    CHECK(claims_outcome(row.claims, audience) == row.audience);
}

TEST_CASE("username and roles come from the claims that are named", "[auth]") {
    JwtRules rules;
    rules.roles_claim = "roles";
    rules.username_claim = "name";
    const Grant grant =
        grant_of(R"({"exp":1700000060,"sub":"1","iss":"i","name":"Ann \u00e4","roles":["a","b c"]})", rules);
    CHECK(grant.username == "Ann \xC3\xA4");
    CHECK(grant.roles == std::vector<std::string>{"a", "b c"});
    CHECK(grant.subject == "1");
    CHECK(grant.issuer == "i");
    CHECK(grant_of(R"({"exp":1700000060,"name":"x","roles":"read  write "})", rules).roles ==
          std::vector<std::string>{"read", "write"});
    CHECK(grant_of(R"({"exp":1700000060,"name":"x"})", rules).roles.empty());
    for (const char* more : {R"("sub":"x")", R"("name":7)", R"("name":"x","roles":{"admin":true})",
                             R"("name":"x","roles":[1])", R"("name":"x","roles":[""])", R"("name":"x","roles":null)"}) {
        INFO(more);
        CHECK(claims_outcome(R"({"exp":1700000060,)" + std::string(more) + "}", rules) == "claims");
    }
    const Grant plain = grant_of(R"({"exp":1700000060,"name":"x","roles":["admin"]})", {});
    CHECK_FALSE(plain.username);
    CHECK(plain.roles.empty());
}
