// What clients may tell of themselves, and what they and others are told then, as the event contract has it. Knows no
// server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/fields.h"
#include "common/requests.h"

namespace users {

inline constexpr families::Refusal kTaken{"DUPLICATE_USERNAME", "Username already taken"};
inline constexpr families::Refusal kFixed{"FORBIDDEN", "The username was given by the server"};
inline constexpr families::Refusal kTooOften{"RATE_LIMIT", "The list was asked for too often"};
inline constexpr families::Refusal kTooLarge{"PAYLOAD_TOO_LARGE", "User data too large"};
inline constexpr families::Refusal kBadUsername = families::invalid_format(
    "A username is a text of 1 to 64 characters, without control characters and not only blanks");
inline constexpr families::Refusal kMayNotList{"FORBIDDEN", "Not allowed to list the clients"};

// `system:setData`; views into the request's text.
struct SetData {
    std::optional<std::string> username;  // what the hub thinks of it is for the hub to say
    wshub::json::View following;          // missing: not given
    wshub::json::View profile;            // the same
    std::vector<families::Field> custom;  // the others
};
// `has_username`: the session has one, so that none needs to be given. `attachments`: how many the event has.
std::variant<SetData, families::Refusal> read_set_data(const wshub::json::View& request, bool has_username,
                                                       std::size_t attachments);

// `system:dataSet`. Names first the three that the contract knows, then the others in the order sent.
wshub::json::Raw data_set(const SetData& data, std::string_view timestamp);
wshub::json::Raw data_not_set(std::string_view error, std::string_view timestamp);
// `system:followed`.
wshub::json::Raw followed(std::string_view username, std::string_view timestamp);

}  // namespace users
