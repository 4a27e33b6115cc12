// What the host makes of [plugin.NAME]: types, ranges, keys that nobody reads, and how it says what is wrong. Part of
// testing.h.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_text.h"

namespace wshub {

// Keys and values as they would stand in the section [plugin.NAME] of the INI file; `namespaces` and `roles` too.
using FakeSettings = std::vector<std::pair<std::string, std::string>>;

namespace fake {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end) return std::nullopt;
    return value;
}

inline std::string_view take_digits(std::string_view& text) {
    const std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    text.remove_prefix(digits.size());
    return digits;
}

inline std::optional<double> parse_number(std::string_view text) {
    if (text.empty() || text.front() == '+' || text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
        return std::nullopt;
    }
    const std::string copy(text);
    char* end = nullptr;
    const double value = std::strtod(copy.c_str(), &end);
    if (*end != '\0' || !std::isfinite(value)) return std::nullopt;
    return value;
}

// Milliseconds.
inline std::optional<std::int64_t> parse_duration(std::string_view text) {
    if (text == "0") return 0;
    const std::string_view digits = take_digits(text);
    std::string_view fraction;
    if (text.substr(0, 1) == ".") {
        text.remove_prefix(1);
        fraction = take_digits(text);
        if (fraction.empty()) return std::nullopt;
    }
    const std::int64_t unit = text == "d"    ? 86'400'000
                              : text == "h"  ? 3'600'000
                              : text == "m"  ? 60'000
                              : text == "s"  ? 1'000
                              : text == "ms" ? 1
                                             : 0;
    constexpr std::int64_t kLongest = 10'000 * std::int64_t{86'400'000};
    const auto count = whole_number<std::int64_t>(digits);
    if (unit == 0 || !count || *count > kLongest / unit) return std::nullopt;
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    if (fraction.size() > 9) return std::nullopt;
    std::int64_t parts = fraction.empty() ? 0 : *whole_number<std::int64_t>(fraction) * unit;
    for (std::size_t digit = 0; digit < fraction.size(); ++digit) {
        if (parts % 10 != 0) return std::nullopt;
        parts /= 10;
    }
    const std::int64_t value = *count * unit + parts;
    return value > kLongest ? std::nullopt : std::optional<std::int64_t>(value);
}

// Bytes.
inline std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto count = whole_number<std::uint64_t>(take_digits(text));
    const std::uint64_t unit = text.empty() || text == "B"    ? 1
                               : text == "KB" || text == "kB" ? 1'000
                               : text == "MB"                 ? 1'000'000
                               : text == "GB"                 ? 1'000'000'000
                               : text == "KiB"                ? std::uint64_t{1} << 10
                               : text == "MiB"                ? std::uint64_t{1} << 20
                               : text == "GiB"                ? std::uint64_t{1} << 30
                                                              : 0;
    if (!count || unit == 0 || *count > std::numeric_limits<std::uint64_t>::max() / unit) return std::nullopt;
    return *count * unit;
}

inline std::optional<bool> parse_bool(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return true;
    if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return false;
    return std::nullopt;
}

inline std::vector<std::string> parse_list(std::string_view text) {
    std::vector<std::string> items;
    for (;;) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view item = trim(text.substr(0, comma), " \t");
        if (!item.empty()) items.emplace_back(item);
        if (comma == text.size()) return items;
        text.remove_prefix(comma + 1);
    }
}

// A type of setting: what would do, for errors; and the value in the form in which the plugin gets it.
struct SettingKind {
    std::string_view form;
    std::optional<std::string> (*read)(std::string_view text);
    std::optional<double> (*rank)(std::string_view text);  // what ranges compare; null: no ranges
};

inline const SettingKind* setting_kind(std::uint32_t type) {
    using Text = std::optional<std::string>;
    using Rank = std::optional<double>;
    static const auto as_text = [](auto value) { return value ? Text(std::to_string(*value)) : std::nullopt; };
    static const auto as_rank = [](auto value) { return value ? Rank(static_cast<double>(*value)) : std::nullopt; };
    static const SettingKind text{"a text", [](std::string_view it) { return Text(it); }, nullptr};
    static const SettingKind integer{"a whole number",
                                     [](std::string_view it) { return as_text(whole_number<std::int64_t>(it)); },
                                     [](std::string_view it) { return as_rank(whole_number<std::int64_t>(it)); }};
    static const SettingKind number{
        "a number", [](std::string_view it) { return parse_number(it) ? Text(it) : std::nullopt; }, &parse_number};
    static const SettingKind boolean{"true or false",
                                     [](std::string_view it) {
                                         const auto value = parse_bool(it);
                                         return value ? Text(*value ? "true" : "false") : std::nullopt;
                                     },
                                     nullptr};
    static const SettingKind duration{"a duration such as 500ms, 25s or 5m",
                                      [](std::string_view it) { return as_text(parse_duration(it)); },
                                      [](std::string_view it) { return as_rank(parse_duration(it)); }};
    static const SettingKind size{"a size such as 512, 256KB or 1MB",
                                  [](std::string_view it) { return as_text(parse_size(it)); },
                                  [](std::string_view it) { return as_rank(parse_size(it)); }};
    static const SettingKind list{"a list such as a, b",
                                  [](std::string_view it) {
                                      std::string lines;
                                      for (const auto& item : parse_list(it))
                                          lines += (lines.empty() ? "" : "\n") + item;
                                      return Text(lines);
                                  },
                                  nullptr};
    static const SettingKind path{"a path",
                                  [](std::string_view it) {
                                      constexpr std::size_t kLongest = 4096;  // with a NUL at its end
                                      const bool fits = it.size() < kLongest && it.find('\0') == it.npos;
                                      return fits ? Text(it) : std::nullopt;
                                  },
                                  nullptr};
    switch (type) {
        case WSHUB_CFG_STRING:
        case WSHUB_CFG_SECRET: return &text;
        case WSHUB_CFG_INT: return &integer;
        case WSHUB_CFG_DOUBLE: return &number;
        case WSHUB_CFG_BOOL: return &boolean;
        case WSHUB_CFG_DURATION: return &duration;
        case WSHUB_CFG_SIZE: return &size;
        case WSHUB_CFG_LIST: return &list;
        case WSHUB_CFG_PATH: return &path;
        default: return nullptr;
    }
}

class Settings {
public:
    Settings(std::string plugin, FakeSettings given) : plugin_(std::move(plugin)) {
        for (auto& [key, value] : given) {
            const auto same =
                std::find_if(given_.begin(), given_.end(), [k = key](const auto& it) { return it.first == k; });
            if (same == given_.end()) {
                given_.emplace_back(key, value);
            } else {
                problems_.push_back(problem(key, shown(key, value), "set before"));
                same->second = value;
            }
        }
        read_namespaces();
        read_roles();
    }

    // The keys that are the host's own. Not set: "/", and no role.
    const std::vector<std::string>& namespaces() const { return namespaces_; }
    const std::vector<std::string>& roles() const { return roles_; }

    // wshub_host_v1::config(): the value, or the code of the refusal. `wrong_default`: what to log.
    std::int32_t declare(const wshub_setting& setting, std::string& value, std::string& wrong_default) {
        const std::string key(detail::view(setting.key)), otherwise(detail::view(setting.dflt));
        const SettingKind* const kind = setting_kind(setting.type);
        const std::string_view min = detail::view(setting.min), max = detail::view(setting.max);
        if (!is_key(key) || is_own(key) || !kind || !is_bound(*kind, min) || !is_bound(*kind, max)) {
            return WSHUB_EINVAL;
        }
        const auto default_value = kind->read(otherwise);
        if (!default_value || !within(*kind, min, max, otherwise)) {
            wrong_default = "plugin " + plugin_ + ": the default of its setting " + key + " is not " +
                            form_of(setting.type, *kind, min, max);
            return WSHUB_EINVAL;
        }
        const auto before =
            std::find_if(declared_.begin(), declared_.end(), [&key](const Declared& it) { return it.key == key; });
        const bool is_new = before == declared_.end();
        if (!is_new && (before->type != setting.type || before->otherwise != otherwise)) return WSHUB_EEXIST;
        value = *default_value;
        if (const std::string* const text = find(key)) {
            const auto read = kind->read(*text);
            if (read && within(*kind, min, max, *text)) {
                value = *read;
            } else if (is_new) {
                problems_.push_back(problem(key, *text, "expected " + form_of(setting.type, *kind, min, max)));
            }
        }
        if (setting.type == WSHUB_CFG_PATH && !value.empty()) {
            value = (std::filesystem::current_path() / value).lexically_normal().string();
        }
        if (is_new) declared_.push_back({key, setting.type, otherwise});
        return WSHUB_OK;
    }

    // When everything is declared: one line for each.
    std::vector<std::string> problems() const {
        std::vector<std::string> all = problems_;
        std::string known;
        for (const Declared& each : declared_) known += each.key + ", ";
        known += std::string(kNamespaces) + ", " + std::string(kRoles);
        for (const auto& [key, value] : given_) {
            const bool declared =
                std::any_of(declared_.begin(), declared_.end(), [k = key](const Declared& it) { return it.key == k; });
            if (declared || is_own(key)) continue;
            all.push_back(problem(key, shown(key, value), "unknown key, the plugin knows " + known));
        }
        return all;
    }

private:
    static constexpr std::string_view kNamespaces = "namespaces", kRoles = "roles";
    struct Declared {
        std::string key;
        std::uint32_t type;
        std::string otherwise;
    };

    // A key that is unknown may be a secret's whose name was mistyped. The pieces are the hub's.
    static std::string shown(const std::string& key, const std::string& value) {
        constexpr std::array<std::string_view, 12> kPieces{"tok", "toe", "ken", "sec", "ecr", "cre",
                                                           "ret", "pas", "pwd", "key", "aut", "url"};
        const bool hidden =
            !value.empty() && std::any_of(kPieces.begin(), kPieces.end(), [&key](std::string_view piece) {
                return key.find(piece) != std::string::npos;
            });
        return hidden ? "***" : value;
    }
    std::string problem(const std::string& key, const std::string& value, const std::string& what) const {
        return "[plugin." + plugin_ + "] " + key + " = \"" + printable(value) + "\": " + what;
    }
    const std::string* find(std::string_view key) const {
        const auto found =
            std::find_if(given_.begin(), given_.end(), [key](const auto& it) { return it.first == key; });
        return found == given_.end() ? nullptr : &found->second;
    }
    void read_namespaces() {
        const std::string* const text = find(kNamespaces);
        if (!text) return;
        std::vector<std::string> names = parse_list(*text);
        std::sort(names.begin(), names.end());
        const bool twice = std::adjacent_find(names.begin(), names.end()) != names.end();
        if (!names.empty() && !twice && std::all_of(names.begin(), names.end(), is_namespace_name)) {
            namespaces_ = std::move(names);
        } else {
            problems_.push_back(
                problem(std::string(kNamespaces), *text, "expected a list of namespaces such as /, /chat, none twice"));
        }
    }

    void read_roles() {
        const std::string* const text = find(kRoles);
        if (!text) return;
        roles_ = parse_list(*text);
        if (roles_.empty() && !text->empty()) {
            problems_.push_back(
                problem(std::string(kRoles), *text, "expected a list of roles such as admin, or nothing"));
        }
    }

    static bool is_own(std::string_view key) { return key == kNamespaces || key == kRoles; }
    static bool is_key(std::string_view key) {
        return !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
    }
    static bool is_bound(const SettingKind& kind, std::string_view bound) {
        return bound.empty() || (kind.rank && kind.rank(bound));
    }
    static bool within(const SettingKind& kind, std::string_view min, std::string_view max, std::string_view text) {
        if (!kind.rank) return true;
        const auto value = kind.rank(text);
        return (max.empty() || value <= kind.rank(max)) && (min.empty() || value >= kind.rank(min));
    }
    static std::string form_of(std::uint32_t type, const SettingKind& kind, std::string_view min,
                               std::string_view max) {
        std::string form(kind.form);
        // The range that an int has by itself says nothing to the operator.
        if (min == std::to_string(std::numeric_limits<int>::min()) &&
            max == std::to_string(std::numeric_limits<int>::max())) {
            return form;
        }
        const std::string comma = type == WSHUB_CFG_DURATION || type == WSHUB_CFG_SIZE ? "," : "";
        if (!min.empty() && !max.empty()) return form + comma + " from " + std::string(min) + " to " + std::string(max);
        if (!min.empty()) return form + comma + " of at least " + std::string(min);
        if (!max.empty()) return form + comma + " of at most " + std::string(max);
        return form;
    }

    std::string plugin_;
    FakeSettings given_;
    std::vector<std::string> namespaces_{"/"}, roles_;
    std::vector<Declared> declared_;
    std::vector<std::string> problems_;
};

}  // namespace fake
}  // namespace wshub
