#include "control/arguments.h"

#include <algorithm>

#include "base/log.h"
#include "base/setting.h"
#include "protocol/json_scan.h"

namespace wshub::control {
namespace {

constexpr std::size_t kMostDepth = 64;

void skip_space(std::string_view& json) {
    json.remove_prefix(std::min(json.find_first_not_of(" \t\r\n"), json.size()));
}

// The value at the front, which was scanned before as a part of the whole.
std::string_view take_value(std::string_view& json) {
    const std::string_view value = json.substr(0, *protocol::scan_value(json, kMostDepth));
    json.remove_prefix(value.size());
    skip_space(json);
    return value;
}

std::string shown(std::string_view name, std::string_view value) {
    constexpr std::size_t kMost = 80;
    return std::string(name) + " = " + base::log::printable(value, kMost);
}

}  // namespace

Arguments::Arguments(std::string text) : text_(text.empty() ? "{}" : std::move(text)) {
    const auto whole = protocol::scan_document(text_, kMostDepth);
    if (!whole || whole->front() != '{') throw Refused::format("the arguments are no JSON object");
    std::string_view rest = whole->substr(1);
    skip_space(rest);
    while (rest.front() != '}') {
        const std::string name = protocol::unescape_string(take_value(rest));
        rest.remove_prefix(1);  // the colon
        skip_space(rest);
        if (!members_.emplace(name, take_value(rest)).second) {
            throw Refused::format("the argument " + base::log::printable(name) + " is given twice");
        }
        if (rest.front() != ',') continue;
        rest.remove_prefix(1);
        skip_space(rest);
    }
}

std::optional<std::string_view> Arguments::take(std::string_view name) {
    known_.emplace(name);
    const auto found = members_.find(name);
    if (found == members_.end() || found->second == "null") return std::nullopt;
    return found->second;
}

std::optional<std::string> Arguments::text(std::string_view name) {
    const auto value = take(name);
    if (!value) return std::nullopt;
    if (value->front() != '"') throw Refused::format(shown(name, *value) + ": expected a text");
    return protocol::unescape_string(*value);
}

std::string Arguments::needed_text(std::string_view name) {
    std::string value = text(name).value_or("");
    if (value.empty()) throw Refused::format(std::string(name) + " is needed");
    return value;
}

std::size_t Arguments::count(std::string_view name, std::size_t otherwise, std::size_t least, std::size_t most) {
    const auto value = take(name);
    if (!value) return otherwise;
    const auto number = base::parse_integer(*value);
    if (!number || *number < 0 || static_cast<std::size_t>(*number) < least ||
        static_cast<std::size_t>(*number) > most) {
        throw Refused::format(shown(name, *value) + ": expected a whole number from " + std::to_string(least) + " to " +
                              std::to_string(most));
    }
    return static_cast<std::size_t>(*number);
}

bool Arguments::yes_or_no(std::string_view name, bool otherwise) {
    const auto value = take(name);
    if (!value) return otherwise;
    if (*value != "true" && *value != "false") throw Refused::format(shown(name, *value) + ": expected true or false");
    return *value == "true";
}

base::milliseconds Arguments::duration(std::string_view name, base::milliseconds otherwise, base::milliseconds most) {
    const auto value = text(name);
    if (!value) return otherwise;
    const auto duration = base::parse_duration(*value);
    if (!duration || *duration > most) {
        throw Refused::format(shown(name, *value) + ": expected a duration such as 30s, at most " +
                              base::format_duration(most));
    }
    return *duration;
}

std::string Arguments::choice(std::string_view name, std::span<const std::string_view> choices,
                              std::string_view otherwise) {
    const auto value = text(name);
    if (!value) return std::string(otherwise);
    if (std::find(choices.begin(), choices.end(), *value) != choices.end()) return *value;
    std::string list;
    for (const std::string_view each : choices) list.append(list.empty() ? "" : ", ").append(each);
    throw Refused::format(shown(name, *value) + ": expected one of " + list);
}

std::string Arguments::array(std::string_view name) {
    const auto value = take(name);
    if (!value) return "[]";
    if (value->front() != '[') throw Refused::format(std::string(name) + ": expected an array");
    return std::string(*value);
}

std::string Arguments::object(std::string_view name) {
    const auto value = take(name);
    if (!value) return "{}";
    if (value->front() != '{') throw Refused::format(std::string(name) + ": expected an object");
    return std::string(*value);
}

void Arguments::end() const {
    for (const auto& [name, value] : members_) {
        if (known_.contains(name)) continue;
        std::string list;
        for (const std::string& known : known_) list += (list.empty() ? "" : ", ") + known;
        throw Refused::format("unknown argument " + base::log::printable(name) +
                              (list.empty() ? "; this operation takes none" : "; there are " + list));
    }
}

}  // namespace wshub::control
