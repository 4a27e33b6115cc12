// Values of the INI file: what each type looks like, and the one form in which a wrong value is reported.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace wshub::base {

// One `key = value` as it was read.
struct RawSetting {
    std::string section;  // without brackets: "server", "plugin.rooms"
    std::string key;
    std::string value;
    std::string origin;  // "etc/wshub.ini:12" or "--set"
};

// Configuration that stops the start: the operator's to mend. what() is one line, made by setting_error() where a
// setting is at fault.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// `etc/wshub.ini:12 [server] ping_interval = "25 parsecs": expected a duration such as 25s`. What cannot be printed in
// the value is escaped, and a long one cut.
std::string setting_error(const RawSetting& setting, std::string_view expected);
// What is wrong with the key: `etc/wshub.ini:12 [server] prot = "80": unknown key, did you mean port?` Nobody says
// whether its value is a secret, so that of a key whose name might be a secret's is not shown: `[metrics] tokn =
// "***"`.
std::string setting_problem(const RawSetting& setting, std::string_view problem);

// "500ms", "25s", "2m", "1h", "1d"; a bare 0 too. Fractions are allowed ("1.5s"). Nothing if it is no duration, or over
// 10 000 days.
std::optional<milliseconds> parse_duration(std::string_view text);
std::string format_duration(milliseconds value);
inline constexpr std::string_view kDurationForm = "a duration such as 500ms, 25s or 5m";

// "1000000", "1MB", "256KB" (1000), "64KiB", "4MiB" (1024), "B" too. Nothing if it is no size or does not fit.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);
inline constexpr std::string_view kSizeForm = "a size such as 512, 256KB or 1MB";

// true, yes, on, 1; false, no, off, 0; case does not matter.
std::optional<bool> parse_bool(std::string_view text);
inline constexpr std::string_view kBoolForm = "true or false";

std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);

// Comma-separated, blanks around the items dropped, empty items too.
std::vector<std::string> parse_list(std::string_view text);

}  // namespace wshub::base
