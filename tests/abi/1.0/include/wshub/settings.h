// Settings of a plugin as C++ types: see Plugin::config(). Part of plugin.h.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "session.h"

namespace wshub {

using Millis = std::chrono::milliseconds;

// A number of bytes: "256KB" in the INI file.
struct Size {
    std::uint64_t bytes = 0;
};

// From `min` to `max`, both included.
template <class Value>
struct Range {
    Value min, max;
};

namespace detail {

// Which setting a default stands for.
template <class Value, class = void>
struct SettingTypeOf {
    using type = Value;
};
template <class Value>
struct SettingTypeOf<Value, std::enable_if_t<std::is_convertible<const Value&, std::string_view>::value>> {
    using type = std::string;
};
template <class Rep, class Period>
struct SettingTypeOf<std::chrono::duration<Rep, Period>, void> {
    using type = Millis;
};
template <class Value>
using SettingType = typename SettingTypeOf<std::decay_t<Value>>::type;

inline std::string read_setting(const Host& host, std::string_view key, std::uint32_t type, std::string_view otherwise,
                                std::string_view min, std::string_view max, std::string_view help) {
    wshub_setting setting{};
    setting.size = sizeof setting;
    setting.type = type;
    setting.key = str(key);
    setting.dflt = str(otherwise);
    setting.min = str(min);
    setting.max = str(max);
    setting.help = str(help);
    std::string value;
    const wshub_sink to = sink(value);
    check(host->config(host.handle(), &setting, &to), "setting '" + std::string(key) + "'");
    return value;
}

template <class Value>
struct Setting;  // no such type of setting

template <>
struct Setting<std::string> {
    struct NoRange {};
    static NoRange widest() { return {}; }
    static std::string read(const Host& host, std::string_view key, std::string_view otherwise, std::string_view help,
                            NoRange) {
        return read_setting(host, key, WSHUB_CFG_STRING, otherwise, {}, {}, help);
    }
};

template <>
struct Setting<std::filesystem::path> {
    struct NoRange {};
    static NoRange widest() { return {}; }
    static std::filesystem::path read(const Host& host, std::string_view key, const std::filesystem::path& otherwise,
                                      std::string_view help, NoRange) {
        return read_setting(host, key, WSHUB_CFG_PATH, otherwise.string(), {}, {}, help);
    }
};

template <>
struct Setting<bool> {
    struct NoRange {};
    static NoRange widest() { return {}; }
    static bool read(const Host& host, std::string_view key, bool otherwise, std::string_view help, NoRange) {
        return read_setting(host, key, WSHUB_CFG_BOOL, otherwise ? "true" : "false", {}, {}, help) == "true";
    }
};

template <class Int>
struct IntegerSetting {
    static Range<Int> widest() { return {std::numeric_limits<Int>::min(), std::numeric_limits<Int>::max()}; }
    static Int read(const Host& host, std::string_view key, Int otherwise, std::string_view help, Range<Int> range) {
        const std::string text =
            read_setting(host, key, WSHUB_CFG_INT, number(otherwise), bound(range.min), bound(range.max), help);
        return static_cast<Int>(std::strtoll(text.c_str(), nullptr, 10));
    }
    static std::string number(Int value) {
        std::string text;
        json::put(text, value);
        return text;
    }
    // Nothing where every number of the wire's type would do.
    static std::string bound(Int value) {
        using Wire = std::numeric_limits<std::int64_t>;
        return value == Wire::min() || value == Wire::max() ? std::string() : number(value);
    }
};
template <>
struct Setting<int> : IntegerSetting<int> {};
template <>
struct Setting<std::int64_t> : IntegerSetting<std::int64_t> {};

template <>
struct Setting<double> {
    static Range<double> widest() {
        return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    }
    static double read(const Host& host, std::string_view key, double otherwise, std::string_view help,
                       Range<double> range) {
        const std::string text =
            read_setting(host, key, WSHUB_CFG_DOUBLE, number(otherwise), number(range.min), number(range.max), help);
        return std::strtod(text.c_str(), nullptr);
    }
    static std::string number(double value) {
        std::string text;
        if (std::isfinite(value)) json::put(text, value);
        return text;
    }
};

template <>
struct Setting<Millis> {
    static Range<Millis> widest() { return {Millis::zero(), Millis::max()}; }
    static Millis read(const Host& host, std::string_view key, Millis otherwise, std::string_view help,
                       Range<Millis> range) {
        const std::string text = read_setting(host, key, WSHUB_CFG_DURATION, duration(otherwise), duration(range.min),
                                              duration(range.max), help);
        return Millis(std::strtoll(text.c_str(), nullptr, 10));
    }
    static std::string duration(Millis value) {
        std::string text;
        if (value == Millis::max()) return text;
        const bool whole_seconds = value.count() % 1000 == 0;
        json::put(text, whole_seconds ? value.count() / 1000 : value.count());
        return text + (whole_seconds ? "s" : "ms");
    }
};

template <>
struct Setting<Size> {
    static Range<Size> widest() { return {{0}, {std::numeric_limits<std::uint64_t>::max()}}; }
    static Size read(const Host& host, std::string_view key, Size otherwise, std::string_view help, Range<Size> range) {
        const std::string text =
            read_setting(host, key, WSHUB_CFG_SIZE, bytes(otherwise), bytes(range.min), bytes(range.max), help);
        return {std::strtoull(text.c_str(), nullptr, 10)};
    }
    static std::string bytes(Size value) {
        std::string text;
        if (value.bytes == std::numeric_limits<std::uint64_t>::max()) return text;
        const bool whole_kilobytes = value.bytes != 0 && value.bytes % 1000 == 0;
        json::put(text, whole_kilobytes ? value.bytes / 1000 : value.bytes);
        return text + (whole_kilobytes ? "KB" : "");
    }
};

template <>
struct Setting<std::vector<std::string>> {
    struct NoRange {};
    static NoRange widest() { return {}; }
    static std::vector<std::string> read(const Host& host, std::string_view key,
                                         const std::vector<std::string>& otherwise, std::string_view help, NoRange) {
        std::string joined;
        for (const std::string& item : otherwise) joined += joined.empty() ? item : ", " + item;
        const std::string lines = read_setting(host, key, WSHUB_CFG_LIST, joined, {}, {}, help);
        std::vector<std::string> items;
        for (std::size_t at = 0; at < lines.size();) {
            const std::size_t end = std::min(lines.find('\n', at), lines.size());
            items.push_back(lines.substr(at, end - at));
            at = end + 1;
        }
        return items;
    }
};

}  // namespace detail
}  // namespace wshub
