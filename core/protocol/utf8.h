// UTF-8 (RFC 3629), whole or in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wshub::protocol {

// No over-long forms, no encoded surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// The bytes that the character at the front takes: 1 to 4, or 0 if there is no whole one that is legal.
std::size_t utf8_length(const char* at, const char* end);

// Behind the characters of more than one byte that follow each other at the front; null if one of them is not legal.
const char* skip_wide(const char* at, const char* end);

// is_utf8() over a text that arrives in pieces (WebSocket fragments, RFC 6455 section 8.1): fails as early as it can be
// known.
class Utf8Checker {
public:
    // False as soon as what came so far cannot become UTF-8. Then only reset() makes sense.
    bool feed(std::string_view piece);
    // Nothing is left half done.
    bool at_boundary() const { return state_ == 0; }
    void reset() { state_ = 0; }

private:
    bool start(unsigned char lead);
    bool go_on(unsigned char byte);

    // Between characters 0; inside one the bytes still missing, and from the second byte up the least and the greatest
    // value that the next one may have.
    std::uint32_t state_ = 0;
};

}  // namespace wshub::protocol
