// What [plugin.auth] says, and whether it makes sense.
#pragma once

#include <string>
#include <vector>

#include "jwt.h"
#include "webhook.h"

namespace auth {

struct Settings {
    std::string mode = "none";  // or token, jwt, webhook
    std::string header;         // lower case; empty: none

    std::string tokens, tokens_file;

    std::string secret, keys_file;
    JwtRules rules;
    std::chrono::milliseconds warn_before{60'000};

    WebhookSettings webhook;
    std::vector<std::string> webhook_headers;   // lower case
    std::string webhook_on_failure = "refuse";  // or accept
};

// What is wrong for an operator: section, key, what was read unless it is a secret, and what would do. Empty: nothing.
// Files are not looked into.
std::string problem_of(const Settings& settings);

}  // namespace auth
