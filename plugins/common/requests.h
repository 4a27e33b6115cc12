// What the families' requests have in common, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace families {

// A request that is not served.
struct Refusal {
    std::string_view code;
    std::string_view message;
};

inline constexpr Refusal kNoUsername{"NO_USERNAME", "Set a username first, with system:setData"};
inline constexpr Refusal kTargetNotFound{"TARGET_NOT_FOUND", "User not found"};

constexpr Refusal invalid_format(std::string_view message) {
    return {"INVALID_FORMAT", message};
}

// An object, for an event with so many attachments: with some, an object may be what stands for one of them.
bool is_object(const wshub::json::View& value, std::size_t attachments);
// A text that is not empty.
bool is_filled(const wshub::json::View& text);
// One that can be somebody's name: also Unicode, or different names would fall together.
bool is_name(const wshub::json::View& text);
// An array of texts that are Unicode. Empty ones may be there: nobody has that name.
bool are_names(const wshub::json::View& array);
// Those of such an array, escapes resolved.
std::vector<std::string> names(const wshub::json::View& array);

}  // namespace families
