#include "base/visible.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>

namespace wshub::base {

std::size_t character_length(std::string_view text) {
    const auto byte = [text](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : static_cast<unsigned char>(0);
    };
    const auto follows = [&byte](std::size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(at) >= low && byte(at) <= high;
    };
    const unsigned char first = byte(0);
    if (text.empty()) return 0;
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
        return second && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
        return second && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::optional<char32_t> unseen_code(std::string_view character) {
    const auto byte = [character](std::size_t at) {
        return static_cast<char32_t>(static_cast<unsigned char>(character[at]));
    };
    const auto among = [](char32_t code, char32_t first, char32_t last) { return code >= first && code <= last; };
    switch (character.size()) {
        case 1: {
            const char32_t code = byte(0);
            return code < 0x20 || code == 0x7f ? std::optional(code) : std::nullopt;
        }
        case 2: {
            const char32_t code = (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
            return code < 0xa0 ? std::optional(code) : std::nullopt;
        }
        case 3: {
            const char32_t code = (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
            return among(code, 0x2028, 0x202e) || among(code, 0x2066, 0x2069) ? std::optional(code) : std::nullopt;
        }
        default: return std::nullopt;
    }
}

std::string visible_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const std::size_t step = std::max<std::size_t>(character_length(json), 1);
        const auto code = unseen_code(json.substr(0, step));
        if (!code) {
            out += json.substr(0, step);
        } else if (*code < 0x20) {
            out += ' ';  // a blank between values: in strings they are escaped
        } else {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(*code));
        }
        json.remove_prefix(step);
    }
    return out;
}

}  // namespace wshub::base
