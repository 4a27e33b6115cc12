// Notifications, as the event contract has them. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/requests.h"

namespace notifications {

// `system:notification`; views into the request's text.
struct Notice {
    wshub::json::View type, content;
    bool to_followers = false;         // nobody was named: the list is missing
    std::vector<std::string> targets;  // may be empty, and name somebody twice
};
std::variant<Notice, families::Refusal> read_notice(const wshub::json::View& request, std::size_t attachments);

// What recipients get; other fields of the request are not passed on.
wshub::json::Raw delivery(const wshub::json::Raw& sender, const Notice& notice, std::string_view timestamp);
// `system:notificationSent`.
wshub::json::Raw sent(std::size_t recipients, std::string_view timestamp);

}  // namespace notifications
