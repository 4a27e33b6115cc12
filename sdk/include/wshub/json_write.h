// Writing JSON text. Part of json.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "json_view.h"

namespace wshub::json {

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
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            ++p;
            continue;
        }
        const std::size_t length = detail::utf8_length(p, end);
        if (length > 0 && c >= 0x80) {
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
    // For so many bytes, if that is known.
    explicit Object(std::size_t size) {
        text_.reserve(size);
        text_ = '{';
    }

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

// About how long a value's text becomes.
template <class Value>
std::size_t expected_size(const Value& value) {
    constexpr std::size_t kSmall = 24;  // numbers and the like
    if constexpr (std::is_same<Value, Raw>::value) {
        return value.text.size() + 1;
    } else if constexpr (std::is_same<Value, View>::value) {
        return value.text().size() + 1;
    } else if constexpr (std::is_same<Value, std::string>::value || std::is_same<Value, std::string_view>::value) {
        return value.size() + 4;
    } else if constexpr (std::is_array<Value>::value) {
        return sizeof(Value) + 4;
    } else {
        return kSmall;
    }
}

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
    Object object((2 + ... + detail::expected_size(keys_and_values)));
    detail::add_all(object, keys_and_values...);
    return std::move(object).build();
}

// arr(1, "x", view)
template <class... Values>
Raw arr(const Values&... values) {
    Raw raw;
    raw.text.reserve((2 + ... + detail::expected_size(values)));
    raw.text = '[';
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
