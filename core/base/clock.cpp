#include "base/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace wshub::base {
namespace {

struct BrokenDown {
    std::tm utc;
    int millis;
};

BrokenDown break_down(WallTime time) {
    const auto since_epoch = time.time_since_epoch().count();
    const std::time_t seconds = static_cast<std::time_t>(since_epoch / 1000);
    BrokenDown out{};
    gmtime_r(&seconds, &out.utc);
    out.millis = static_cast<int>(since_epoch % 1000);
    return out;
}

std::string date_and_time(const std::tm& utc, const char* format, int millis) {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), format, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                                     utc.tm_hour, utc.tm_min, utc.tm_sec, millis);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string iso8601_millis(WallTime time) {
    const BrokenDown parts = break_down(time);
    return date_and_time(parts.utc, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.millis);
}

std::string iso8601_seconds(WallTime time) {
    const BrokenDown parts = break_down(time);
    std::string text = date_and_time(parts.utc, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", parts.millis);
    text.resize(text.size() - 4);
    return text;
}

}  // namespace wshub::base
