// JSON text as the operations answer it. Knows nothing of what it says.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "protocol/json_scan.h"
#include "protocol/utf8.h"

namespace wshub::control {

// Text that is JSON already.
struct Json {
    std::string text;
};

// Bytes of a client may be no UTF-8 (a header); what is none is shown as '?'.
inline void put(std::string& out, std::string_view text) {
    if (protocol::is_utf8(text)) return protocol::append_quoted(out, text);
    std::string safe(text);
    for (char& c : safe) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
    protocol::append_quoted(out, safe);
}
inline void put(std::string& out, const std::string& text) {
    put(out, std::string_view(text));
}
inline void put(std::string& out, const char* text) {
    put(out, std::string_view(text));
}
inline void put(std::string& out, const Json& json) {
    out += json.text;
}
inline void put(std::string& out, bool value) {
    out += value ? "true" : "false";
}
inline void put(std::string& out, std::nullptr_t) {
    out += "null";
}
template <std::integral Number>
requires(!std::same_as<Number, bool>) void put(std::string& out, Number value) {
    out += std::to_string(value);
}
inline void put(std::string& out, double value) {
    if (!std::isfinite(value)) return put(out, nullptr);
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, end.ptr);
}
inline void put(std::string& out, base::WallTime time) {
    put(out, base::iso8601_millis(time));
}
template <class Value>
void put(std::string& out, const std::optional<Value>& value) {
    value ? put(out, *value) : put(out, nullptr);
}

// {"name":value,...} from pairs of names and values.
class Object {
public:
    template <class Value>
    Object& add(std::string_view name, const Value& value) {
        text_ += text_.size() == 1 ? "" : ",";
        protocol::append_quoted(text_, name);
        text_ += ':';
        put(text_, value);
        return *this;
    }
    Json done() const { return {text_ + '}'}; }

private:
    std::string text_ = "{";
};

class Array {
public:
    template <class Value>
    Array& add(const Value& value) {
        text_ += text_.size() == 1 ? "" : ",";
        put(text_, value);
        return *this;
    }
    Json done() const { return {text_ + ']'}; }

private:
    std::string text_ = "[";
};

template <class List>
Json array_of(const List& list) {
    Array array;
    for (const auto& each : list) array.add(each);
    return array.done();
}

// Empty stands for null.
inline std::optional<std::string_view> or_null(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

}  // namespace wshub::control
