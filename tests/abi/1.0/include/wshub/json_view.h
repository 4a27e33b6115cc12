// Reading JSON where it stands in a text. Part of json.h.
#pragma once

#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "json_scan.h"

namespace wshub::json {

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
    // A string without surrogates that lack their other half: str() says all of it. Names should be such, or different
    // ones fall together.
    bool is_unicode() const { return is_string() && !detail::has_lone_surrogate(raw()); }
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

}  // namespace wshub::json
