// Checks JSON text (RFC 8259) in one pass, without building anything and without recursion. Payloads travel as the text
// that the client sent; this is what makes that safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wshub::protocol {

enum class JsonError : std::uint8_t {
    kSyntax,    // not RFC 8259, or bytes after the value
    kEncoding,  // not UTF-8 (RFC 3629): over-long forms, encoded surrogates, above U+10FFFF
    kTooDeep,   // more than max_depth arrays and objects inside each other
};

inline constexpr std::size_t kDefaultJsonDepth = 128;
// What max_depth can be at most; a greater one counts as this.
inline constexpr std::size_t kMaxJsonDepth = 1024;

// The length of the value that `text` begins with (no white space before it). Numbers of any length and escaped lone
// surrogates are legal. `text` may go on behind the value.
base::Result<std::size_t, JsonError> scan_value(std::string_view text, std::size_t max_depth = kDefaultJsonDepth);

// The whole of `text` is one value, white space around it allowed. `out`: the value without that white space.
base::Result<std::string_view, JsonError> scan_document(std::string_view text,
                                                        std::size_t max_depth = kDefaultJsonDepth);

// The text of a JSON string without its quotes, escapes resolved; a lone surrogate becomes U+FFFD. `quoted` must have
// been scanned, and has its quotes.
std::string unescape_string(std::string_view quoted);

// Appends `text` (UTF-8) as a JSON string with quotes, escaped no further than it must be.
void append_quoted(std::string& out, std::string_view text);

}  // namespace wshub::protocol
