// What messages say, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <string_view>
#include <variant>

#include "common/fields.h"
#include "common/requests.h"

namespace messaging {

// What receivers get: {"from","data"}. The data is what the sender wrote, untouched; null if it wrote nothing.
wshub::json::Raw delivery(std::string_view sender_sid, const wshub::json::View& data);

// What senders are answered.
wshub::json::Raw received(std::string_view sender_sid);  // for `message`
wshub::json::Raw broadcasted();                          // for `broadcast`

// `system:general`; views into the request's text.
struct General {
    wshub::json::View original;
    families::Fields fields;
};
std::variant<General, families::Refusal> read_general(const wshub::json::View& request, std::size_t attachments);

// What the others get: the sender, the client's fields, the time, the mark of a broadcast.
wshub::json::Raw general_delivery(const wshub::json::Raw& sender, const General& message, std::string_view timestamp);
// `system:generalSent`, with the message as it was sent.
wshub::json::Raw general_sent(const General& message, std::string_view timestamp);

}  // namespace messaging
