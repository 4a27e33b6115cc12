// /metrics, /healthz and /readyz: what monitoring and load balancers ask. Any thread, but for what says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "host/plugin_host.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "server/metrics_access.h"
#include "server/readiness.h"

namespace wshub::server {

struct MetricsSettings {
    bool enabled = true;
    std::string host;  // empty: on the main listener
    std::uint16_t port = 0;
    MetricsRule rule;
    base::milliseconds stalled_after{10'000};  // a loop whose turn lasts longer makes /healthz say so
};

class MetricsPages {
public:
    // What is lent outlives the pages.
    struct Sources {
        base::Metrics& metrics;
        const base::Clock& clock;
        const Readiness& readiness;
        std::vector<net::Loop*> loops;
        std::function<std::vector<host::PluginTrouble>()> troubles;  // asked once the server is ready
    };

    // Registers the figures that belong to no layer: the process's, the loops', the build's.
    MetricsPages(const MetricsSettings& settings, Sources sources);

    // The pages live as long as the routes.
    void add_to(net::Routes& routes) const;

private:
    net::HttpResponse metrics(const protocol::HttpHead& head, const net::Peer& client) const;
    net::HttpResponse health() const;
    net::HttpResponse ready(const protocol::HttpHead& head, const net::Peer& client) const;
    void add_loop_figures();
    void add_readiness_figure();

    const MetricsSettings settings_;
    const Sources sources_;
};

// A listener of its own for the pages, with a loop of its own, so that they answer whatever the loops of clients do.
// Main thread.
class MetricsListener {
public:
    // Throws std::system_error if it cannot listen. `http`: timeouts and trusted proxies as on the main listener.
    MetricsListener(const MetricsSettings& settings, const net::HttpSettings& http, const MetricsPages& pages,
                    unsigned loop, const base::Clock& clock, base::Metrics& metrics);
    ~MetricsListener();
    MetricsListener(const MetricsListener&) = delete;
    MetricsListener& operator=(const MetricsListener&) = delete;

    void start();
    std::uint16_t port() const;

private:
    net::Loop loop_;
    net::HttpServer server_;
};

}  // namespace wshub::server
