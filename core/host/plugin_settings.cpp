#include "host/plugin_settings.h"

#include <algorithm>
#include <array>
#include <climits>
#include <limits>
#include <optional>

#include "base/log.h"
#include "host/abi_text.h"
#include "protocol/socket_packet.h"

namespace wshub::host {
namespace {

// The host's own keys.
constexpr std::string_view kNamespaces = "namespaces";
constexpr std::string_view kRoles = "roles";

bool is_own(std::string_view key) {
    return key == kNamespaces || key == kRoles;
}

// A type of setting. `read` gives the value in the form in which the plugin gets it; for types that have a size, `rank`
// gives what ranges compare.
struct Type {
    std::uint32_t number;
    std::string_view name;
    std::string_view form;  // what would do, for errors
    std::optional<std::string> (*read)(std::string_view text);
    std::optional<double> (*rank)(std::string_view text);
};

std::optional<std::string> read_text(std::string_view text) {
    return std::string(text);
}
std::optional<std::string> read_integer(std::string_view text) {
    const auto value = base::parse_integer(text);
    return value ? std::optional(std::to_string(*value)) : std::nullopt;
}
std::optional<std::string> read_number(std::string_view text) {
    return base::parse_number(text) ? std::optional(std::string(text)) : std::nullopt;
}
std::optional<std::string> read_bool(std::string_view text) {
    const auto value = base::parse_bool(text);
    return value ? std::optional<std::string>(*value ? "true" : "false") : std::nullopt;
}
std::optional<std::string> read_duration(std::string_view text) {
    const auto value = base::parse_duration(text);
    return value ? std::optional(std::to_string(value->count())) : std::nullopt;
}
std::optional<std::string> read_size(std::string_view text) {
    const auto value = base::parse_size(text);
    return value ? std::optional(std::to_string(*value)) : std::nullopt;
}
// As it was written: what it is relative to is not known here. No system call takes a longer one.
std::optional<std::string> read_path(std::string_view text) {
    const bool fits = text.size() < PATH_MAX && text.find('\0') == std::string_view::npos;
    return fits ? std::optional<std::string>(text) : std::nullopt;
}
std::optional<std::string> read_list(std::string_view text) {
    std::string lines;
    for (const std::string& item : base::parse_list(text)) lines += lines.empty() ? item : "\n" + item;
    return lines;
}

template <class Value>
std::optional<double> as_rank(std::optional<Value> value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}
std::optional<double> integer_rank(std::string_view text) {
    return as_rank(base::parse_integer(text));
}
std::optional<double> duration_rank(std::string_view text) {
    const auto value = base::parse_duration(text);
    return value ? std::optional(static_cast<double>(value->count())) : std::nullopt;
}
std::optional<double> size_rank(std::string_view text) {
    return as_rank(base::parse_size(text));
}

constexpr std::array<Type, 9> kTypes{{
    {WSHUB_CFG_STRING, "string", "a text", read_text, nullptr},
    {WSHUB_CFG_INT, "int", "a whole number", read_integer, integer_rank},
    {WSHUB_CFG_DOUBLE, "number", "a number", read_number, base::parse_number},
    {WSHUB_CFG_BOOL, "bool", base::kBoolForm, read_bool, nullptr},
    {WSHUB_CFG_DURATION, "duration", base::kDurationForm, read_duration, duration_rank},
    {WSHUB_CFG_SIZE, "size", base::kSizeForm, read_size, size_rank},
    {WSHUB_CFG_LIST, "list", "a list such as a, b", read_list, nullptr},
    {WSHUB_CFG_SECRET, "secret", "a text", read_text, nullptr},
    {WSHUB_CFG_PATH, "path", "a path", read_path, nullptr},
}};

const Type* find_type(std::uint32_t number) {
    const auto* const found =
        std::find_if(kTypes.begin(), kTypes.end(), [number](const Type& type) { return type.number == number; });
    return found == kTypes.end() ? nullptr : found;
}

struct Bounds {
    std::string_view min, max;  // empty: none
};

bool within(const Type& type, const Bounds& bounds, std::string_view text) {
    if (!type.rank) return true;
    const auto value = type.rank(text);
    const bool low_enough = bounds.max.empty() || value <= type.rank(bounds.max);
    return low_enough && (bounds.min.empty() || value >= type.rank(bounds.min));
}

bool bounds_make_sense(const Type& type, const Bounds& bounds) {
    const auto fits = [&type](std::string_view bound) {
        return bound.empty() || (type.rank && type.rank(bound).has_value());
    };
    return fits(bounds.min) && fits(bounds.max);
}

// The range that a C++ int has by itself says nothing to the operator.
bool is_plain_int(const Bounds& bounds) {
    static const std::string kMin = std::to_string(std::numeric_limits<int>::min());
    static const std::string kMax = std::to_string(std::numeric_limits<int>::max());
    return bounds.min == kMin && bounds.max == kMax;
}

std::string form_of(const Type& type, const Bounds& bounds) {
    std::string form(type.form);
    if (is_plain_int(bounds)) return form;
    const std::string comma = type.number == WSHUB_CFG_DURATION || type.number == WSHUB_CFG_SIZE ? "," : "";
    if (!bounds.min.empty() && !bounds.max.empty()) {
        form += comma + " from " + std::string(bounds.min) + " to " + std::string(bounds.max);
    } else if (!bounds.min.empty()) {
        form += comma + " of at least " + std::string(bounds.min);
    } else if (!bounds.max.empty()) {
        form += comma + " of at most " + std::string(bounds.max);
    }
    return form;
}

bool is_key(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

}  // namespace

PluginSettings::PluginSettings(std::string plugin, const std::vector<base::RawSetting>& all, std::filesystem::path home)
    : plugin_(std::move(plugin)), home_(std::move(home)) {
    const std::string section = "plugin." + plugin_;
    for (const base::RawSetting& setting : all) {
        if (setting.section != section) continue;
        const auto same = std::find_if(settings_.begin(), settings_.end(),
                                       [&](const base::RawSetting& other) { return other.key == setting.key; });
        if (same == settings_.end()) {
            settings_.push_back(setting);
        } else {
            if (setting.origin != "--set") {
                problems_.push_back(base::setting_problem(setting, "set before, at " + same->origin));
            }
            *same = setting;
        }
    }
    read_namespaces();
    read_roles();
}

std::map<std::string, std::string> PluginSettings::texts() const {
    std::map<std::string, std::string> texts;
    for (const base::RawSetting& setting : settings_) texts.emplace(setting.key, setting.value);
    return texts;
}

const base::RawSetting* PluginSettings::find(std::string_view key) const {
    const auto found = std::find_if(settings_.begin(), settings_.end(),
                                    [key](const base::RawSetting& setting) { return setting.key == key; });
    return found == settings_.end() ? nullptr : &*found;
}

void PluginSettings::read_namespaces() {
    const base::RawSetting* const setting = find(kNamespaces);
    if (!setting) return;
    std::vector<std::string> names = base::parse_list(setting->value);
    std::sort(names.begin(), names.end());
    const bool twice = std::adjacent_find(names.begin(), names.end()) != names.end();
    const bool fit = std::all_of(names.begin(), names.end(), protocol::is_namespace_name);
    if (fit && !twice && !names.empty()) {
        if (names != namespaces_) note_change(*setting);
        namespaces_ = std::move(names);
    } else {
        problems_.push_back(base::setting_error(*setting, "a list of namespaces such as /, /chat, none twice"));
    }
}

void PluginSettings::read_roles() {
    const base::RawSetting* const setting = find(kRoles);
    if (!setting) return;
    roles_ = base::parse_list(setting->value);
    if (!roles_.empty()) note_change(*setting);
    // What names nobody must not come to mean everybody.
    if (roles_.empty() && !setting->value.empty()) {
        problems_.push_back(base::setting_error(*setting, "a list of roles such as admin, or nothing"));
    }
}

std::int32_t PluginSettings::declare(const wshub_setting& setting, std::string& value) {
    const std::string key(view(setting.key)), otherwise(view(setting.dflt));
    const Type* const type = find_type(setting.type);
    const Bounds bounds{view(setting.min), view(setting.max)};
    if (!is_key(key) || is_own(key) || !type || !bounds_make_sense(*type, bounds)) return WSHUB_EINVAL;
    const auto default_value = type->read(otherwise);
    if (!default_value || !within(*type, bounds, otherwise)) {
        base::log::error("plugin {}: the default of its setting {} is not {}", plugin_, key, form_of(*type, bounds));
        return WSHUB_EINVAL;
    }
    const auto before =
        std::find_if(declared_.begin(), declared_.end(), [&key](const SettingInfo& info) { return info.key == key; });
    if (before != declared_.end() && (before->type != type->name || before->default_value != otherwise)) {
        return WSHUB_EEXIST;
    }

    value = *default_value;
    const base::RawSetting* const given = find(key);
    if (given) {
        const auto read = type->read(given->value);
        if (read && within(*type, bounds, given->value)) {
            value = *read;
            if (value != *default_value) note_change(*given);
        } else if (before == declared_.end()) {
            problems_.push_back(base::setting_error(*given, form_of(*type, bounds)));
        }
    }
    const bool is_path = type->number == WSHUB_CFG_PATH;
    if (is_path) value = absolute(value);
    if (before == declared_.end()) {
        const bool secret = type->number == WSHUB_CFG_SECRET;
        const std::string shown = is_path ? value : given ? given->value : otherwise;
        declared_.push_back({key, std::string(type->name), otherwise, secret && !shown.empty() ? "***" : shown,
                             std::string(view(setting.help)), secret});
    }
    return WSHUB_OK;
}

std::string PluginSettings::absolute(const std::string& path) const {
    if (path.empty()) return path;
    std::error_code error;
    const auto home = home_.empty() ? std::filesystem::current_path(error) : home_;
    return (home / path).lexically_normal().string();
}

void PluginSettings::note_change(const base::RawSetting& setting) {
    if (first_change_.empty()) first_change_ = setting.key + " (" + setting.origin + ")";
}

std::string PluginSettings::first_change() const {
    return first_change_;
}

Problems PluginSettings::problems() const {
    Problems problems = problems_;
    std::string known;
    for (const SettingInfo& info : declared_) known += info.key + ", ";
    known += std::string(kNamespaces) + ", " + std::string(kRoles);
    for (const base::RawSetting& setting : settings_) {
        const bool declared = std::any_of(declared_.begin(), declared_.end(),
                                          [&](const SettingInfo& info) { return info.key == setting.key; });
        if (declared || is_own(setting.key)) continue;
        problems.push_back(base::setting_problem(setting, "unknown key, the plugin knows " + known));
    }
    return problems;
}

}  // namespace wshub::host
