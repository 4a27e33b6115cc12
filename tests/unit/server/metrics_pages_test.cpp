#include "server/metrics_pages.h"

#include <catch2/catch.hpp>

#include "fake_exchange.h"

using namespace wshub;
using namespace std::chrono_literals;
using server::MetricsPages;
using server::Readiness;

namespace {

struct Site {
    net::HttpResponse ask(const std::string& path, const net::Peer& client = {"127.0.0.1", 1, false}) {
        const net::Page* const page = routes.find_page(path);
        REQUIRE(page);
        return (*page)(test::parse_head("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), client);
    }

    base::ManualClock clock;
    net::Loop one{0, clock}, two{1, clock};
    base::Metrics metrics;
    Readiness readiness;
    std::vector<host::PluginTrouble> troubles;
    server::MetricsSettings settings;
    MetricsPages pages{settings, {metrics, clock, readiness, {&one, &two}, [this] { return troubles; }}};
    net::Routes routes = [this] {
        net::Routes made;
        pages.add_to(made);
        return made;
    }();
};

const net::Peer kRemote{"192.0.2.1", 1, false};

}  // namespace

TEST_CASE("/metrics is Prometheus text that nobody keeps", "[metrics-pages]") {
    Site site;
    const net::HttpResponse response = site.ask("/metrics");
    CHECK(response.status == 200);
    CHECK(response.headers == decltype(response.headers){{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                                                         {"Cache-Control", "no-store"}});
    for (const char* const name :
         {"wshub_build_info{version=", "process_start_time_seconds ", "process_cpu_seconds_total ",
          "process_resident_memory_bytes ", "process_virtual_memory_bytes ", "process_open_fds ", "process_max_fds ",
          "wshub_loop_lag_seconds{loop=\"1\"} 0\n", "wshub_loop_lag_max_seconds 0\n", "wshub_ready 0\n"}) {
        CAPTURE(name);
        CHECK(response.body.find(std::string("\n") + name) != std::string::npos);
    }
}

TEST_CASE("the figures of the process are those that the system knows", "[metrics-pages]") {
    Site site;
    const auto value = [&](const char* name) {
        site.metrics.refresh();
        return site.metrics.total(name);
    };
    const double now = std::chrono::duration<double>(base::SystemClock().wall().time_since_epoch()).count();
    CHECK(value("process_start_time_seconds") < now + 1);
    CHECK(value("process_start_time_seconds") > now - 3600);
    CHECK(value("process_resident_memory_bytes") > 1e6);
    CHECK(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
    CHECK(value("process_max_fds") >= value("process_open_fds"));
    const double before = value("process_open_fds");
    const net::Loop more(2, site.clock);  // two files
    CHECK(value("process_open_fds") == before + 2);
    const double cpu = value("process_cpu_seconds_total");
    while (value("process_cpu_seconds_total") < cpu + 0.001) continue;
}

TEST_CASE("who may not read the metrics gets nothing of them", "[metrics-pages]") {
    Site site;
    const net::HttpResponse response = site.ask("/metrics", kRemote);
    CHECK(response.status == 403);
    CHECK(response.body == "Forbidden\n");
}

TEST_CASE("health is well until a turn lasts too long, and says which loop it is", "[metrics-pages]") {
    Site site;
    CHECK(site.ask("/healthz", kRemote).status == 200);
    CHECK(site.ask("/healthz", kRemote).body == "ok\n");
    site.two.turns().began(site.clock.steady());
    site.clock.advance(10s);
    CHECK(site.ask("/healthz").status == 200);
    site.clock.advance(1ms);
    CHECK(site.ask("/healthz", kRemote).status == 503);
    CHECK(site.ask("/healthz").body == "stalled loops: 1\n");
    CHECK(site.ask("/metrics").body.find("wshub_loop_lag_max_seconds 10.001\n") != std::string::npos);
    site.two.turns().ended(site.clock.steady());
    site.clock.advance(1h);
    CHECK(site.ask("/healthz").status == 200);
}

TEST_CASE("readiness follows the server, and then its plugins", "[metrics-pages]") {
    Site site;
    const auto says = [&](int status, const std::string& body, const net::Peer& client = kRemote) {
        const net::HttpResponse response = site.ask("/readyz", client);
        CHECK(response.headers.front().second == "application/json");
        CHECK(response.status == status);
        CHECK(response.body == body + "\n");
    };
    site.troubles = {{"rooms", "quarantined"}, {"a\"b", "failed"}};
    says(503, R"({"ready":false,"reason":"starting"})");
    site.readiness.set(Readiness::State::kReady);
    says(503, R"({"ready":false,"reason":"plugins"})");
    says(
        503,
        R"({"ready":false,"reason":"plugins","plugins":[{"name":"rooms","state":"quarantined"},{"name":"a\"b","state":"failed"}]})",
        {"127.0.0.1", 1, false});
    CHECK(site.ask("/metrics").body.find("\nwshub_ready 0\n") != std::string::npos);
    site.troubles.clear();
    says(200, R"({"ready":true})");
    CHECK(site.ask("/metrics").body.find("\nwshub_ready 1\n") != std::string::npos);
    site.readiness.set(Readiness::State::kDraining);
    says(503, R"({"ready":false,"reason":"draining"})");
    site.readiness.set(Readiness::State::kStopping);
    says(503, R"({"ready":false,"reason":"stopping"})");
}
