// What messages say, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <string_view>

namespace messaging {

// What receivers get: {"from","data"}. The data is what the sender wrote, untouched; null if it wrote nothing.
wshub::json::Raw delivery(std::string_view sender_sid, const wshub::json::View& data);

// What senders are answered.
wshub::json::Raw received(std::string_view sender_sid);  // for `message`
wshub::json::Raw broadcasted();                          // for `broadcast`

}  // namespace messaging
