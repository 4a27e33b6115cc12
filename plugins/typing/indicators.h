// What typists ask for and their targets are told, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <string>
#include <string_view>
#include <variant>

#include "common/requests.h"

namespace typing {

// The username that `system:typingStart` and `system:typingStop` name.
std::variant<std::string, families::Refusal> read_target(const wshub::json::View& request);

// `system:typingUpdate`.
wshub::json::Raw update(const wshub::json::Raw& sender, bool is_typing, std::string_view timestamp);

}  // namespace typing
