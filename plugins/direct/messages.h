// Messages from one user to another, as the event contract has them. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <string_view>
#include <variant>

#include "common/fields.h"
#include "common/requests.h"

namespace direct {

// `system:direct`; views into the request's text.
struct Message {
    families::Fields fields;
    wshub::json::View target;
};
std::variant<Message, families::Refusal> read_message(const wshub::json::View& request, std::size_t attachments);

// What the recipient gets: the sender, the client's fields but `target`, the time.
wshub::json::Raw delivery(const wshub::json::Raw& sender, const Message& message, std::string_view timestamp);

// What the sender gets: `system:directSent`. The target is named as it was sent.
wshub::json::Raw sent(const Message& message, std::string_view timestamp);
wshub::json::Raw not_sent(const Message& message, std::string_view reason, std::string_view timestamp);

}  // namespace direct
