#include "protocol/json_scan.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>

#include "base/ascii.h"
#include "protocol/plain_run.h"
#include "protocol/utf8.h"

namespace wshub::protocol {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

const char* skip_blanks(const char* at, const char* end) {
    while (at != end && is_blank(*at)) ++at;
    return at;
}

// Walks over one value. Which containers are open is one bit each, so that depth costs no stack.
class Scanner {
public:
    Scanner(const char* end, std::size_t max_depth) : end_(end), max_depth_(std::min(max_depth, kMaxJsonDepth)) {}

    // The end of the value at `at`, or null; then error() says why.
    const char* value(const char* at);
    JsonError error() const { return error_; }

private:
    // Each takes the place where its part begins and gives back the one behind it, or null.
    const char* string(const char* at);
    const char* escape(const char* at);
    const char* number(const char* at);
    const char* digits(const char* at);
    const char* literal(const char* at, std::string_view word);
    const char* key(const char* at);
    const char* fail(JsonError error) {
        error_ = error;
        return nullptr;
    }

    bool open(bool object) {
        if (depth_ == max_depth_) return false;
        const std::uint64_t bit = std::uint64_t{1} << depth_ % 64;
        std::uint64_t& word = objects_[depth_ / 64];
        word = object ? word | bit : word & ~bit;
        ++depth_;
        return true;
    }
    bool in_object() const { return (objects_[(depth_ - 1) / 64] >> (depth_ - 1) % 64 & 1) != 0; }

    const char* const end_;
    const std::size_t max_depth_;
    std::size_t depth_ = 0;
    JsonError error_ = JsonError::kSyntax;
    std::array<std::uint64_t, kMaxJsonDepth / 64> objects_;  // a bit is set by open() before it is read
};

const char* Scanner::value(const char* at) {
    for (;;) {
        // A value begins at `at`.
        if (at == end_) return fail(JsonError::kSyntax);
        switch (*at) {
            case '"': at = string(at); break;
            case 't': at = literal(at, "true"); break;
            case 'f': at = literal(at, "false"); break;
            case 'n': at = literal(at, "null"); break;
            case '[':
                if (!open(false)) return fail(JsonError::kTooDeep);
                at = skip_blanks(at + 1, end_);
                if (at == end_) return fail(JsonError::kSyntax);
                if (*at != ']') continue;
                --depth_;
                ++at;
                break;
            case '{':
                if (!open(true)) return fail(JsonError::kTooDeep);
                at = skip_blanks(at + 1, end_);
                if (at == end_) return fail(JsonError::kSyntax);
                if (*at != '}') {
                    at = key(at);
                    if (!at) return nullptr;
                    continue;
                }
                --depth_;
                ++at;
                break;
            default: at = number(at); break;
        }
        if (!at) return nullptr;

        // A value has ended at `at`: leave the containers that end with it, and go on behind the comma.
        for (;;) {
            if (depth_ == 0) return at;
            at = skip_blanks(at, end_);
            if (at == end_) return fail(JsonError::kSyntax);
            const char next = *at++;
            const bool object = in_object();
            if (next == ',') {
                at = skip_blanks(at, end_);
                if (!object) break;
                at = key(at);
                if (!at) return nullptr;
                break;
            }
            if (next != (object ? '}' : ']')) return fail(JsonError::kSyntax);
            --depth_;
        }
    }
}

// A member's name and colon, up to its value.
const char* Scanner::key(const char* at) {
    if (at == end_ || *at != '"') return fail(JsonError::kSyntax);
    at = string(at);
    if (!at) return nullptr;
    at = skip_blanks(at, end_);
    if (at == end_ || *at != ':') return fail(JsonError::kSyntax);
    return skip_blanks(at + 1, end_);
}

inline const char* Scanner::string(const char* at) {
    ++at;
    for (;;) {
        at = skip_plain(at, end_);
        if (at == end_) return fail(JsonError::kSyntax);
        if (*at == '"') return at + 1;
        if (*at == '\\') {
            at = escape(at);
            if (!at) return nullptr;
            continue;
        }
        if (static_cast<unsigned char>(*at) < 0x20) return fail(JsonError::kSyntax);
        at = skip_wide(at, end_);
        if (!at) return fail(JsonError::kEncoding);
    }
}

const char* Scanner::escape(const char* at) {
    if (end_ - at < 2) return fail(JsonError::kSyntax);
    switch (at[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't': return at + 2;
        case 'u': break;
        default: return fail(JsonError::kSyntax);
    }
    constexpr std::ptrdiff_t kLength = 6;
    if (end_ - at < kLength) return fail(JsonError::kSyntax);
    for (std::ptrdiff_t i = 2; i < kLength; ++i) {
        if (base::hex_value(at[i]) < 0) return fail(JsonError::kSyntax);
    }
    return at + kLength;
}

const char* Scanner::number(const char* at) {
    if (*at == '-') ++at;
    if (at != end_ && *at == '0') {
        ++at;
    } else {
        at = digits(at);
        if (!at) return nullptr;
    }
    if (at != end_ && *at == '.') {
        at = digits(at + 1);
        if (!at) return nullptr;
    }
    if (at != end_ && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at != end_ && (*at == '+' || *at == '-')) ++at;
        at = digits(at);
    }
    return at;
}

// At least one.
const char* Scanner::digits(const char* at) {
    if (at == end_ || !is_digit(*at)) return fail(JsonError::kSyntax);
    do ++at;
    while (at != end_ && is_digit(*at));
    return at;
}

const char* Scanner::literal(const char* at, std::string_view word) {
    if (static_cast<std::size_t>(end_ - at) < word.size()) return fail(JsonError::kSyntax);
    if (std::memcmp(at, word.data(), word.size()) != 0) return fail(JsonError::kSyntax);
    return at + word.size();
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0 | point >> 6);
        put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        put(0xe0 | point >> 12);
        put(0x80 | (point >> 6 & 0x3f));
        put(0x80 | (point & 0x3f));
    } else {
        put(0xf0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3f));
        put(0x80 | (point >> 6 & 0x3f));
        put(0x80 | (point & 0x3f));
    }
}

// The value of \uXXXX at the front of `text`, or nothing if something else stands there.
std::optional<std::uint32_t> unit_escape(std::string_view text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
    std::uint32_t unit = 0;
    for (const char c : text.substr(2, 4)) unit = unit << 4 | static_cast<std::uint32_t>(base::hex_value(c));
    return unit;
}

// Appends what the \u escape at the front means and gives back its length: two escapes for a pair of surrogates.
std::size_t append_unit(std::string& out, std::string_view text) {
    constexpr std::uint32_t kReplacement = 0xfffd;
    const std::uint32_t unit = unit_escape(text).value_or(kReplacement);
    if (unit < 0xd800 || unit > 0xdfff) {
        append_utf8(out, unit);
        return 6;
    }
    const auto second = unit <= 0xdbff ? unit_escape(text.substr(6)) : std::nullopt;
    if (second && *second >= 0xdc00 && *second <= 0xdfff) {
        append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (*second - 0xdc00));
        return 12;
    }
    append_utf8(out, kReplacement);
    return 6;
}

char short_escape(char c) {
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;
    }
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '\\';
    switch (c) {
        case '"':
        case '\\': out += c; return;
        case '\b': out += 'b'; return;
        case '\f': out += 'f'; return;
        case '\n': out += 'n'; return;
        case '\r': out += 'r'; return;
        case '\t': out += 't'; return;
        default: break;
    }
    out += "u00";
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
}

}  // namespace

base::Result<std::size_t, JsonError> scan_value(std::string_view text, std::size_t max_depth) {
    Scanner scanner(text.data() + text.size(), max_depth);
    const char* const end = scanner.value(text.data());
    if (!end) return base::Failure<JsonError>(scanner.error());
    return static_cast<std::size_t>(end - text.data());
}

base::Result<std::string_view, JsonError> scan_document(std::string_view text, std::size_t max_depth) {
    const char* const end = text.data() + text.size();
    const char* const begin = skip_blanks(text.data(), end);
    Scanner scanner(end, max_depth);
    const char* const behind = scanner.value(begin);
    if (!behind) return base::Failure<JsonError>(scanner.error());
    if (skip_blanks(behind, end) != end) return base::Failure<JsonError>(JsonError::kSyntax);
    return std::string_view(begin, static_cast<std::size_t>(behind - begin));
}

std::string unescape_string(std::string_view quoted) {
    assert(quoted.size() >= 2 && quoted.front() == '"' && quoted.back() == '"');
    std::string_view rest = quoted.substr(1, quoted.size() - 2);
    std::string out;
    out.reserve(rest.size());
    for (;;) {
        const std::size_t run = rest.find('\\');
        out += rest.substr(0, run);
        if (run == std::string_view::npos) return out;
        rest.remove_prefix(run);
        if (rest[1] == 'u') {
            rest.remove_prefix(append_unit(out, rest));
        } else {
            out += short_escape(rest[1]);
            rest.remove_prefix(2);
        }
    }
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const char* const run = at;
        at = skip_plain(at, end);
        while (at != end && static_cast<unsigned char>(*at) >= 0x80) ++at;
        out.append(run, at);
        // Behind a longer character more plain text may follow: then the next turn takes it.
        if (at != end && (static_cast<unsigned char>(*at) < 0x20 || *at == '"' || *at == '\\'))
            append_escaped(out, *at++);
    }
    out += '"';
}

}  // namespace wshub::protocol
