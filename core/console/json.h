// A look into JSON text that protocol::scan_document has accepted: nothing is parsed ahead, and numbers keep their
// digits. All views point into the text they were given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wshub::console {

// Of an array; empty for anything else.
std::vector<std::string_view> json_items(std::string_view array);
// Of an object, names unescaped, in their order; empty for anything else.
std::vector<std::pair<std::string, std::string_view>> json_members(std::string_view object);

// The member of that name, the last one if there are several, as in JavaScript. Nothing if there is none.
std::optional<std::string_view> json_member(std::string_view object, std::string_view name);
// The same if it is a string (unescaped), or a number that is one.
std::optional<std::string> json_text(std::string_view object, std::string_view name);
std::optional<double> json_number(std::string_view object, std::string_view name);

// Whether `actual` has all that `pattern` asks for: of objects the members that the pattern names, whatever else there
// is; of arrays as many items, each of which contains its counterpart; strings by their characters, numbers by their
// value.
bool json_contains(std::string_view actual, std::string_view pattern);

// The values behind each other as one array: `1 {"a":2} "x"` becomes `[1,{"a":2},"x"]`. Blanks may stand between them.
// `behind`: where the first thing stands that is no value, or the text ends.
std::string json_array_of(std::string_view values, std::size_t& behind);

}  // namespace wshub::console
