#include "base/metrics.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace wshub::base;

TEST_CASE("a counter sums what all threads add", "[metrics]") {
    Counter counter;
    constexpr int kThreads = 20, kEach = 1000;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&counter] {
            for (int each = 0; each < kEach; ++each) counter.add();
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(counter.value() == kThreads * kEach);
    counter.add(-5);
    CHECK(counter.value() == kThreads * kEach - 5);
}

TEST_CASE("a gauge is set and added to", "[metrics]") {
    Gauge gauge;
    CHECK(gauge.value() == 0);
    gauge.set(1.5);
    gauge.add(2);
    gauge.add(-0.5);
    CHECK(gauge.value() == 3);
}

TEST_CASE("a thread keeps its number, and no two have the same", "[metrics]") {
    const unsigned mine = thread_number();
    CHECK(thread_number() == mine);
    unsigned other = mine;
    std::thread([&other] { other = thread_number(); }).join();
    CHECK(other != mine);
}

TEST_CASE("the same name and labels give the same figure", "[metrics]") {
    Metrics metrics;
    Counter* const first = metrics.counter("wshub_events_total", "Events.", "plugin=\"rooms\"");
    REQUIRE(first);
    CHECK(metrics.counter("wshub_events_total", "Other words.", "plugin=\"rooms\"") == first);
    CHECK(metrics.counter("wshub_events_total", "Events.", "plugin=\"users\"") != first);
    CHECK(metrics.counter("wshub_events_total", "Events.") != first);
    Gauge* const gauge = metrics.gauge("wshub_sessions", "Sessions.");
    REQUIRE(gauge);
    CHECK(metrics.gauge("wshub_sessions", "Sessions.") == gauge);
}

TEST_CASE("a name stands for one kind of figure", "[metrics]") {
    Metrics metrics;
    REQUIRE(metrics.counter("wshub_a", ""));
    CHECK(metrics.gauge("wshub_a", "") == nullptr);
    REQUIRE(metrics.gauge("wshub_b", ""));
    CHECK(metrics.counter("wshub_b", "") == nullptr);
}

TEST_CASE("a name that Prometheus would not take is refused", "[metrics]") {
    Metrics metrics;
    const std::string name = GENERATE("", "1a", "a-b", "a b", "a{}", "é", "a\n");
    CHECK(metrics.counter(name, "") == nullptr);
    CHECK(metrics.gauge(name, "") == nullptr);
}

TEST_CASE("figures keep their place while others are registered", "[metrics]") {
    Metrics metrics;
    Counter* const first = metrics.counter("wshub_first", "");
    for (int i = 0; i < 1000; ++i) metrics.counter("wshub_many", "", "n=\"" + std::to_string(i) + "\"");
    first->add(7);
    CHECK(metrics.counter("wshub_first", "")->value() == 7);
}

TEST_CASE("the text is what Prometheus reads", "[metrics]") {
    Metrics metrics;
    metrics.counter("wshub_events_total", "Events\nhandled \\ all.", "plugin=\"rooms\"")->add(3);
    metrics.counter("wshub_events_total", "", "plugin=\"users\"");
    metrics.gauge("wshub_load", "Load.")->set(0.25);
    CHECK(metrics.text() ==
          "# HELP wshub_events_total Events\\nhandled \\\\ all.\n"
          "# TYPE wshub_events_total counter\n"
          "wshub_events_total{plugin=\"rooms\"} 3\n"
          "wshub_events_total{plugin=\"users\"} 0\n"
          "# HELP wshub_load Load.\n"
          "# TYPE wshub_load gauge\n"
          "wshub_load 0.25\n");
}
