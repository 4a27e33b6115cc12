// Time as the events of the hub write it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace wshub {

namespace detail {

struct Civil {
    std::int64_t year, month, day, hour, minute, second, millisecond;
};

// Milliseconds since 1970 as a date of the Gregorian calendar, UTC. Days are counted from March, so that the leap day
// comes last in its year.
inline Civil civil(std::int64_t ms) {
    constexpr std::int64_t kDay = 86'400'000, kEra = 146'097;  // an era: 400 years
    const std::int64_t days = (ms >= 0 ? ms : ms - (kDay - 1)) / kDay;
    const std::int64_t rest = ms - days * kDay;
    const std::int64_t from_march = days + 719'468;  // since 0000-03-01
    const std::int64_t era = (from_march >= 0 ? from_march : from_march - (kEra - 1)) / kEra;
    const std::int64_t day_of_era = from_march - era * kEra;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return {year,
            month,
            day_of_year - (153 * month_from_march + 2) / 5 + 1,
            rest / 3'600'000,
            rest / 60'000 % 60,
            rest / 1000 % 60,
            rest % 1000};
}

}  // namespace detail

// "2023-06-15T12:34:56.789Z": UTC, ISO 8601, milliseconds.
inline std::string iso8601_millis(std::int64_t ms) {
    const detail::Civil t = detail::civil(ms);
    char text[160];
    std::snprintf(text, sizeof text, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%03lldZ",
                  static_cast<long long>(t.year), static_cast<long long>(t.month), static_cast<long long>(t.day),
                  static_cast<long long>(t.hour), static_cast<long long>(t.minute), static_cast<long long>(t.second),
                  static_cast<long long>(t.millisecond));
    return text;
}

// "2026-02-20T12:00:00": UTC, ISO 8601, without zone or fraction.
inline std::string iso8601_seconds(std::int64_t ms) {
    const std::string with_millis = iso8601_millis(ms);
    return with_millis.substr(0, with_millis.find('.'));
}

}  // namespace wshub
