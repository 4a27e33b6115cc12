// What admins are shown of what clients connected with: without secrets. Knows no server.
#pragma once

#include <wshub/json.h>

#include <string_view>

namespace admin {

// Whether the key of a value looks as if the value were a secret: `token`, `access_token`, `apiKey`, `X-PIN`.
bool looks_secret(std::string_view key);

// The value, with "***" in place of what stands under secret-looking keys at any depth. What is larger than 4 KB
// becomes
// {"truncated":true}, and what is nested deeper than 32 levels "***".
wshub::json::Raw mask_secrets(const wshub::json::View& value);

}  // namespace admin
