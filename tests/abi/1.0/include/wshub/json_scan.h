// Walking over JSON text: where values end, what escapes mean, whether text is JSON at all. Part of json.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace wshub::json {

namespace detail {

inline bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

inline const char* skip_space(const char* p, const char* end) {
    while (p < end && is_space(*p)) ++p;
    return p;
}

// `p` at the opening quote of a valid string; one past the closing one.
inline const char* skip_string(const char* p, const char* end) {
    const char* const first = p + 1;
    for (++p; p < end;) {
        const char* quote = static_cast<const char*>(std::memchr(p, '"', static_cast<std::size_t>(end - p)));
        if (!quote) return end;
        const char* slash = quote;
        while (slash > first && slash[-1] == '\\') --slash;
        if ((quote - slash) % 2 == 0) return quote + 1;  // an odd number of backslashes escapes the quote
        p = quote + 1;
    }
    return end;
}

// `p` at a valid value; one past it.
inline const char* skip_value(const char* p, const char* end) {
    if (p >= end) return end;
    if (*p == '"') return skip_string(p, end);
    if (*p == '{' || *p == '[') {
        std::size_t depth = 0;
        while (p < end) {
            if (*p == '"') {
                p = skip_string(p, end);
                continue;
            }
            if (*p == '{' || *p == '[') ++depth;
            if ((*p == '}' || *p == ']') && --depth == 0) return p + 1;
            ++p;
        }
        return end;
    }
    while (p < end && *p != ',' && *p != ']' && *p != '}' && !is_space(*p)) ++p;
    return p;
}

inline int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Four hexadecimal digits, or -1.
inline int hex4(const char* p, const char* end) {
    if (end - p < 4) return -1;
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_digit(p[i]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

// One character of a string, UTF-8 in `bytes`.
struct Unit {
    char bytes[4];
    std::size_t size;
};

inline Unit encode_utf8(std::uint32_t code) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
    if (code < 0x80) return {{byte(code)}, 1};
    if (code < 0x800) return {{byte(0xC0 | code >> 6), byte(0x80 | (code & 63))}, 2};
    if (code < 0x10000) {
        return {{byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))}, 3};
    }
    return {{byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 63)), byte(0x80 | (code >> 6 & 63)),
             byte(0x80 | (code & 63))},
            4};
}

// Reads the escape at `p` (a backslash) and moves behind it. A surrogate without its other half becomes U+FFFD.
inline Unit read_escape(const char*& p, const char* end) {
    constexpr std::uint32_t kReplacement = 0xFFFD;
    const char kind = ++p < end ? *p++ : '\\';
    switch (kind) {
        case 'b': return {{'\b'}, 1};
        case 'f': return {{'\f'}, 1};
        case 'n': return {{'\n'}, 1};
        case 'r': return {{'\r'}, 1};
        case 't': return {{'\t'}, 1};
        case 'u': break;
        default: return {{kind}, 1};
    }
    const int first = hex4(p, end);
    if (first < 0) return encode_utf8(kReplacement);
    p += 4;
    const auto code = static_cast<std::uint32_t>(first);
    if (code < 0xD800 || code > 0xDFFF) return encode_utf8(code);
    const bool more = code < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u';
    const int second = more ? hex4(p + 2, end) : -1;
    if (second < 0xDC00 || second > 0xDFFF) return encode_utf8(kReplacement);
    p += 6;
    return encode_utf8(0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(second) - 0xDC00));
}

inline bool has_escape(std::string_view raw) {
    return !raw.empty() && std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

inline std::string unescape(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    const char* p = raw.data();
    const char* const end = p + raw.size();
    while (p < end) {
        if (*p != '\\') {
            out += *p++;
            continue;
        }
        const Unit unit = read_escape(p, end);
        out.append(unit.bytes, unit.size);
    }
    return out;
}

// Whether the inside of a JSON string, escapes resolved, is `text`.
inline bool equals(std::string_view raw, std::string_view text) {
    if (!has_escape(raw)) return raw == text;
    const char* p = raw.data();
    const char* const end = p + raw.size();
    while (p < end) {
        Unit unit{{*p}, 1};
        if (*p == '\\') {
            unit = read_escape(p, end);
        } else {
            ++p;
        }
        if (text.substr(0, unit.size) != std::string_view(unit.bytes, unit.size)) return false;
        text.remove_prefix(unit.size);
    }
    return text.empty();
}

// Whether the inside of a JSON string has a surrogate without its other half, which no UTF-8 can say.
inline bool has_lone_surrogate(std::string_view raw) {
    const char* p = raw.data();
    const char* const end = p + raw.size();
    const auto unit = [end](const char* at) { return end - at >= 6 && at[1] == 'u' ? hex4(at + 2, end) : 0; };
    while (p < end && (p = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p))))) {
        const int first = unit(p);
        if (first < 0xD800 || first > 0xDFFF) {
            p += 2;
            continue;
        }
        const int second = first < 0xDC00 && end - p >= 12 && p[6] == '\\' ? unit(p + 6) : 0;
        if (second < 0xDC00 || second > 0xDFFF) return true;
        p += 12;
    }
    return false;
}

// The length of the UTF-8 sequence at `p`; 0 if it is none (RFC 3629).
inline std::size_t utf8_length(const char* p, const char* end) {
    const auto at = [p](int i) { return static_cast<unsigned char>(p[i]); };
    const auto follows = [&](int i, unsigned low = 0x80, unsigned high = 0xBF) {
        return end - p > i && at(i) >= low && at(i) <= high;
    };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

// Checks one JSON text (RFC 8259) without recursion.
class Checker {
public:
    Checker(std::string_view text, std::size_t max_depth)
        : p_(text.data()), end_(text.data() + text.size()), max_depth_(max_depth) {}

    bool run() {
        bool value_expected = true;
        for (;;) {
            p_ = skip_space(p_, end_);
            if (value_expected) {
                bool opened = false;
                if (!value(opened)) return false;
                value_expected = opened;
                if (opened) continue;
            }
            if (!close_or_next(value_expected)) return false;
            if (nesting_.empty() && !value_expected) return skip_space(p_, end_) == end_;
        }
    }

private:
    // A value up to its end, or an array or object up to its first value.
    bool value(bool& opened) {
        if (p_ == end_) return false;
        switch (*p_) {
            case '"': return string();
            case 't': return word("true");
            case 'f': return word("false");
            case 'n': return word("null");
            case '[':
            case '{': return open(opened);
            default: return number();
        }
    }

    bool open(bool& opened) {
        if (nesting_.size() == max_depth_) return false;
        const char closing = *p_++ == '[' ? ']' : '}';
        p_ = skip_space(p_, end_);
        if (p_ < end_ && *p_ == closing) {
            ++p_;
            return true;
        }
        nesting_ += closing;
        opened = true;
        return closing == ']' || key();
    }

    // Behind a value: whatever closes, then the comma before the next value if there is one.
    bool close_or_next(bool& value_expected) {
        while (!nesting_.empty()) {
            p_ = skip_space(p_, end_);
            if (p_ == end_) return false;
            const char c = *p_++;
            if (c == ',') {
                value_expected = true;
                if (nesting_.back() == ']') return true;
                p_ = skip_space(p_, end_);
                return key();
            }
            if (c != nesting_.back()) return false;
            nesting_.pop_back();
        }
        value_expected = false;
        return true;
    }

    bool key() {
        if (p_ == end_ || *p_ != '"' || !string()) return false;
        p_ = skip_space(p_, end_);
        return p_ < end_ && *p_++ == ':';
    }

    bool string() {
        for (++p_; p_ < end_;) {
            const auto c = static_cast<unsigned char>(*p_);
            if (c == '"') {
                ++p_;
                return true;
            }
            if (c < 0x20) return false;
            if (c == '\\') {
                if (!escape()) return false;
                continue;
            }
            const std::size_t length = utf8_length(p_, end_);
            if (length == 0) return false;
            p_ += length;
        }
        return false;
    }

    bool escape() {
        if (++p_ == end_) return false;
        const char kind = *p_++;
        if (kind != 'u') return kind != '\0' && std::strchr("\"\\/bfnrt", kind) != nullptr;
        if (hex4(p_, end_) < 0) return false;
        p_ += 4;
        return true;
    }

    bool word(std::string_view text) {
        if (std::string_view(p_, static_cast<std::size_t>(end_ - p_)).substr(0, text.size()) != text) return false;
        p_ += text.size();
        return true;
    }

    bool digits() {
        const char* const first = p_;
        while (p_ < end_ && *p_ >= '0' && *p_ <= '9') ++p_;
        return p_ > first;
    }

    bool number() {
        if (*p_ == '-') ++p_;
        if (p_ < end_ && *p_ == '0') {
            ++p_;
        } else if (!digits()) {
            return false;
        }
        if (p_ < end_ && *p_ == '.') {
            ++p_;
            if (!digits()) return false;
        }
        if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
            ++p_;
            if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
            if (!digits()) return false;
        }
        return true;
    }

    const char* p_;
    const char* end_;
    std::size_t max_depth_;
    std::string nesting_;  // what closes the arrays and objects that are open
};

}  // namespace detail

}  // namespace wshub::json
