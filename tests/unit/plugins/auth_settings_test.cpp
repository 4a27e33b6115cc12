#include <auth/settings.h>

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using namespace auth;

TEST_CASE("settings of auth that make no sense say what would", "[auth]") {
    struct Row {
        std::function<void(Settings&)> set;
        std::string problem;
    };
    const Row rows[] = {
        {[](Settings&) {}, ""},
        {[](Settings& s) { s.mode = "Token"; },
         "[plugin.auth] mode = \"Token\": expected one of none, token, jwt, webhook"},
        {[](Settings& s) { s.mode = "token"; }, "[plugin.auth] mode = token needs tokens, or a tokens_file"},
        {[](Settings& s) { s.mode = "token", s.tokens = "x"; }, ""},
        {[](Settings& s) { s.mode = "token", s.tokens_file = "/x"; }, ""},
        {[](Settings& s) { s.mode = "jwt"; },
         "[plugin.auth] mode = jwt needs either secret (for HS256) or keys_file (public keys in PEM, or a JWKS)"},
        {[](Settings& s) { s.mode = "jwt", s.secret = "x", s.keys_file = "/x"; },
         "[plugin.auth] mode = jwt needs either secret (for HS256) or keys_file (public keys in PEM, or a JWKS)"},
        {[](Settings& s) { s.mode = "webhook"; },
         "[plugin.auth] mode = webhook needs webhook_url, such as https://backend.example/auth"},
        {[](Settings& s) { s.mode = "webhook", s.webhook.url = "x"; },
         "[plugin.auth] webhook_url: expected a URL such as https://backend.example/auth"},
        {[](Settings& s) { s.mode = "webhook", s.webhook.url = "http://x/"; }, ""},
        {[](Settings& s) { s.mode = "webhook", s.webhook.url = "http://x/", s.webhook_on_failure = "allow"; },
         "[plugin.auth] webhook_on_failure = \"allow\": expected one of refuse, accept"},
    };
    for (const Row& row : rows) {
        Settings settings;
        row.set(settings);
        CHECK(problem_of(settings) == row.problem);
    }
}
