// Who is an admin. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace admin {

inline constexpr std::string_view kRole = "admin";

enum class Access : std::uint8_t {
    token,     // who connects with auth {"token"} and knows it
    loopback,  // who connects from this machine
    open,      // everybody
};
std::optional<Access> read_access(std::string_view text);

// Takes as long for any token that was offered, but for its length. False if either is empty.
bool is_token(std::string_view offered, std::string_view token);

// Whether a connection comes from this machine and from nobody behind it. `remote` is the address; `headers` are those
// of its first request ("Name: value\r\n" for each): a proxy that passes on others, and a browser that shows a page of
// another machine, come from here too.
bool is_local(std::string_view remote, std::string_view headers);

// The roles (an array of texts) and kRole.
wshub::json::Raw with_role(const wshub::json::View& roles);

}  // namespace admin
