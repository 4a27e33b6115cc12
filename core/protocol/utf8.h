// UTF-8 (RFC 3629), whole or in pieces.
#pragma once

#include <cstdint>
#include <string_view>

namespace wshub::protocol {

// No over-long forms, no encoded surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// The same over a text that arrives in pieces (WebSocket fragments, RFC 6455 section 8.1): fails as early as it can be
// known.
class Utf8Checker {
public:
    // False as soon as what came so far cannot become UTF-8. Then only reset() makes sense.
    bool feed(std::string_view piece);
    // Nothing is left half done.
    bool at_boundary() const { return state_ == 0; }
    void reset() { state_ = 0; }

private:
    std::uint32_t state_ = 0;
};

}  // namespace wshub::protocol
