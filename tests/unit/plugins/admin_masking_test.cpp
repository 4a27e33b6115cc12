#include <catch2/catch.hpp>
#include <string>

#include "admin/masking.h"

using namespace admin;
namespace json = wshub::json;

namespace {

std::string masked(const std::string& text) {
    return mask_secrets(json::View(text)).text;
}

}  // namespace

TEST_CASE("keys that look like a secret's are known", "[admin]") {
    const std::string key = GENERATE(
        "token", "access_token", "TOKEN", "refreshToken", "x-csrf-token", "tokens", "password", "Password",
        "user_password", "passwd", "PASSWD", "pwd", "userPwd", "passphrase", "passcode", "pass", "PASS", "my-pass",
        "secret", "client_secret", "key", "api_key", "apiKey", "APIKEY", "api-key", "x.api.key", "private_key",
        "privateKey", "authorization", "Authorization", "auth", "basicAuth", "oauth", "authentication", "credential",
        "credentials", "jwt", "JWT", "idJwt", "bearer", "cookie", "Set-Cookie", "session", "sessionId", "SESSION_ID",
        "connect.sid", "pin", "PIN", "userPin", "user_pin", "userpin", "pinCode", "pincode", "otp", "OTP", "totp",
        "otpCode", "sms_otp", "signature", "mfa", "pass word", "_placeholder");
    CAPTURE(key);
    CHECK(looks_secret(key));
}

TEST_CASE("harmless keys are not taken for secret ones", "[admin]") {
    const std::string key =
        GENERATE("", "name", "username", "user", "userId", "id", "role", "roles", "room", "version", "author",
                 "compass", "shipping", "opinion", "laptops", "spinner", "side", "inside", "path", "spawn", "passenger",
                 "email", "_", "42", "語", "device", "locale", "client", "application");
    CAPTURE(key);
    CHECK_FALSE(looks_secret(key));
}

TEST_CASE("what stands under a secret-looking key is masked, whatever it is, and nothing else", "[admin]") {
    const auto [given, shown] = GENERATE(table<std::string, std::string>({
        {R"({})", R"({})"},
        {R"({"name":"bob","n":12345678901234567890,"f":1.0,"t":true,"z":null})",
         R"({"name":"bob","n":12345678901234567890,"f":1.0,"t":true,"z":null})"},
        {R"({"token":"s"})", R"({"token":"***"})"},
        {R"({"token":1})", R"({"token":"***"})"},
        {R"({"token":null})", R"({"token":"***"})"},
        {R"({"token":{"a":"s"}})", R"({"token":"***"})"},
        {R"({"token":["s",{"b":2}]})", R"({"token":"***"})"},
        {R"({"a":{"b":[1,{"access_token":"s","c":"d"}]}})", R"({"a":{"b":[1,{"access_token":"***","c":"d"}]}})"},
        {R"([{"pin":1},"token"])", R"([{"pin":"***"},"token"])"},
        {R"({"t\u006fken":"s","\u0050WD":"s"})", R"({"t\u006fken":"***","\u0050WD":"***"})"},
        {R"({"token":"s","token":"t"})", R"({"token":"***","token":"***"})"},
        {R"( { "a" : "b" , "Secret" : [ 1 ] } )", R"({"a":"b","Secret":"***"})"},
        {R"({"_placeholder":true,"num":0})", R"({"_placeholder":"***","num":0})"},
        {R"({"say":"{\"token\":\"x\"}"})", R"({"say":"{\"token\":\"x\"}"})"},
        {R"("text")", R"("text")"},
    }));
    CHECK(masked(given) == shown);
}

TEST_CASE("what is too large or too deep is not shown", "[admin]") {
    CHECK(masked("{\"a\":\"" + std::string(4000, 'x') + "\"}").size() > 4000);
    CHECK(masked("{\"a\":\"" + std::string(5000, 'x') + "\"}") == R"({"truncated":true})");
    const std::string deep = std::string(40, '[') + R"({"token":"s"})" + std::string(40, ']');
    CHECK(masked(deep) == std::string(32, '[') + R"("***")" + std::string(32, ']'));
}
