// What the program says of itself.
#pragma once

#include <string>
#include <string_view>

namespace wshub::server {

// Of a command ("check", "plugins info", "ctl", "ctl kick"); of the program if the topic is empty. Throws UsageError if
// there is no such command.
std::string help_text(std::string_view topic = {});

}  // namespace wshub::server
