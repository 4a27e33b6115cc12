#include "base/metrics.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace wshub::base;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::chrono::nanoseconds, 2> kBounds{1ms, 1s};

}  // namespace

TEST_CASE("a counter sums what all threads add", "[metrics]") {
    Counter counter;
    constexpr int kThreads = 48, kEach = 10'000;
    // The first one, which has a cell of its own, among them; not all of the others have.
    REQUIRE(ThreadCell().index() < ThreadCell::kOwned);
    const auto add_all = [&counter] {
        for (int each = 0; each < kEach; ++each) counter.add();
    };
    std::vector<std::thread> threads;
    for (int i = 1; i < kThreads; ++i) threads.emplace_back(add_all);
    add_all();
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
    REQUIRE(metrics.histogram("wshub_c", "", kBounds));
    CHECK(metrics.counter("wshub_c", "") == nullptr);
    CHECK(metrics.seconds("wshub_a", "") == nullptr);
}

TEST_CASE("histograms of one name have the same bounds", "[metrics]") {
    Metrics metrics;
    Histogram* const first = metrics.histogram("wshub_a_seconds", "", kBounds, "plugin=\"a\"");
    REQUIRE(first);
    CHECK(metrics.histogram("wshub_a_seconds", "", kBounds, "plugin=\"a\"") == first);
    REQUIRE(metrics.histogram("wshub_a_seconds", "", kBounds, "plugin=\"b\""));
    constexpr std::array<std::chrono::nanoseconds, 2> kOthers{1ms, 2s};
    CHECK(metrics.histogram("wshub_a_seconds", "", kOthers, "plugin=\"c\"") == nullptr);
    CHECK(metrics.histogram("wshub_a_seconds", "", std::span(kBounds).first(1), "plugin=\"c\"") == nullptr);
}

TEST_CASE("a name that Prometheus would not take is refused", "[metrics]") {
    Metrics metrics;
    const std::string name = GENERATE("", "1a", "a-b", "a b", "a{}", "é", "a\n");
    CHECK(metrics.counter(name, "") == nullptr);
    CHECK(metrics.gauge(name, "") == nullptr);
}

TEST_CASE("labels that would break the text are refused", "[metrics]") {
    Metrics metrics;
    CHECK(metrics.counter("wshub_a", "", "a=\"1\"} 5\nwshub_b{a=\"2\"") == nullptr);
    CHECK(metrics.gauge("wshub_b", "", "plugin=\"a\",plugin=\"b\"") == nullptr);
    CHECK(metrics.text().empty());
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

TEST_CASE("time is counted exactly and shown in seconds", "[metrics]") {
    Metrics metrics;
    TimeCounter* const busy = metrics.seconds("wshub_busy_seconds_total", "Busy.");
    busy->add(1500ms);
    busy->add(250us);
    CHECK(busy->value() == 1'500'250us);
    CHECK(metrics.text() ==
          "# HELP wshub_busy_seconds_total Busy.\n"
          "# TYPE wshub_busy_seconds_total counter\n"
          "wshub_busy_seconds_total 1.50025\n");
}

TEST_CASE("the text of a histogram has each bound with all below it", "[metrics]") {
    Metrics metrics;
    Histogram* const plain = metrics.histogram("wshub_a_seconds", "A.", kBounds);
    plain->observe(500us);
    plain->observe(3s);
    metrics.histogram("wshub_b_seconds", "B.", kBounds, "plugin=\"rooms\"")->observe(1s);
    CHECK(metrics.text() ==
          "# HELP wshub_a_seconds A.\n"
          "# TYPE wshub_a_seconds histogram\n"
          "wshub_a_seconds_bucket{le=\"0.001\"} 1\n"
          "wshub_a_seconds_bucket{le=\"1\"} 1\n"
          "wshub_a_seconds_bucket{le=\"+Inf\"} 2\n"
          "wshub_a_seconds_sum 3.0005\n"
          "wshub_a_seconds_count 2\n"
          "# HELP wshub_b_seconds B.\n"
          "# TYPE wshub_b_seconds histogram\n"
          "wshub_b_seconds_bucket{plugin=\"rooms\",le=\"0.001\"} 0\n"
          "wshub_b_seconds_bucket{plugin=\"rooms\",le=\"1\"} 1\n"
          "wshub_b_seconds_bucket{plugin=\"rooms\",le=\"+Inf\"} 1\n"
          "wshub_b_seconds_sum{plugin=\"rooms\"} 1\n"
          "wshub_b_seconds_count{plugin=\"rooms\"} 1\n");
}

TEST_CASE("what has to be looked up is looked up before each reading", "[metrics]") {
    Metrics metrics;
    int times = 0;
    metrics.before_reading([&] { metrics.gauge("wshub_looked", "")->set(++times); });
    CHECK(metrics.text().find("wshub_looked 1\n") != std::string::npos);
    double seen = 0;
    metrics.read([&](const Metrics::Sample& sample) { seen = sample.value; });
    CHECK(seen == 2);
    metrics.refresh();
    CHECK(metrics.total("wshub_looked") == 3);
}

TEST_CASE("a reading shows every figure once, by name and labels", "[metrics]") {
    Metrics metrics;
    metrics.gauge("wshub_b", "", "n=\"2\"")->set(2);
    metrics.gauge("wshub_b", "", "n=\"1\"")->set(1);
    metrics.counter("wshub_a_total", "")->add(7);
    metrics.seconds("wshub_c_seconds_total", "")->add(500ms);
    metrics.histogram("wshub_d_seconds", "", kBounds)->observe(1s);
    std::vector<std::string> seen;
    metrics.read([&](const Metrics::Sample& sample) {
        seen.push_back(std::string(sample.name) + "{" + std::string(sample.labels) +
                       "}=" + std::to_string(sample.value).substr(0, 3) + "/" + std::to_string(sample.histogram.count));
    });
    CHECK(seen == std::vector<std::string>{"wshub_a_total{}=7.0/0", "wshub_b{n=\"1\"}=1.0/0", "wshub_b{n=\"2\"}=2.0/0",
                                           "wshub_c_seconds_total{}=0.5/0", "wshub_d_seconds{}=1.0/1"});
}

TEST_CASE("totals add up what has the label", "[metrics]") {
    Metrics metrics;
    metrics.counter("wshub_a_total", "", "transport=\"polling\"")->add(1);
    metrics.counter("wshub_a_total", "", "transport=\"polling\",channel=\"/a/\"")->add(2);
    metrics.counter("wshub_a_total", "", "transport=\"websocket\"")->add(4);
    CHECK(metrics.total("wshub_a_total") == 7);
    CHECK(metrics.total("wshub_a_total", "transport=\"polling\"") == 3);
    CHECK(metrics.total("wshub_a_total", "channel=\"/a/\"") == 2);
    CHECK(metrics.total("wshub_a_total", "port=\"polling\"") == 0);
    CHECK(metrics.total("wshub_b_total") == 0);
    metrics.histogram("wshub_b_seconds", "", kBounds, "plugin=\"a\"")->observe(1us);
    metrics.histogram("wshub_b_seconds", "", kBounds, "plugin=\"b\"")->observe(2s);
    const HistogramReading all = metrics.total_histogram("wshub_b_seconds");
    CHECK(all.count == 2);
    REQUIRE(all.buckets.size() == 3);
    CHECK(all.buckets[0].count == 1);
    CHECK(all.buckets[1].count == 1);
    CHECK(all.buckets[2].count == 2);
    CHECK(all.sum == Approx(2.000001));
    CHECK(metrics.total_histogram("wshub_a_total").buckets.empty());
}
