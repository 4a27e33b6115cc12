// A plugin in the server: its image, what it registered, and the one way in which its code is called.
#pragma once

#include <wshub/abi.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "base/metrics.h"
#include "host/asks.h"
#include "host/call_scope.h"
#include "host/control.h"
#include "host/gate.h"
#include "host/image.h"
#include "host/plugin_settings.h"
#include "host/router.h"
#include "host/trouble_window.h"
#include "hub/hub.h"
#include "net/loop.h"

namespace wshub::host {

class Channels;
class HttpRoutes;
class Timers;

// What plugins are told of the server.
struct ServerInfo {
    std::string version;
    std::string state_directory;
    std::string path;
    std::string url;  // before the first start()
};

// What the host functions work with.
struct Services {
    hub::Hub& hub;
    std::vector<net::Loop*> loops;
    const base::Clock& clock;
    base::Metrics& metrics;
    base::milliseconds slow_handler;
    Timers& timers;
    HttpRoutes& http;
    const Router& router;
    Channels& channels;
    ServerInfo server{};
    Quarantine quarantine{};
    ControlCall control{};  // null: there are no operations
    // What a step of a plugin's life may take before it is named, since events may wait for it.
    std::atomic<base::milliseconds> step_patience{base::milliseconds{2'000}};
};

// Counts a version of a plugin, or (nothing) only shows the figure from now on.
enum class VersionFigure : std::uint8_t { kLoads, kReloads };
void count_version(base::Metrics& metrics, VersionFigure which, const std::string& plugin, std::optional<bool> done);

// Behind every wshub_host* that a plugin holds. Outlives the plugin's code, so that a late call of a thread that the
// plugin forgot finds something to be refused by.
class Instance : public std::enable_shared_from_this<Instance> {
public:
    enum class State : std::uint8_t {
        kCreating,  // create() runs: registering and reading settings
        kLoaded,
        kStarting,  // start() runs: everything is allowed, nothing is called yet
        kRunning,
        kStopped,
    };
    // What goes from a version to the next one.
    struct Saved {
        std::uint32_t state_version = 0;
        std::string text;
        std::map<std::string, std::string, std::less<>> vars;
    };
    // Whether the plugin is to run, or only to tell what its settings are.
    enum class Purpose : std::uint8_t { kRun, kLearnSettings };

    // `number` tells instances apart and chooses the home loop.
    Instance(Services& services, PluginFile file, PluginSettings settings, std::uint32_t number, Purpose purpose);
    ~Instance();

    // ---- one thread at a time, in this order; each throws PluginError with the reason

    void load();    // maps the image, creates the plugin
    void start();   // afterwards the gate is open
    void stop();    // nothing of the plugin is called afterwards; waits for handlers that run
    void unload();  // destroys the plugin, unmaps the image

    // ---- the steps of a reload: see Replacement

    bool pause(base::milliseconds patience);  // who comes waits; false: handlers did not come back, all is as before
    void halt();                              // paused: stops the plugin and forgets what it waits for
    Saved save();                             // halted
    void restore(const Saved& saved);         // loaded
    void begin();                             // start() without opening the gate
    void open();
    void retire(base::milliseconds patience =
                    {});  // its successor, or a table without it, is published: who waits is sent there

    // ---- any thread

    const std::string& name() const { return descriptor_.name; }
    const Descriptor& descriptor() const { return descriptor_; }
    const std::filesystem::path& path() const { return origin_.path; }
    // Where it came from; with the copy that is mapped, which is kept as long as somebody keeps this.
    const PluginFile& file() const { return origin_; }
    std::uint32_t number() const { return number_; }
    net::Loop& home_loop() const { return *services_.loops[number_ % services_.loops.size()]; }
    const std::vector<std::string>& namespaces() const { return settings_.namespaces(); }
    // Of those whose events it handles they need one; empty: none.
    const std::vector<std::string>& roles() const { return settings_.roles(); }
    Services& services() const { return services_; }
    State state() const { return state_.load(std::memory_order_acquire); }
    bool retired() const { return retired_.load(std::memory_order_acquire); }
    // That have returned since its gate was opened.
    std::int64_t calls() const { return handler_time_->count() - calls_before_.load(std::memory_order_relaxed); }
    std::int64_t failures() const { return failures_.load(std::memory_order_relaxed); }
    base::WallTime loaded_at() const { return loaded_at_; }
    // Of all versions of the plugin, since the server was started. One that runs.
    std::int64_t all_failures() const { return errors_->value(); }
    std::int64_t all_slow() const;
    // Nothing of it is called until it is loaded anew, since it failed too often.
    bool quarantined() const { return quarantined_.load(std::memory_order_relaxed); }
    // What a host function needs that acts on clients.
    bool may_act() const { return state() == State::kStarting || state() == State::kRunning; }
    const std::vector<Registration>& registrations() const { return registrations_; }

    // A handler of it that does not return counts as one that was slow. By who has claimed the call.
    void count_standstill(const RunningCall& call);

    // Calls a handler, unless the plugin is not running. Inside a Visit only.
    std::int32_t call(wshub_slot slot, const void* data, const CallScope& scope);

    // Being let in: holds off stop() until it is over.
    class Visit {
    public:
        explicit Visit(Instance& instance) : pass_(instance.gate_) {}
        explicit operator bool() const { return static_cast<bool>(pass_); }

    private:
        Gate::Pass pass_;
    };
    // One of ON_REPLY, in the namespace of its session. Where call() may be called.
    void call_reply(wshub_slot slot, const wshub_reply& reply);
    void count_event() { events_in_->add(); }
    base::Counter* events_out() const { return events_out_; }  // what it emits, each receiver counted

    // What clients owe it.
    Asks& asks() { return asks_; }

    // ---- what the plugin asks for by way of host functions

    std::int32_t add_handler(Registration registration);  // in create()
    PluginSettings& settings() { return settings_; }      // in create()
    std::int32_t add_metric(std::uint32_t kind, std::string_view name, std::string_view help, std::string_view labels,
                            std::uint64_t& id);  // in create()
    void add_to_metric(std::uint64_t id, double by);
    void set_metric(std::uint64_t id, double to);

    // Variables of the plugin. Any thread.
    bool read_var(std::string_view key, std::string& json) const;
    void set_var(std::string_view key, std::string_view json);  // empty: erases
    std::map<std::string, std::string, std::less<>> vars() const;
    void set_vars(std::map<std::string, std::string, std::less<>> vars);

private:
    using Figure = std::variant<std::monostate, base::Counter*, base::Gauge*>;

    // Around each call of the plugin that is none of a handler.
    class Step;

    const wshub_plugin_v1& functions() const { return image_->functions(); }
    wshub_host* handle() { return reinterpret_cast<wshub_host*>(this); }
    void report_failure(const CallScope& scope, std::int32_t code, std::string_view reason);
    void report_slow(const CallScope& scope, wshub_slot slot, std::chrono::nanoseconds took, bool known);
    struct SlowFigures {
        base::Counter* count = nullptr;
        base::TimeCounter* time = nullptr;
    };
    SlowFigures slow_figures(std::uint32_t kind, std::string_view name) const;
    SlowFigures slow_figures(std::uint32_t kind, wshub_slot slot, std::string_view what) const;
    void count_trouble();
    void stop_it();
    void give_asks_back();
    void forget_what_waits(const hub::ConnectVerdict& for_held);

    Services& services_;
    const PluginFile origin_;
    const Descriptor& descriptor_ = origin_.descriptor;
    PluginSettings settings_;
    const std::uint32_t number_;
    const Purpose purpose_;

    std::unique_ptr<Image> image_;
    void* self_ = nullptr;
    base::WallTime loaded_at_{};
    std::atomic<State> state_{State::kCreating};
    std::atomic<bool> retired_{false};
    std::atomic<bool> quarantined_{false};
    bool stuck_ = false;  // a handler never came back: the plugin stays where it is
    Gate gate_;
    std::mutex serial_;  // around each call, if the plugin wants that

    std::vector<Registration> registrations_;  // unchanged from load() on
    std::vector<SlowFigures> slow_figures_;    // of each registration; unchanged from load() on
    std::vector<Figure> figures_;              // unchanged from load() on
    base::Counter* events_in_ = nullptr;
    base::Counter* events_out_ = nullptr;
    base::Counter* errors_ = nullptr;
    base::Histogram* handler_time_ = nullptr;  // of all versions of the plugin
    base::Gauge* in_quarantine_ = nullptr;
    base::LogLimit error_limit_, slow_limit_;
    std::atomic<std::int64_t> calls_before_{0};  // that versions before this one have handled
    std::atomic<std::int64_t> failures_{0};
    TroubleWindow trouble_;
    Asks asks_;

    mutable std::mutex vars_mutex_;
    std::map<std::string, std::string, std::less<>> vars_;
};

// What a host function is called with is what create() was given.
inline Instance* instance_of(wshub_host* host) {
    return reinterpret_cast<Instance*>(host);
}

}  // namespace wshub::host
