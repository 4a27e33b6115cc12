// Which texts are usernames, and when two of them are the same name. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wshub::hub {

inline constexpr std::size_t kMaxUsernameLength = 64;  // code points

// What names are compared by: the text in Normalization Form C (UAX #15), so that é is the same name however it was
// typed. Nothing if the text is no name: not UTF-8, not 1 to 64 code points, with control characters or line
// separators, or with nothing to be seen (white space, characters of no width).
std::optional<std::string> username_key(std::string_view name);

}  // namespace wshub::hub
