#include "server/metrics_pages.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "protocol/json_scan.h"
#include "server/process_figures.h"

namespace wshub::server {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kMetrics = "/metrics", kHealth = "/healthz", kReady = "/readyz";

// Turns are short; from 50 ms on people notice.
constexpr std::array<std::chrono::nanoseconds, 12> kTurnTimes{10us, 50us, 100us, 500us, 1ms, 5ms,
                                                              10ms, 50ms, 100ms, 500ms, 1s,  5s};

std::string compiler() {
#if defined(__clang__)
    return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#else
    return "gcc " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#endif
}

std::string label_of(const net::Loop& loop) {
    return "loop=\"" + std::to_string(loop.index()) + "\"";
}

// Nobody on the way may keep it.
net::HttpResponse response(int status, std::string_view type, std::string body) {
    return {status, {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}}, std::move(body)};
}

net::HttpResponse denied(MetricsAccess access) {
    if (access != MetricsAccess::kToken) return response(403, "text/plain; charset=utf-8", "Forbidden\n");
    net::HttpResponse out = response(401, "text/plain; charset=utf-8", "Unauthorized\n");
    out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"wshub metrics\"");
    return out;
}

std::string json_of(const std::vector<host::PluginTrouble>& troubles) {
    std::string out = "[";
    for (const host::PluginTrouble& trouble : troubles) {
        out += out.size() == 1 ? "{\"name\":" : ",{\"name\":";
        protocol::append_quoted(out, trouble.name);
        out += ",\"state\":";
        protocol::append_quoted(out, trouble.what);
        out += '}';
    }
    return out + ']';
}

net::HttpSettings own_settings(const MetricsSettings& settings, net::HttpSettings http) {
    http.host = settings.host;
    http.port = settings.port;
    http.proxy_protocol = false;  // who scrapes is no client behind the load balancer
    http.pool_threads = 1;
    return http;
}

net::Routes routes_of(const MetricsPages& pages) {
    net::Routes routes;
    pages.add_to(routes);
    return routes;
}

}  // namespace

MetricsPages::MetricsPages(const MetricsSettings& settings, Sources sources)
    : settings_(settings), sources_(std::move(sources)) {
    sources_.metrics
        .gauge("wshub_build_info", "1; what runs, in the labels.",
               "version=\"" WSHUB_VERSION "\",compiler=\"" + compiler() + "\"")
        ->set(1);
    add_process_figures(sources_.metrics);
    add_loop_figures();
    add_readiness_figure();
}

void MetricsPages::add_loop_figures() {
    std::vector<std::pair<const net::Loop*, base::Gauge*>> lags;
    for (net::Loop* const loop : sources_.loops) {
        loop->turns().record_in(sources_.metrics.histogram(
            "wshub_loop_turn_seconds", "How long turns of a loop take, each holding up all that it serves.", kTurnTimes,
            label_of(*loop)));
        lags.emplace_back(loop, sources_.metrics.gauge("wshub_loop_lag_seconds",
                                                       "The longest turn of a loop within the last 30 to 60 seconds.",
                                                       label_of(*loop)));
    }
    base::Gauge* const most =
        sources_.metrics.gauge("wshub_loop_lag_max_seconds", "The largest of wshub_loop_lag_seconds.");
    sources_.metrics.before_reading([this, most, lags = std::move(lags)] {
        const base::SteadyTime now = sources_.clock.steady();
        double largest = 0;
        for (const auto& [loop, lag] : lags) {
            lag->set(std::chrono::duration<double>(loop->turns().longest(now)).count());
            largest = std::max(largest, lag->value());
        }
        most->set(largest);
    });
}

void MetricsPages::add_readiness_figure() {
    base::Gauge* const gauge = sources_.metrics.gauge("wshub_ready", "1 while /readyz answers 200.");
    sources_.metrics.before_reading([this, gauge] {
        const bool is_ready = sources_.readiness.state() == Readiness::State::kReady && sources_.troubles().empty();
        gauge->set(is_ready ? 1 : 0);
    });
}

void MetricsPages::add_to(net::Routes& routes) const {
    routes.add_page(std::string(kMetrics),
                    [this](const auto& head, const auto& client) { return metrics(head, client); });
    routes.add_page(std::string(kHealth), [this](const auto&, const auto&) { return health(); });
    routes.add_page(std::string(kReady), [this](const auto& head, const auto& client) { return ready(head, client); });
}

net::HttpResponse MetricsPages::metrics(const protocol::HttpHead& head, const net::Peer& client) const {
    if (!settings_.rule.admits(head, client)) return denied(settings_.rule.access);
    return response(200, "text/plain; version=0.0.4; charset=utf-8", sources_.metrics.text());
}

// A loop that waits for events is well, however long it waits.
net::HttpResponse MetricsPages::health() const {
    const base::SteadyTime now = sources_.clock.steady();
    std::string stalled;
    for (const net::Loop* const loop : sources_.loops) {
        if (loop->turns().underway(now) > settings_.stalled_after) stalled += " " + std::to_string(loop->index());
    }
    if (stalled.empty()) return response(200, "text/plain; charset=utf-8", "ok\n");
    return response(503, "text/plain; charset=utf-8", "stalled loops:" + stalled + "\n");
}

// Load balancers ask from anywhere; which plugin is in trouble is for those who may read the metrics.
net::HttpResponse MetricsPages::ready(const protocol::HttpHead& head, const net::Peer& client) const {
    constexpr std::string_view kJson = "application/json";
    const Readiness::State state = sources_.readiness.state();
    if (state != Readiness::State::kReady) {
        return response(503, kJson, R"({"ready":false,"reason":")" + std::string(Readiness::name(state)) + "\"}\n");
    }
    const auto troubles = sources_.troubles();
    if (troubles.empty()) return response(200, kJson, "{\"ready\":true}\n");
    std::string body = R"({"ready":false,"reason":"plugins")";
    if (settings_.rule.admits(head, client)) body += ",\"plugins\":" + json_of(troubles);
    return response(503, kJson, body + "}\n");
}

MetricsListener::MetricsListener(const MetricsSettings& settings, const net::HttpSettings& http,
                                 const MetricsPages& pages, unsigned loop, const base::Clock& clock,
                                 base::Metrics& metrics)
    : loop_(loop, clock), server_(own_settings(settings, http), {&loop_}, routes_of(pages), {}, metrics) {
    server_.listen();
}

MetricsListener::~MetricsListener() {
    server_.stop();
    loop_.stop();
}

void MetricsListener::start() {
    loop_.start();
    server_.start();
}

std::uint16_t MetricsListener::port() const {
    return server_.port();
}

}  // namespace wshub::server
