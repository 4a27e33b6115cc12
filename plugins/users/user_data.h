// What is kept of a user, and how it changes. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "requests.h"

namespace users {

// JSON texts, but for the name. Binary in the profile stands beside it; in custom fields, which no client gets, it is
// base64 text in its place.
struct UserData {
    std::string username;  // empty: none
    std::string following = "[]";
    std::string profile = "{}";
    std::vector<std::string> profile_attachments;  // its placeholders are numbered from 0
    std::string custom = "{}";
};

// The data with what was given; what was not given stays. Custom fields are merged one by one, and keep their places.
// Nothing if its size would be above `max_bytes`.
std::optional<UserData> merge(UserData data, const SetData& given, const std::vector<std::string_view>& attachments,
                              std::size_t max_bytes);

// The length of {"username":…,"following":…,"profile":…,<custom fields>} as it is kept, and of the profile's binary.
std::size_t size_of(const UserData& data);

// The names in `now` that are not in `before`, each once.
std::vector<std::string> newly_followed(const wshub::json::View& before, const wshub::json::View& now);

}  // namespace users
