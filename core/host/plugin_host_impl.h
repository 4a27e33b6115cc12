// The inside of PluginHost: plugin_host.cpp loads, starts and stops, reloads.cpp changes what runs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/catalog.h"
#include "host/channels.h"
#include "host/dispatcher.h"
#include "host/http_routes.h"
#include "host/instance.h"
#include "host/plugin_host.h"
#include "host/reload_thread.h"
#include "host/timers.h"
#include "host/workers.h"

namespace wshub::host {

struct PluginHost::Impl {
    Impl(HostSettings host_settings, hub::Hub& hub, std::vector<net::Loop*> loops, const base::Clock& clock,
         base::Metrics& metrics)
        : settings(std::move(host_settings)),
          http(loops, router),
          channels(settings.channels, loops, router, metrics),
          services{hub,
                   std::move(loops),
                   clock,
                   metrics,
                   settings.slow_handler,
                   timers,
                   http,
                   router,
                   channels,
                   {settings.server_version, settings.state_directory.string(), settings.channels.engine.path, {}},
                   settings.quarantine},
          workers(settings.workers),
          dispatcher(router, hub, workers) {
        services.step_patience = settings.reload_patience;
    }

    Problems load();
    void start();
    void stop();

    void watch_calls();

    void load_enabled(const Catalog& catalog);
    void load_plugin(const PluginFile& file);
    void probe(const PluginFile& file) const;
    PluginFile to_map(const PluginFile& file) const;
    std::filesystem::path copies() const;
    void check_routes(const Instance& instance) const;
    void check_other_sections(const Catalog* catalog);
    void unchecked(const std::string& section, const std::string& reason);
    bool refuses() const { return settings.on_error == OnError::kRefuse || settings.check_only; }
    void learn_disabled(const Catalog& catalog);
    void learn_settings(const PluginFile& file);
    std::optional<std::string> missing_requirement(const Descriptor& descriptor) const;
    void refuse(std::string_view name, const std::filesystem::path& file, const std::string& reason);
    void remember_refused(std::string_view name, const std::filesystem::path& file, const std::string& reason);
    void give_up(const std::shared_ptr<Instance>& instance);
    using Instances = std::vector<std::shared_ptr<Instance>>;
    std::shared_ptr<const RoutingTable> table_of(const Instances& instances);
    void publish();

    // ---- reloads.cpp: the reload thread, but for request_reload()

    struct Candidate;
    // A new version that is watched, and what it takes to go back.
    struct Trial {
        std::shared_ptr<Instance> instance;
        PluginFile before;
        Instance::Saved saved;
        std::vector<base::RawSetting> settings;  // of the version before
        base::SteadyTime until;
    };
    bool request_reload(std::string_view plugin, std::function<void(const ReloadOutcome&)> tell);
    void reload(const ReloadRequest& request);
    bool read_configuration_again();
    void reload_files(const ReloadRequest& request, HostSettings before);
    std::vector<Candidate> candidates_of(const ReloadRequest& request, const Catalog& catalog);
    bool is_settled(Instance& old, const PluginFile& file);
    void prepare(Candidate& candidate);
    void put_in_place(Candidate& candidate);
    void put_on_trial(const std::shared_ptr<Instance>& old, const std::shared_ptr<Instance>& fresh);
    void add(const std::shared_ptr<Instance>& fresh);
    void replace(const std::shared_ptr<Instance>& old, const std::shared_ptr<Instance>& fresh, Instance::Saved& saved,
                 bool use_saved);
    void serve_on(const std::shared_ptr<Instance>& old);
    void remove(const std::shared_ptr<Instance>& instance, std::string_view reason);
    void unload(const std::shared_ptr<Instance>& instance);
    void put_in_order();
    void set_instances(Instances now);
    std::shared_ptr<Instance> running(std::string_view name) const;
    std::string requirement_problem(const Descriptor& fresh) const;
    void reload_as_asked(const ReloadRequest& request);
    void note_reload(const std::string& plugin, std::string_view outcome, const std::string& reason = {});
    void note_change(const std::string& plugin, std::string_view what, const std::string& version,
                     const std::string& before = {});
    // To the log, and to those who wait for the outcome. Of no plugin in particular: without a name.
    void note_problem(const std::string& plugin, std::string text);
    void forget_refused();
    bool watch_trials();
    void roll_back(Trial trial, std::int64_t failures, std::int64_t calls);

    PluginSettings settings_of(const std::string& name) const {
        return {name, settings.plugin_settings, settings.home};
    }

    HostSettings settings;  // after start() the reload thread's
    Router router;
    Timers timers;
    HttpRoutes http;
    Channels channels;
    Services services;
    Workers workers;
    Dispatcher dispatcher;
    // After start() changed by the reload thread alone, and under the mutex.
    mutable std::mutex mutex;
    Instances instances;  // in the order in which they are started
    std::vector<PluginInfo> refused;
    std::vector<PluginInfo> disabled;
    struct ReloadHistory {
        std::uint64_t count = 0;
        std::optional<LastReload> last;
    };
    std::map<std::string, ReloadHistory> histories;  // by plugin
    std::map<std::string, Instance::Saved> left;     // what unloaded plugins left, should they come back
    std::vector<Trial> trials;
    // What was rolled back, and is not tried again as long as neither the file nor the settings change.
    struct GivenUp {
        std::string version, fingerprint;
        std::map<std::string, std::string> settings;
        bool told = false;  // that it is left alone
    };
    std::map<std::string, GivenUp> given_up;  // by plugin
    bool reloading = false;
    ReloadOutcome outcome;  // of what is under way
    Problems problems;
    std::uint32_t last_number = 0;
    std::unique_ptr<ReloadThread> reloads;
};

}  // namespace wshub::host
