#include "base/limit.h"

#include <catch2/catch.hpp>

using namespace wshub::base;

namespace {

bool has_line(const Metrics& metrics, const std::string& line) {
    return metrics.text().find('\n' + line + '\n') != std::string::npos;
}

}  // namespace

TEST_CASE("a limit refuses and counts", "[limit]") {
    Metrics metrics;
    const Limit limit(metrics, "sessions", LimitMode::kEnforced);
    const SteadyTime now = ManualClock().steady();
    CHECK(limit.refuses(now, "192.0.2.1"));
    CHECK(limit.refuses(now, "192.0.2.1"));
    CHECK(has_line(metrics, "wshub_limited_total{limit=\"sessions\"} 2"));
    CHECK(metrics.text().find("dry_run") == std::string::npos);
}

TEST_CASE("a limit in dry-run counts apart and refuses nothing", "[limit]") {
    Metrics metrics;
    const Limit limit(metrics, "sessions", LimitMode::kDryRun);
    const SteadyTime now = ManualClock().steady();
    CHECK_FALSE(limit.refuses(now, "192.0.2.1"));
    CHECK_FALSE(limit.refuses(now, "192.0.2.1"));
    CHECK(has_line(metrics, "wshub_limited_dry_run_total{limit=\"sessions\"} 2"));
    CHECK(metrics.text().find("wshub_limited_total") == std::string::npos);
}
