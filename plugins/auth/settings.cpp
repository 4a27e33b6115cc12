#include "settings.h"

#include <string_view>

namespace auth {

namespace {

std::string problem(std::string_view key, std::string_view value, std::string_view expected) {
    return "[plugin.auth] " + std::string(key) + " = \"" + std::string(value) + "\": " + std::string(expected);
}

std::string problem_of_token_mode(const Settings& settings) {
    if (settings.tokens.empty() && settings.tokens_file.empty()) {
        return "[plugin.auth] mode = token needs tokens, or a tokens_file";
    }
    return {};
}

std::string problem_of_jwt_mode(const Settings& settings) {
    if (settings.secret.empty() == settings.keys_file.empty()) {
        return "[plugin.auth] mode = jwt needs either secret (for HS256) or keys_file (public keys in PEM, or a JWKS)";
    }
    return {};
}

std::string problem_of_webhook_mode(const Settings& settings) {
    const WebhookSettings& webhook = settings.webhook;
    if (webhook.url.empty())
        return "[plugin.auth] mode = webhook needs webhook_url, such as https://backend.example/auth";
    // What is wrong with it may be a password in it.
    const std::string wrong = problem_of_url(webhook.url);
    if (!wrong.empty()) return "[plugin.auth] webhook_url: " + wrong;
    if (settings.webhook_on_failure != "refuse" && settings.webhook_on_failure != "accept") {
        return problem("webhook_on_failure", settings.webhook_on_failure, "expected one of refuse, accept");
    }
    return {};
}

}  // namespace

std::string problem_of(const Settings& settings) {
    if (settings.mode == "none") return {};
    if (settings.mode == "token") return problem_of_token_mode(settings);
    if (settings.mode == "jwt") return problem_of_jwt_mode(settings);
    if (settings.mode == "webhook") return problem_of_webhook_mode(settings);
    return problem("mode", settings.mode, "expected one of none, token, jwt, webhook");
}

}  // namespace auth
