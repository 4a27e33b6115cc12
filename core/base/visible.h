// Which characters of others do something, rather than being seen, on a terminal or in a log. Knows nothing of either.
// Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wshub::base {

// Bytes of the UTF-8 character at the front (RFC 3629, section 4), 0 if there is none.
std::size_t character_length(std::string_view text);

// The code of a whole character that would control a terminal (C0, DEL and C1, of which U+009B alone begins a command),
// end the line for some readers (U+2028, U+2029), or turn round what stands behind it (the overrides, embeddings and
// isolates of bidirectional text; the mere marks of direction reach no further than their word and may stay). Nothing
// for all others.
std::optional<char32_t> unseen_code(std::string_view character);

// JSON text that says the same with those as \u009b and the like. What stands between values may be on several lines
// before and is on one then.
std::string visible_json(std::string_view json);

}  // namespace wshub::base
