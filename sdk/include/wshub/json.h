// JSON for plugins: views that read values where they stand in a text, without building anything, and builders that
// write text. What is only passed along travels as its raw text and arrives as it was sent.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

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

enum class Type { missing, null, boolean, number, string, array, object };

inline constexpr std::size_t kMaxDepth = 128;

// One JSON value in a text that somebody else keeps. A member that is not there gives a missing View, so that chains
// like event[0]["room"].str() are safe. Looking up a member reads the object from its start: keep the View of what is
// read more than once.
class View {
public:
    View() = default;
    // `text` must be valid JSON, as everything is that the host hands over.
    explicit View(std::string_view text) {
        const char* const end = text.data() + text.size();
        begin_ = detail::skip_space(text.data(), end);
        end_ = detail::skip_value(begin_, end);
    }
    // For text of any other origin: nothing if it is not one valid JSON value, or nested deeper than `max_depth`.
    static std::optional<View> parse(std::string_view text, std::size_t max_depth = kMaxDepth) {
        if (!detail::Checker(text, max_depth).run()) return std::nullopt;
        return View(text);
    }

    Type type() const {
        if (begin_ == end_) return Type::missing;
        switch (*begin_) {
            case '{': return Type::object;
            case '[': return Type::array;
            case '"': return Type::string;
            case 't':
            case 'f': return Type::boolean;
            case 'n': return Type::null;
            default: return Type::number;
        }
    }
    // There, and not null.
    explicit operator bool() const { return type() != Type::missing && type() != Type::null; }
    bool is_missing() const { return type() == Type::missing; }
    bool is_null() const { return type() == Type::null; }
    bool is_boolean() const { return type() == Type::boolean; }
    bool is_number() const { return type() == Type::number; }
    bool is_string() const { return type() == Type::string; }
    bool is_array() const { return type() == Type::array; }
    bool is_object() const { return type() == Type::object; }

    // The value as it stands in the text; "null" if missing.
    std::string_view text() const {
        return begin_ == end_ ? std::string_view("null") : std::string_view(begin_, length());
    }

    // A string with its escapes resolved; a surrogate without its other half becomes U+FFFD, so forward text() instead.
    std::string str(std::string_view otherwise = {}) const {
        if (!is_string()) return std::string(otherwise);
        return detail::has_escape(raw()) ? detail::unescape(raw()) : std::string(raw());
    }
    // The inside of a string as it stands, escapes not resolved; empty for anything else.
    std::string_view raw() const {
        return is_string() ? std::string_view(begin_ + 1, length() - 2) : std::string_view();
    }
    // A string that says this.
    bool equals(std::string_view other) const { return is_string() && detail::equals(raw(), other); }

    // A number without its fraction; `otherwise` if it does not fit or is no number.
    std::int64_t num(std::int64_t otherwise = 0) const {
        if (!is_number()) return otherwise;
        if (const auto whole = integer()) return *whole;
        constexpr double kLimit = 9223372036854775808.0;  // 2^63
        const double value = std::trunc(real());
        return value >= -kLimit && value < kLimit ? static_cast<std::int64_t>(value) : otherwise;
    }
    double real(double otherwise = 0) const {
        return is_number() ? std::strtod(std::string(text()).c_str(), nullptr) : otherwise;
    }
    bool boolean(bool otherwise = false) const { return is_boolean() ? *begin_ == 't' : otherwise; }

    // Of several members of that name the last one counts, as for JSON.parse.
    View operator[](std::string_view key) const {
        View found;
        if (!is_object()) return found;
        each([&](std::string_view raw_key, View value) {
            if (detail::equals(raw_key, key)) found = value;
            return true;
        });
        return found;
    }
    View operator[](const char* key) const { return (*this)[std::string_view(key)]; }
    template <class Index,
              std::enable_if_t<std::is_integral<Index>::value && !std::is_same<Index, bool>::value, int> = 0>
    View operator[](Index index) const {
        View found;
        if (!is_array()) return found;
        Index at = 0;
        each([&](std::string_view, View value) {
            if (at++ != index) return true;
            found = value;
            return false;
        });
        return found;
    }
    // Elements of an array, members of an object; 0 for anything else.
    std::size_t size() const {
        std::size_t count = 0;
        each([&count](std::string_view, View) { return ++count != 0; });
        return count;
    }
    // Calls visit(key, value) for each element or member until it returns false. The key is as it stands in the text
    // (see key_text()); empty for arrays.
    template <class Visit>
    void each(Visit&& visit) const {
        if (!is_object() && !is_array()) return;
        const bool object = is_object();
        const char* p = detail::skip_space(begin_ + 1, end_);
        while (p < end_ && *p != '}' && *p != ']') {
            std::string_view key;
            if (object) {
                const char* const key_end = detail::skip_string(p, end_);
                key = std::string_view(p + 1, static_cast<std::size_t>(key_end - p) - 2);
                p = detail::skip_space(key_end, end_);
                p = detail::skip_space(p < end_ ? p + 1 : p, end_);  // the colon
            }
            View value;
            value.begin_ = p;
            value.end_ = p = detail::skip_value(p, end_);
            if (!visit(key, value)) return;
            p = detail::skip_space(p, end_);
            if (p < end_ && *p == ',') p = detail::skip_space(p + 1, end_);
        }
    }

private:
    std::size_t length() const { return static_cast<std::size_t>(end_ - begin_); }

    // Digits alone that fit.
    std::optional<std::int64_t> integer() const {
        constexpr std::size_t kSafeDigits = 18;
        const bool negative = *begin_ == '-';
        const std::string_view digits = text().substr(negative ? 1 : 0);
        if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
        if (digits.size() > kSafeDigits) return long_integer();
        std::int64_t value = 0;
        for (const char digit : digits) value = value * 10 + (digit - '0');
        return negative ? -value : value;
    }
    std::optional<std::int64_t> long_integer() const {
        errno = 0;
        const long long value = std::strtoll(std::string(text()).c_str(), nullptr, 10);
        return errno == 0 ? std::optional<std::int64_t>(value) : std::nullopt;
    }

    const char* begin_ = nullptr;
    const char* end_ = nullptr;
};

// A key as View::each() gives it, escapes resolved.
inline std::string key_text(std::string_view raw_key) {
    return detail::unescape(raw_key);
}

// ---- writing ----

// JSON text: what the builders make, and what they take over as it stands.
struct Raw {
    std::string text;
};

// put(out, value) appends a value as JSON. Overload it for types of your own, in their namespace.
// Bytes that are not UTF-8 become U+FFFD.
inline void put(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    const char* p = text.data();
    const char* const end = p + text.size();
    const char* run = p;
    const auto flush_run = [&] { out.append(run, static_cast<std::size_t>(p - run)); };
    while (p < end) {
        const auto c = static_cast<unsigned char>(*p);
        const std::size_t length = detail::utf8_length(p, end);
        if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
            p += length;
            continue;
        }
        flush_run();
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (length == 0) {
                    out += "\xEF\xBF\xBD";
                } else {
                    out += "\\u00";
                    out += kHex[c >> 4];
                    out += kHex[c & 15];
                }
        }
        run = ++p;
    }
    flush_run();
    out += '"';
}
inline void put(std::string& out, const std::string& text) {
    put(out, std::string_view(text));
}
inline void put(std::string& out, const char* text) {
    put(out, std::string_view(text));
}
inline void put(std::string& out, const Raw& raw) {
    out += raw.text;
}
inline void put(std::string& out, const View& view) {
    out += view.text();
}
inline void put(std::string& out, bool value) {
    out += value ? "true" : "false";
}
inline void put(std::string& out, std::nullptr_t) {
    out += "null";
}
// By hand: std::to_string allocates, and std::to_chars brings a symbol that keeps a plugin from being unloaded.
template <class Int, std::enable_if_t<std::is_integral<Int>::value && !std::is_same<Int, bool>::value, int> = 0>
void put(std::string& out, Int value) {
    char buffer[20];
    char* const end = buffer + sizeof buffer;
    char* p = end;
    const bool negative = value < Int(0);
    auto rest = static_cast<std::uint64_t>(value);
    if (negative) rest = std::uint64_t(0) - rest;
    do {
        *--p = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (negative) *--p = '-';
    out.append(p, static_cast<std::size_t>(end - p));
}
// The shortest text that reads back as the same number; null for what JSON cannot say.
inline void put(std::string& out, double value) {
    if (!std::isfinite(value)) return put(out, nullptr);
    char buffer[32];
    for (int precision = 15; precision <= 17; ++precision) {
        std::snprintf(buffer, sizeof buffer, "%.*g", precision, value);
        if (std::strtod(buffer, nullptr) == value) break;
    }
    out += buffer;
}
template <class Value>
void put(std::string& out, const std::optional<Value>& value);
// Anything that can be walked through becomes an array.
template <class Range, class = decltype(std::declval<const Range&>().begin()),
          std::enable_if_t<!std::is_convertible<const Range&, std::string_view>::value, int> = 0>
void put(std::string& out, const Range& range) {
    out += '[';
    bool first = true;
    for (const auto& item : range) {
        if (!first) out += ',';
        first = false;
        put(out, item);
    }
    out += ']';
}

template <class Value>
void put(std::string& out, const std::optional<Value>& value) {
    if (value) {
        put(out, *value);
    } else {
        put(out, nullptr);
    }
}
// The place of an attachment: the i-th that goes out with the event.
inline Raw bin(std::size_t i) {
    Raw raw{R"({"_placeholder":true,"num":)"};
    put(raw.text, i);
    raw.text += '}';
    return raw;
}

// Builds an object member by member.
class Object {
public:
    Object() : text_("{") {}

    template <class Value>
    Object& add(std::string_view key, const Value& value) {
        comma();
        put(text_, key);
        text_ += ':';
        put(text_, value);
        return *this;
    }
    // The members of `object` in their order and as they stand, but for those named in `without`.
    Object& add_members(const View& object, std::initializer_list<std::string_view> without = {}) {
        if (!object.is_object()) return *this;
        object.each([&](std::string_view raw_key, View value) {
            const auto dropped = [raw_key](std::string_view name) { return detail::equals(raw_key, name); };
            if (std::none_of(without.begin(), without.end(), dropped)) add_raw(raw_key, value);
            return true;
        });
        return *this;
    }
    // A member whose key stands as View::each() gave it.
    Object& add_raw(std::string_view raw_key, const View& value) {
        comma();
        text_ += '"';
        text_ += raw_key;
        text_ += "\":";
        text_ += value.text();
        return *this;
    }

    Raw build() && {
        text_ += '}';
        return Raw{std::move(text_)};
    }
    Raw build() const& { return Raw{text_ + '}'}; }

private:
    void comma() {
        if (text_.size() > 1) text_ += ',';
    }
    std::string text_;
};

namespace detail {

inline void add_all(Object&) {}
template <class Value, class... Rest>
void add_all(Object& object, std::string_view key, const Value& value, const Rest&... rest) {
    object.add(key, value);
    add_all(object, rest...);
}

template <class Value>
void put_next(std::string& out, const Value& value) {
    if (out.size() > 1) out += ',';
    put(out, value);
}

// What takes the place of a member.
struct Replacement {
    std::string_view key;
    std::string json;
    bool placed = false;
};

inline Replacement* collect(Replacement* out) {
    return out;
}
template <class Value, class... Rest>
Replacement* collect(Replacement* out, std::string_view key, const Value& value, const Rest&... rest) {
    out->key = key;
    put(out->json, value);
    return collect(out + 1, rest...);
}

}  // namespace detail

// obj("ok", true, "count", 3)
template <class... KeysAndValues>
Raw obj(const KeysAndValues&... keys_and_values) {
    static_assert(sizeof...(KeysAndValues) % 2 == 0, "a key for each value");
    Object object;
    detail::add_all(object, keys_and_values...);
    return std::move(object).build();
}

// arr(1, "x", view)
template <class... Values>
Raw arr(const Values&... values) {
    Raw raw{"["};
    (detail::put_next(raw.text, values), ...);
    raw.text += ']';
    return raw;
}

// The object without the members named.
inline Raw without(const View& object, std::initializer_list<std::string_view> keys) {
    return std::move(Object().add_members(object, keys)).build();
}

// with(object, "sender", sender, "timestamp", now): the object with these members set. One that is there keeps its
// place (its first, if the text names it more than once) and gets the new value; one that is not comes at the end.
template <class... KeysAndValues>
Raw with(const View& object, const KeysAndValues&... keys_and_values) {
    static_assert(sizeof...(KeysAndValues) % 2 == 0, "a key for each value");
    constexpr std::size_t kCount = sizeof...(KeysAndValues) / 2;
    detail::Replacement members[kCount + 1];
    detail::Replacement* const end = detail::collect(members, keys_and_values...);
    Object out;
    const auto place = [&out](detail::Replacement& member) {
        if (!member.placed) out.add(member.key, Raw{member.json});
        member.placed = true;
    };
    if (object.is_object()) {
        object.each([&](std::string_view raw_key, View value) {
            const auto same = [raw_key](const detail::Replacement& it) { return detail::equals(raw_key, it.key); };
            detail::Replacement* const member = std::find_if(members, end, same);
            if (member == end) {
                out.add_raw(raw_key, value);
            } else {
                place(*member);
            }
            return true;
        });
    }
    std::for_each(members, end, place);
    return std::move(out).build();
}

}  // namespace wshub::json
