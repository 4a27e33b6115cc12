#include "base/setting.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/log.h"

namespace wshub::base {
namespace {

struct DurationUnit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr std::array<DurationUnit, 5> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::int64_t kLongestDuration = 10'000 * kDurationUnits[0].milliseconds;

struct SizeUnit {
    std::string_view name;
    std::uint64_t bytes;
};
// The order in which format_size() tries them: large before small, thousands before 1024s.
constexpr std::array<SizeUnit, 8> kSizeUnits{{{"GB", 1'000'000'000},
                                              {"GiB", 1ull << 30},
                                              {"MB", 1'000'000},
                                              {"MiB", 1ull << 20},
                                              {"KB", 1'000},
                                              {"kB", 1'000},
                                              {"KiB", 1ull << 10},
                                              {"B", 1}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// The digits at the front of `text`, which they are taken off.
std::string_view take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    return digits;
}

template <class T>
std::optional<T> whole(std::string_view text) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end) return std::nullopt;
    return value;
}

}  // namespace

namespace {

// Pieces of the words that secrets are named by, short enough to be found in most that were mistyped.
bool may_name_a_secret(std::string_view key) {
    constexpr std::array<std::string_view, 12> kPieces{"tok", "toe", "ken", "sec", "ecr", "cre",
                                                       "ret", "pas", "pwd", "key", "aut", "url"};
    return std::any_of(kPieces.begin(), kPieces.end(),
                       [key](std::string_view piece) { return key.find(piece) != std::string_view::npos; });
}

std::string problem_of(const RawSetting& setting, std::string_view value, std::string_view problem) {
    std::string out = setting.origin;
    out += " [" + setting.section + "] " + setting.key + " = \"" + log::printable(value) + "\": ";
    out += problem;
    return out;
}

}  // namespace

std::string setting_problem(const RawSetting& setting, std::string_view problem) {
    const bool hidden = !setting.value.empty() && may_name_a_secret(setting.key);
    return problem_of(setting, hidden ? std::string_view("***") : setting.value, problem);
}

std::string setting_error(const RawSetting& setting, std::string_view expected) {
    return problem_of(setting, setting.value, "expected " + std::string(expected));
}

std::optional<milliseconds> parse_duration(std::string_view text) {
    if (text == "0") return milliseconds(0);
    const std::string_view whole_part = take_digits(text);
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        fraction = take_digits(text);
        if (fraction.empty()) return std::nullopt;
    }
    const auto* const unit =
        std::find_if(kDurationUnits.begin(), kDurationUnits.end(), [text](const auto& u) { return u.name == text; });
    const auto count = whole<std::int64_t>(whole_part);
    if (!count || unit == kDurationUnits.end() || *count > kLongestDuration / unit->milliseconds) return std::nullopt;

    // What does not make whole milliseconds is refused rather than rounded. Nine digits keep the product in range.
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    if (fraction.size() > 9) return std::nullopt;
    std::int64_t parts = fraction.empty() ? 0 : *whole<std::int64_t>(fraction) * unit->milliseconds;
    for (std::size_t digit = 0; digit < fraction.size(); ++digit) {
        if (parts % 10 != 0) return std::nullopt;
        parts /= 10;
    }
    const std::int64_t value = *count * unit->milliseconds + parts;
    if (value > kLongestDuration) return std::nullopt;
    return milliseconds(value);
}

std::string format_duration(milliseconds value) {
    const std::int64_t count = value.count();
    if (count == 0) return "0";
    for (const auto& unit : kDurationUnits) {
        if (count % unit.milliseconds == 0) return std::to_string(count / unit.milliseconds) + std::string(unit.name);
    }
    return {};  // not reached: every count is a number of milliseconds
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto count = whole<std::uint64_t>(take_digits(text));
    const std::string_view name = text.empty() ? "B" : text;
    const auto* const unit =
        std::find_if(kSizeUnits.begin(), kSizeUnits.end(), [name](const auto& u) { return u.name == name; });
    if (!count || unit == kSizeUnits.end()) return std::nullopt;
    if (*count > std::numeric_limits<std::uint64_t>::max() / unit->bytes) return std::nullopt;
    return *count * unit->bytes;
}

std::string format_size(std::uint64_t bytes) {
    for (const auto& unit : kSizeUnits) {
        if (bytes != 0 && unit.bytes > 1 && bytes % unit.bytes == 0) {
            return std::to_string(bytes / unit.bytes) + std::string(unit.name);
        }
    }
    return std::to_string(bytes);
}

std::optional<bool> parse_bool(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return true;
    if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return false;
    return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    return whole<std::int64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
    const auto value = whole<double>(text);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return value;
}

std::vector<std::string> parse_list(std::string_view text) {
    std::vector<std::string> items;
    while (true) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view item = text.substr(0, comma);
        while (!item.empty() && is_blank(item.front())) item.remove_prefix(1);
        while (!item.empty() && is_blank(item.back())) item.remove_suffix(1);
        if (!item.empty()) items.emplace_back(item);
        if (comma == text.size()) return items;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace wshub::base
