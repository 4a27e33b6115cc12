// The plugins of the hub: finds their files, checks and loads them, starts them in the order of what they need, routes
// events to them, and gives them the functions of wshub/abi.h. No pointer of a plugin is kept: only (plugin, slot)
// pairs, called through a gate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/setting.h"
#include "host/channel_settings.h"
#include "host/control.h"
#include "host/reload_outcome.h"
#include "host/trouble_window.h"
#include "hub/hub.h"
#include "net/http_server.h"
#include "net/loop.h"

namespace wshub::host {

enum class OnError : std::uint8_t { kRefuse, kSkip };

struct HostSettings {
    std::filesystem::path directory;
    std::vector<std::string> enabled;  // in order
    OnError on_error = OnError::kRefuse;
    std::vector<base::RawSetting> plugin_settings;  // all of the sections [plugin.NAME]
    std::filesystem::path home;                     // what relative paths in them are relative to; empty: where we are
    std::vector<base::RawSetting> plugin_sections;  // those sections themselves: section and origin, without a key
    bool check_only = false;  // nothing will be started: whatever is wrong is a problem, also what on_error would skip
    base::milliseconds slow_handler{50};    // a handler that took longer is named in the log
    std::string server_version;             // for plugins that ask
    std::filesystem::path state_directory;  // the same; absolute
    // What `--probe-plugin FILE` makes call probe_main(): loads each plugin in a process of its own first, so that one
    // whose static initialisers throw, crash or hang is refused like others. Empty: not done.
    std::filesystem::path probe_program;
    ChannelSettings channels;
    std::size_t workers = 4;  // threads for handlers that block

    bool hot_reload = false;                     // watches the directory
    base::milliseconds rollback_window{10'000};  // 0: no version is rolled back
    base::milliseconds reload_patience{2'000};   // how long a version that takes over lets events wait for handlers
    unsigned rollback_errors = 10;               // per cent of a new version's calls
    Quarantine quarantine;
    // What request_reload() takes `enabled`, `plugin_settings`, `plugin_sections` and the two for rollbacks from;
    // nothing if there are errors, which it has logged and put into the list. The reload thread. Null: only files are
    // read again.
    std::function<std::optional<HostSettings>(std::vector<std::string>& errors)> read_again;
};

// What a plugin's settings are, as it declared them.
struct SettingInfo {
    std::string key, type, default_value, value, help;
    bool secret = false;
};
struct PluginInfo {
    std::string name, version, file, build;
    std::uint16_t abi_major = 0, abi_minor = 0;
    std::vector<std::string> events, namespaces, roles;
    std::vector<SettingInfo> settings;
    std::string error;  // why it was refused; empty: it runs

    // The rest since the start of the server; of one that runs.
    bool quarantined = false;
    base::WallTime loaded{};    // this version
    std::int64_t errors = 0;    // handlers that failed
    std::int64_t slow = 0;      // handlers that took too long
    std::uint64_t reloads = 0;  // of one that was refused, too; attempts that failed included
    std::optional<LastReload> last_reload{};
};

// A plugin that is enabled and does not serve.
struct PluginTrouble {
    std::string name;
    std::string_view what;  // "quarantined"; "failed": it could not be loaded or started
};

// What check() found: one line each, as ConfigError::what() would say.
using Problems = std::vector<std::string>;

// Main thread, but for what the hub and the loops call.
class PluginHost final : public hub::EventSink, public net::ExchangeHandler {
public:
    PluginHost(HostSettings settings, hub::Hub& hub, std::vector<net::Loop*> loops, const base::Clock& clock,
               base::Metrics& metrics);
    ~PluginHost();

    // Loads and constructs every enabled plugin, and reads the declared settings of the installed ones that are not
    // enabled but have a section. Gives all problems: of files, of dependencies, of settings. With OnError::kSkip, a
    // plugin that cannot be loaded is logged and left out; wrong settings are problems always. Nothing is started.
    Problems load();
    // What plugins are told of where the server listens. Before start().
    void set_url(std::string url);
    // What plugins call by wshub_host_v1::control(). Before load().
    void set_control(ControlCall control);
    // Starts what is loaded, in dependency order. Throws base::ConfigError, after stopping what was started (or skips,
    // as configured).
    void start();
    // Has a plugin loaded anew from its file, changed or not; without a name, reads the configuration and all files
    // again and does what follows from that: loads, reloads, unloads. Soon, on another thread; what comes of it stands
    // in the log, and what cannot be done leaves everything as it was. From start() to stop(); any thread. False: no
    // such plugin.
    bool request_reload(std::string_view plugin = {});
    // The same; `tell` is called once with what came of it, on the reload thread or, if the server stops, on another.
    bool request_reload(std::string_view plugin, std::function<void(const ReloadOutcome&)> tell);
    // Whether something that was asked for, or a change of files, is not done yet. Main thread.
    bool is_reloading() const;
    // Waits until what was asked for before is done. For tests.
    void finish_reloads();
    // Names in the log what does not return: handlers, each once, which then count as slow; and steps of a reload,
    // which have no bound. To be called now and then from start() to stop(). Any thread.
    void watch_calls();
    // Stops in reverse order and unloads. The loops must still run. Afterwards no plugin code runs. Also done by the
    // destructor.
    void stop();

    // Those that run, then those that were refused. Any thread.
    std::vector<PluginInfo> plugins() const;
    // Those that are installed, but not enabled, as of the last look at the directory. Any thread.
    std::vector<PluginInfo> disabled_plugins() const;
    // After start(): any thread.
    std::vector<PluginTrouble> troubles() const;
    // What paths begin with that plugins answer, those of their channels among them.
    std::vector<std::string> http_prefixes() const;
    // Whether this is the handler for that path. Any thread.
    bool owns_path(std::string_view path) const;

    // hub::EventSink
    bool serves(std::string_view nsp) const override;
    hub::ConnectVerdict on_connect(const hub::ConnectRequest& request) override;
    void on_connected(hub::SocketHandle socket, std::string_view nsp) override;
    bool on_event(const hub::IncomingEvent& event) override;
    void on_join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) override;
    void on_leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) override;
    void on_disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) override;
    void on_reply(const hub::Reply& reply) override;

    // What their channels need of net::HttpHooks; as session::Engine.
    std::optional<unsigned> home_loop(const protocol::HttpHead& head) const;
    std::shared_ptr<void> announce(const protocol::HttpHead& head);
    // Any thread, and so is the next.
    void drain_channels(bool on);
    void close_some(session::CloseReason reason, double share);
    void begin_close(session::CloseReason reason);
    void end_close(base::milliseconds patience);

    // net::ExchangeHandler
    std::optional<net::HttpResponse> refuse_body(const protocol::HttpHead& head) override;
    void on_exchange(std::unique_ptr<net::HttpExchange> exchange) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::host
