#include <wshub/clock.h>

#include <catch2/catch.hpp>
#include <string>

TEST_CASE("moments are written as ISO 8601, UTC", "[clock]") {
    auto [ms, text] = GENERATE(table<std::int64_t, std::string>({
        {0, "1970-01-01T00:00:00.000Z"},
        {1'700'000'000'000, "2023-11-14T22:13:20.000Z"},
        {1'686'832'496'789, "2023-06-15T12:34:56.789Z"},
        {951'782'400'000, "2000-02-29T00:00:00.000Z"},
        {1'709'251'199'999, "2024-02-29T23:59:59.999Z"},
        {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},  // no leap day that year
        {-1, "1969-12-31T23:59:59.999Z"},
        {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
    }));
    CHECK(wshub::iso8601_millis(ms) == text);
    CHECK(wshub::iso8601_seconds(ms) == text.substr(0, 19));
}
