#include "server/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "control/control.h"
#include "control/endpoint.h"
#include "hub/hub.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "server/client_bundle.h"
#include "server/metrics_pages.h"
#include "server/stop_signals.h"
#include "session/engine.h"
#include "session/shared_limits.h"

namespace wshub::server {
namespace {

constexpr unsigned kMostLoops = 128;  // as [server] threads allows

// Those this process may use, which in a container are fewer than the machine has.
unsigned usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return std::clamp(static_cast<unsigned>(CPU_COUNT(&set)), 1u, kMostLoops);
}

std::vector<std::unique_ptr<net::Loop>> make_loops(const Settings& settings, const base::Clock& clock) {
    std::vector<std::unique_ptr<net::Loop>> loops;
    const unsigned count = settings.threads == 0 ? usable_cores() : settings.threads;
    const std::chrono::microseconds coalesce{settings.coalesce_microseconds};
    for (unsigned index = 0; index < count; ++index)
        loops.push_back(std::make_unique<net::Loop>(index, clock, coalesce));
    return loops;
}

// An IPv6 address stands in brackets in a URL (RFC 3986, 3.2.2), the % of its zone encoded (RFC 6874).
std::string url_host(std::string host) {
    if (host.find(':') == std::string::npos) return host;
    if (const std::size_t zone = host.find('%'); zone != std::string::npos) host.replace(zone, 1, "%25");
    return "[" + host + "]";
}

// Somebody on this machine can use it: an address that stands for all of the machine's is none to go to.
std::string reachable_host(const std::string& host) {
    in6_addr v6;
    if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6)) return "::1";
    in_addr v4;
    if (::inet_aton(host.c_str(), &v4) != 0 && v4.s_addr == INADDR_ANY) return "127.0.0.1";
    return host;
}

hub::HubSettings hub_settings(const Settings& given) {
    hub::HubSettings settings = given.hub;
    settings.max_held_bytes = given.engine.max_queued_bytes;
    return settings;
}

host::HostSettings host_settings(const Settings& given, std::shared_ptr<session::SharedLimits> limits) {
    host::HostSettings settings = given.host;
    settings.server_version = WSHUB_VERSION;
    settings.channels.engine = given.engine;
    settings.channels.limits = std::move(limits);
    settings.channels.messages = given.hub.limits.events;
    settings.channels.messages_mode = given.hub.limits.events_mode;
    settings.channels.messages_per_address_mode = given.hub.limits.events_per_address_mode;
    std::error_code error;
    settings.state_directory = std::filesystem::absolute(given.state_directory, error);
    return settings;
}

}  // namespace

struct Server::Impl {
    explicit Impl(const Settings& given)
        : settings(given),
          loops(make_loops(given, clock)),
          hub(hub_settings(given), loop_list(), clock, metrics),
          limits(std::make_shared<session::SharedLimits>(given.engine, metrics)),
          plugins(host_settings(given, limits), hub, loop_list(), clock, metrics),
          engine(given.engine, loop_list(), hub, metrics, limits),
          control({hub, plugins, engine, loop_list(), clock, metrics, WSHUB_VERSION,
                   [this](bool on) { readiness.set(on ? Readiness::State::kDraining : Readiness::State::kReady); }}),

          pages(given.metrics, {metrics, clock, readiness, loop_list(), [this] { return plugins.troubles(); }}) {
        hub.set_sink(plugins);
        plugins.set_control(control_call());
    }

    host::ControlCall control_call() {
        return [this](auto... call) { control.request(std::move(call)...); };
    }

    std::vector<net::Loop*> loop_list() const {
        std::vector<net::Loop*> list;
        for (const auto& loop : loops) list.push_back(loop.get());
        return list;
    }

    // The files of the client are looked for first, then the plugins' paths, so that what the engine gets is its own or
    // nobody's.
    net::Routes routes() {
        net::Routes routes;
        if (settings.serve_client) add_client_bundle(routes, settings.engine.path);
        if (settings.metrics.enabled && settings.metrics.host.empty()) pages.add_to(routes);
        routes.add_owner([this](std::string_view path) { return plugins.owns_path(path); }, plugins);
        routes.add_prefix(settings.engine.path, engine);
        return routes;
    }

    net::HttpHooks hooks() {
        net::HttpHooks hooks;
        hooks.home_loop = [this](const protocol::HttpHead& head) {
            const auto loop = engine.home_loop(head);
            return loop ? loop : plugins.home_loop(head);
        };
        hooks.announce = [this](const protocol::HttpHead& head) {
            auto announced = engine.announce(head);
            return announced ? announced : plugins.announce(head);
        };
        hooks.decorate = [this](const protocol::HttpHead* head, net::HttpResponse& response) {
            engine.decorate(head, response);
        };
        return hooks;
    }

    void start() {
        http = std::make_unique<net::HttpServer>(settings.http, loop_list(), routes(), hooks(), metrics);
        // First of all, so that a port that is taken is noticed before a plugin does anything, and plugins are told of
        // the one that was found.
        http->listen();
        plugins.set_url(url(reachable_host(settings.http.host)));
        if (settings.metrics.enabled && !settings.metrics.host.empty()) listen_for_metrics();
        quietly([this] {
            for (const auto& loop : loops) loop->start();
            control.start();
        });
        progress = Progress::kLoops;
        plugins.start();
        progress = Progress::kPlugins;
        quietly([this] {
            open_endpoint();
            http->start();
        });
        progress = Progress::kServing;
        readiness.set(Readiness::State::kReady);
    }

    void listen_for_metrics() {
        metrics_listener = std::make_unique<MetricsListener>(settings.metrics, settings.http, pages,
                                                             static_cast<unsigned>(loops.size()), clock, metrics);
        quietly([this] { metrics_listener->start(); });
        base::log::info("metrics served url=http://{}:{}/metrics", url_host(settings.metrics.host),
                        metrics_listener->port());
    }

    // Two hubs may well use the same defaults; where an operator named the socket, it has to be his.
    void open_endpoint() {
        if (!settings.control.enabled || settings.control.path.empty()) return;
        try {
            endpoint = std::make_unique<control::Endpoint>(settings.control, control_call());
        } catch (const control::EndpointError& error) {
            const std::string what = "[control] socket = \"" +
                                     base::log::printable(settings.control.path.string(), 4096) + "\": " + error.what();
            if (!settings.control_path_is_default) throw base::ConfigError(what);
            base::log::warn("{}; wshub ctl cannot reach this hub", what);
        }
    }

    std::string url(const std::string& host) const {
        return "http://" + url_host(host) + ":" + std::to_string(http->port());
    }

    // Starts threads that no stop signal interrupts. Plugins start without: one that hangs must not keep the signals
    // off.
    template <class Start>
    static void quietly(Start start_threads) {
        const WithoutStopSignals guard;
        start_threads();
    }

    // Ends what runs, the last first.
    void stop() {
        endpoint.reset();
        readiness.set(Readiness::State::kStopping);
        if (progress >= Progress::kServing) close_sessions();
        if (progress >= Progress::kPlugins) plugins.stop();
        if (progress >= Progress::kServing) http->stop();
        metrics_listener.reset();
        if (progress >= Progress::kLoops) {
            control.stop();
            for (const auto& loop : loops) loop->stop();
        }
        progress = Progress::kNothing;
    }

    void close_sessions() {
        http->stop_accepting();
        const base::SteadyTime until = clock.steady() + settings.shutdown_timeout;
        engine.begin_close(session::CloseReason::kServerShuttingDown);
        plugins.begin_close(session::CloseReason::kServerShuttingDown);
        engine.end_close(settings.shutdown_timeout);
        const auto left = std::chrono::duration_cast<base::milliseconds>(until - clock.steady());
        plugins.end_close(std::max(left, base::milliseconds::zero()));
    }

    // Destroyed from the bottom up: what is named later may use what is named earlier.
    const Settings settings;
    base::SystemClock clock;
    base::Metrics metrics;
    Readiness readiness;
    std::vector<std::unique_ptr<net::Loop>> loops;
    hub::Hub hub;
    std::shared_ptr<session::SharedLimits> limits;
    host::PluginHost plugins;
    session::Engine engine;
    control::Control control;
    std::unique_ptr<control::Endpoint> endpoint;
    MetricsPages pages;
    std::unique_ptr<net::HttpServer> http;
    std::unique_ptr<MetricsListener> metrics_listener;
    enum class Progress { kNothing, kLoops, kPlugins, kServing } progress = Progress::kNothing;
};

Server::Server(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}

Server::~Server() = default;

host::Problems Server::load_plugins() {
    return impl_->plugins.load();
}

std::vector<host::PluginInfo> Server::plugins() const {
    return impl_->plugins.plugins();
}

void Server::start() {
    try {
        impl_->start();
    } catch (const std::system_error& error) {
        impl_->stop();
        throw base::ConfigError(error.what());
    } catch (...) {
        impl_->stop();
        throw;
    }
}

std::vector<net::Loop*> Server::loops() const {
    return impl_->loop_list();
}

std::string Server::url() const {
    return impl_->url(impl_->settings.http.host) + impl_->settings.engine.path;
}

std::string Server::start_line() const {
    const std::string line = "wshub " WSHUB_VERSION " listening on " + url();
    std::string names;
    for (const host::PluginInfo& plugin : plugins()) {
        if (plugin.error.empty()) names += (names.empty() ? "" : ", ") + plugin.name + " " + plugin.version;
    }
    return line + (names.empty() ? " without plugins" : " with plugins " + names);
}

std::size_t Server::sessions() const {
    return impl_->engine.sessions();
}

Readiness& Server::readiness() {
    return impl_->readiness;
}

void Server::reload() {
    impl_->plugins.request_reload();
}

bool Server::is_reloading() const {
    return impl_->plugins.is_reloading();
}

void Server::watch_calls() {
    impl_->plugins.watch_calls();
}

void Server::stop() {
    impl_->stop();
}

}  // namespace wshub::server
