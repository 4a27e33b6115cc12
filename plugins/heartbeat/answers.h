// What is said about signs of life, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "uuid.h"

namespace heartbeat {

wshub::json::Raw pong(std::string_view sid);               // the acknowledgement of `ping`
wshub::json::Raw client_pong(std::string_view timestamp);  // ISO 8601, UTC

wshub::json::Raw heartbeat(const Uuid& id);
wshub::json::Raw warning(std::uint32_t missed, std::string_view timestamp);

// The id in the argument of `system:heartbeat-ack`; nothing if that has not the documented form.
std::optional<std::string> read_acknowledged(const wshub::json::View& argument);

}  // namespace heartbeat
