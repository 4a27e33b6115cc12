// What the operator set, checked and in the form that each layer takes. Read from three places, later ones win: the
// defaults of core_keys(), the INI file, and --set. The merged texts stand in a Poco configuration as `section.key`.
#pragma once

#include <Poco/AutoPtr.h>
#include <Poco/Util/LayeredConfiguration.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/setting.h"
#include "control/endpoint.h"
#include "host/plugin_host.h"
#include "hub/types.h"
#include "net/http_server.h"
#include "server/metrics_pages.h"
#include "session/engine.h"

namespace wshub::server {

struct Settings {
    unsigned threads = 0;                  // loops; 0: one a core
    unsigned coalesce_microseconds = 100;  // between turns of a loop that is busy
    base::milliseconds shutdown_timeout{10'000};
    std::filesystem::path state_directory;
    bool serve_client = true;
    net::HttpSettings http;
    session::EngineSettings engine;
    hub::HubSettings hub;
    host::HostSettings host;
    base::log::Settings log;
    control::EndpointSettings control;
    bool control_path_is_default = false;
    MetricsSettings metrics;
};

// Where a configuration comes from.
struct SettingSources {
    std::filesystem::path file;          // empty: none
    std::vector<std::string> overrides;  // arguments of --set, in their order
    // For what the defaults depend on. Relative paths are relative to the file, or to this if there is none.
    std::filesystem::path working_directory;
    std::filesystem::path plugin_directory;     // [plugins] directory unless set
    std::filesystem::path state_directory;      // [server] state_directory unless set
    std::filesystem::path runtime_directory{};  // of the service manager; empty: none
};

struct LoadedSettings {
    Settings settings;
    // Every core key and what [plugin.NAME] sections hold, as texts; paths are absolute.
    Poco::AutoPtr<Poco::Util::LayeredConfiguration> configuration;
    // All that is wrong, one line each; `settings` then has defaults in those places and must not be used to serve.
    std::vector<std::string> problems;
    bool plugins_known = true;  // no problem concerns [plugins]: it makes sense to look for more in the plugins
};

// Never throws for what is wrong in the sources.
LoadedSettings load_settings(const SettingSources& sources);

// "section.key=value", split at the last dot before the first `=`. Throws base::ConfigError if it has no such form.
base::RawSetting parse_override(std::string_view text);

// The configuration to be shown: every core key, then one section for each plugin.
struct ShownSetting {
    std::string key, value;
    bool secret = false;        // it is set, and not to be shown
    std::string default_value;  // of a plugin's
    std::string comment{};      // stands above it in a file; empty: none
};
struct ShownSection {
    std::string name;
    std::vector<ShownSetting> settings;
};
std::vector<ShownSection> shown_settings(const LoadedSettings& loaded, const std::vector<host::PluginInfo>& plugins);
// Leaves what differs from the settings that are in force when nothing is set.
void leave_out_defaults(std::vector<ShownSection>& sections, const LoadedSettings& defaults);
// As an INI file that gives the same again. Secrets are not shown.
std::string print_settings(const std::vector<ShownSection>& sections);
std::string print_settings(const LoadedSettings& loaded, const std::vector<host::PluginInfo>& plugins);

}  // namespace wshub::server
