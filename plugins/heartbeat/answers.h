// What clients that ask for a sign of life are told, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <string_view>

namespace heartbeat {

wshub::json::Raw pong(std::string_view sid);               // the acknowledgement of `ping`
wshub::json::Raw client_pong(std::string_view timestamp);  // ISO 8601, UTC

}  // namespace heartbeat
