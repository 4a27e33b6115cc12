#include "console/json.h"

#include <charconv>

#include "protocol/json_scan.h"

namespace wshub::console {
namespace {

constexpr std::string_view kBlanks = " \t\n\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

// Takes one value from the front of a text in which there is one, and the blanks before it.
std::string_view take_value(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    // The text as a whole has been found good, whatever its depth: parts of it can only be less deep.
    const auto size = protocol::scan_value(rest, protocol::kMaxJsonDepth);
    const std::string_view value = rest.substr(0, size ? *size : rest.size());
    rest.remove_prefix(value.size());
    return value;
}

// Takes the mark that stands behind a name or a value; false if it closes what it stands in.
bool take_mark(std::string_view& rest) {
    const std::size_t at = rest.find_first_of(",:]}");
    const bool goes_on = at < rest.size() && (rest[at] == ',' || rest[at] == ':');
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return goes_on;
}

// Whether an array or object of this kind begins here, and is not empty; then `rest` is what is in it.
bool enter(std::string_view text, char bracket, std::string_view& rest) {
    rest = trimmed(text);
    if (rest.empty() || rest.front() != bracket) return false;
    rest.remove_prefix(1);
    const std::size_t first = rest.find_first_not_of(kBlanks);
    return first != std::string_view::npos && rest[first] != ']' && rest[first] != '}';
}

bool is_number(std::string_view value) {
    return !value.empty() && (value.front() == '-' || (value.front() >= '0' && value.front() <= '9'));
}

std::optional<double> number_of(std::string_view value) {
    if (!is_number(value)) return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
    return number;
}

bool same_number(std::string_view one, std::string_view other) {
    if (one == other) return true;
    const auto a = number_of(one), b = number_of(other);
    return a && b && *a == *b;
}

}  // namespace

std::vector<std::string_view> json_items(std::string_view array) {
    std::vector<std::string_view> items;
    std::string_view rest;
    if (!enter(array, '[', rest)) return items;
    do {
        items.push_back(take_value(rest));
    } while (take_mark(rest));
    return items;
}

std::vector<std::pair<std::string, std::string_view>> json_members(std::string_view object) {
    std::vector<std::pair<std::string, std::string_view>> members;
    std::string_view rest;
    if (!enter(object, '{', rest)) return members;
    do {
        std::string name = protocol::unescape_string(take_value(rest));
        take_mark(rest);
        members.emplace_back(std::move(name), take_value(rest));
    } while (take_mark(rest));
    return members;
}

std::optional<std::string_view> json_member(std::string_view object, std::string_view name) {
    std::optional<std::string_view> found;
    for (const auto& [known, value] : json_members(object)) {
        if (known == name) found = value;
    }
    return found;
}

std::optional<std::string> json_text(std::string_view object, std::string_view name) {
    const auto value = json_member(object, name);
    if (!value || value->front() != '"') return std::nullopt;
    return protocol::unescape_string(*value);
}

std::optional<double> json_number(std::string_view object, std::string_view name) {
    const auto value = json_member(object, name);
    return value ? number_of(*value) : std::nullopt;
}

bool json_contains(std::string_view actual, std::string_view pattern) {
    actual = trimmed(actual);
    pattern = trimmed(pattern);
    if (actual.empty() || pattern.empty()) return actual.empty() && pattern.empty();
    if (is_number(actual) && is_number(pattern)) return same_number(actual, pattern);
    if (actual.front() != pattern.front()) return false;
    if (pattern.front() == '"') return protocol::unescape_string(actual) == protocol::unescape_string(pattern);
    if (pattern.front() == '[') {
        const auto had = json_items(actual), wanted = json_items(pattern);
        if (had.size() != wanted.size()) return false;
        for (std::size_t i = 0; i < had.size(); ++i) {
            if (!json_contains(had[i], wanted[i])) return false;
        }
        return true;
    }
    if (pattern.front() == '{') {
        for (const auto& [name, value] : json_members(pattern)) {
            const auto had = json_member(actual, name);
            if (!had || !json_contains(*had, value)) return false;
        }
        return true;
    }
    return actual == pattern;
}

std::string json_array_of(std::string_view values, std::size_t& behind) {
    std::string array = "[";
    behind = 0;
    for (;;) {
        const std::size_t at = values.find_first_not_of(kBlanks, behind);
        if (at == std::string_view::npos) {
            behind = values.size();
            break;
        }
        const auto size = protocol::scan_value(values.substr(at));
        const std::size_t end = at + (size ? *size : 0);
        // `1x` is no number with something behind it.
        const bool apart = end == values.size() || kBlanks.find(values[end]) != std::string_view::npos;
        if (!size || !apart) {
            behind = at;
            break;
        }
        if (array.size() > 1) array += ',';
        array += values.substr(at, *size);
        behind = end;
    }
    return array + ']';
}

}  // namespace wshub::console
