#include "host/instance.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "base/log.h"
#include "base/metrics_text.h"
#include "host/abi_text.h"
#include "host/channels.h"
#include "host/host_api.h"
#include "host/http_routes.h"
#include "host/timers.h"
#include "protocol/utf8.h"

namespace wshub::host {
namespace {

using namespace std::chrono_literals;

constexpr base::milliseconds kStopPatience{5'000};

// From a handler that only looks something up to one that holds up everybody on its loop.
constexpr std::array<std::chrono::nanoseconds, 14> kHandlerTimes{1us, 5us,  10us, 50us,  100us, 500us, 1ms,
                                                                 5ms, 10ms, 50ms, 100ms, 500ms, 1s,    5s};

// Where a plugin writes why it failed.
class ErrorText {
public:
    ErrorText() { text_[0] = '\0'; }  // the rest is only looked at if the plugin wrote it
    wshub_err* out() { return &error_; }
    std::string_view text() const { return std::string_view(text_.data(), ::strnlen(text_.data(), text_.size())); }
    std::string printable() const {
        return text_[0] == '\0' ? "it gave no reason" : base::log::printable(text(), text_.size());
    }

private:
    std::array<char, 512> text_;
    wshub_err error_{0, static_cast<std::uint32_t>(text_.size()), text_.data()};
};

// Whether the plugin's table reaches as far as save() and what belongs to it.
bool has_state(const wshub_plugin_v1& functions) {
    return functions.size >= offsetof(wshub_plugin_v1, state_version) + sizeof functions.state_version;
}

base::milliseconds in_milliseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<base::milliseconds>(time);
}

bool is_handler_name(std::uint32_t kind, std::string_view name) {
    switch (kind) {
        case WSHUB_ON_EVENT:
        case WSHUB_ON_JOIN:
        case WSHUB_ON_LEAVE: return !name.empty() && name.find('*') >= name.size() - 1;  // a star at the end only
        case WSHUB_ON_CONNECT:
        case WSHUB_ON_CONNECTED:
        case WSHUB_ON_DISCONNECT: return name.empty();
        case WSHUB_ON_HTTP: return HttpTable::is_route(name);
        case WSHUB_ON_CHANNEL: return Channels::is_path(name);
        default: return false;
    }
}

constexpr std::string_view kSlowTotal = "wshub_plugin_slow_total";

// How well a handler's name says what it is called with; 0: not at all. A route is registered with its method.
std::size_t fit(const Registration& handler, std::string_view what) {
    std::string_view name = handler.name;
    if (handler.kind == WSHUB_ON_HTTP) name.remove_prefix(name.find(' ') + 1);
    if (name == what) return SIZE_MAX;
    return matches(name, what) ? name.size() + 1 : 0;
}

}  // namespace

void count_version(base::Metrics& metrics, VersionFigure which, const std::string& plugin, std::optional<bool> done) {
    const bool loads = which == VersionFigure::kLoads;
    const char* const name = loads ? "wshub_plugin_loads_total" : "wshub_plugin_reloads_total";
    const char* const help =
        loads ? "Versions of a plugin that were loaded, at reloads too" : "Versions of a plugin that were to take over";
    for (const bool result : {true, false}) {
        const std::string labels = "plugin=\"" + plugin + "\",result=\"" + (result ? "done" : "failed") + "\"";
        base::Counter* const counter = metrics.counter(name, help, labels);
        if (counter && done == result) counter->add();
    }
}

// For the crash report, and for who watches; when it is over it says itself that it took long.
class Instance::Step {
public:
    Step(const Instance& instance, const char* name)
        : instance_(instance),
          scope_(scope_of(instance, name)),
          begin_(instance.services_.clock.steady()),
          here_(scope_, 0, &instance.services_, instance.number_, begin_) {}
    ~Step() {
        const base::milliseconds took = in_milliseconds(instance_.services_.clock.steady() - begin_);
        if (!here_.leave() && took < instance_.services_.step_patience.load()) return;
        base::log::warn("plugin step was slow plugin={} version={} step={} took={}ms", instance_.name(),
                        instance_.descriptor_.version, scope_.step, took.count());
    }
    Step(const Step&) = delete;

private:
    static CallScope scope_of(const Instance& instance, const char* name) {
        CallScope scope;
        scope.plugin = instance.name().c_str();
        scope.step = name;
        return scope;
    }

    const Instance& instance_;
    const CallScope scope_;
    const base::SteadyTime begin_;
    EnterCall here_;
};

Instance::Instance(Services& services, PluginFile file, PluginSettings settings, std::uint32_t number, Purpose purpose)
    : services_(services),
      origin_(std::move(file)),
      settings_(std::move(settings)),
      number_(number),
      purpose_(purpose),
      trouble_(services.quarantine) {}

Instance::~Instance() = default;

void Instance::load() {
    if (purpose_ == Purpose::kRun) {
        const std::string label = "plugin=\"" + name() + "\"";
        events_in_ = services_.metrics.counter("wshub_plugin_events_in_total", "Events that a plugin handled", label);
        events_out_ = services_.metrics.counter("wshub_plugin_events_out_total",
                                                "Events that a plugin emitted, each receiver counted", label);
        errors_ = services_.metrics.counter("wshub_plugin_errors_total", "Handlers of a plugin that failed", label);
        handler_time_ = services_.metrics.histogram("wshub_handler_seconds",
                                                    "How long handlers of a plugin took, those that block included",
                                                    kHandlerTimes, label);
        in_quarantine_ = services_.metrics.gauge(
            "wshub_plugin_quarantined", "1 while a plugin is not called any more, since it failed too often", label);
        // Shown from the start, counted by reloads.
        services_.metrics.counter("wshub_plugin_rollbacks_total", "New versions that failed too often", label);
        services_.metrics.gauge("wshub_plugin_reload_closed_seconds", "How long events waited at the last reload",
                                label);
    }
    {
        const Step step(*this, "load");
        image_ = std::make_unique<Image>(origin_);
    }
    loaded_at_ = services_.clock.wall();
    ErrorText error;
    {
        const Step step(*this, "create");
        self_ = functions().create(handle(), &host_functions(), error.out());
    }
    if (!self_) {
        state_.store(State::kStopped, std::memory_order_release);
        image_.reset();
        throw PluginError("refused to start: " + error.printable());
    }
    state_.store(State::kLoaded, std::memory_order_release);
    if (purpose_ != Purpose::kRun) return;
    for (const Registration& each : registrations_) slow_figures_.push_back(slow_figures(each.kind, each.name));
    count_version(services_.metrics, VersionFigure::kLoads, name(), true);
    count_version(services_.metrics, VersionFigure::kReloads, name(), std::nullopt);
}

void Instance::start() {
    begin();
    open();
}

void Instance::begin() {
    state_.store(State::kStarting, std::memory_order_release);
    ErrorText error;
    const auto start_it = [&] {
        const Step step(*this, "start");
        return functions().start(self_, error.out());
    };
    if (functions().start && start_it() < 0) {
        stop();
        throw PluginError("start failed: " + error.printable());
    }
    state_.store(State::kRunning, std::memory_order_release);
}

void Instance::open() {
    in_quarantine_->set(0);
    calls_before_.store(handler_time_->count(), std::memory_order_relaxed);
    gate_.open();
    services_.timers.release(*this);
}

void Instance::stop() {
    if (!may_act()) {
        state_.store(State::kStopped, std::memory_order_release);
        return;
    }
    stuck_ = !gate_.shut(kStopPatience);
    if (stuck_) {
        base::log::error("plugin {}: a handler did not come back within {}, it is left as it is", name(),
                         base::format_duration(kStopPatience));
    } else {
        give_asks_back();
        stop_it();
    }
    state_.store(State::kStopped, std::memory_order_release);
    services_.channels.drop(name());
    forget_what_waits(retired() ? hub::ConnectVerdict::closing()
                                : hub::ConnectVerdict::refusal("Server is shutting down"));
}

// Their answers would find another version, or nobody.
void Instance::give_asks_back() {
    if (state() != State::kRunning) return;
    for (const Asks::Owed& owed : asks_.take_all()) {
        wshub_reply given{};
        given.size = sizeof given;
        given.status = WSHUB_REPLY_TIMEOUT;
        given.session = owed.session;
        given.cookie = owed.question.cookie;
        call_reply(owed.question.slot, given);
    }
}

void Instance::call_reply(wshub_slot slot, const wshub_reply& reply) {
    std::string nsp;
    services_.hub.read(reply.session, [&nsp](const hub::SocketRecord& record) { nsp = record.nsp; });
    CallScope scope;
    scope.kind = WSHUB_ON_REPLY;
    scope.nsp = nsp;
    scope.socket = reply.session;
    scope.plugin = name().c_str();
    call(slot, &reply, scope);
}

void Instance::stop_it() {
    if (!functions().stop) return;
    const Step step(*this, "stop");
    functions().stop(self_);
}

void Instance::forget_what_waits(const hub::ConnectVerdict& for_held) {
    services_.timers.drop(*this);
    services_.http.drop(*this);
    services_.hub.refuse_held(number_, for_held);
}

bool Instance::pause(base::milliseconds patience) {
    return gate_.pause(patience);
}

// Who is held is closed, not refused: a client that is told an error does not come back by itself.
void Instance::halt() {
    give_asks_back();
    stop_it();
    state_.store(State::kStopped, std::memory_order_release);
    forget_what_waits(hub::ConnectVerdict::closing());
}

Instance::Saved Instance::save() {
    Saved saved;
    saved.vars = vars();
    if (!has_state(functions()) || !functions().save) return saved;
    ErrorText error;
    const wshub_sink sink{
        [](void* user, const char* p, std::size_t n) { static_cast<std::string*>(user)->append(p, n); }, &saved.text};
    const Step step(*this, "save");
    if (functions().save(self_, &sink, error.out()) < 0) throw PluginError("save failed: " + error.printable());
    saved.state_version = functions().state_version;
    return saved;
}

void Instance::restore(const Saved& saved) {
    set_vars(saved.vars);
    if (saved.text.empty() || !has_state(functions()) || !functions().restore) return;
    ErrorText error;
    const Step step(*this, "restore");
    if (functions().restore(self_, saved.state_version, str(saved.text), error.out()) < 0) {
        throw PluginError("restore failed: " + error.printable());
    }
}

// Nobody is inside: it was paused, or is waited for.
void Instance::retire(base::milliseconds patience) {
    retired_.store(true, std::memory_order_release);
    gate_.shut(patience);
}

void Instance::unload() {
    if (stuck_) {
        static_cast<void>(image_.release());  // code is running in it
        return;
    }
    if (self_) {
        const Step step(*this, "destroy");
        functions().destroy(std::exchange(self_, nullptr));
    }
    if (image_) {
        const Step step(*this, "unload");
        image_.reset();
    }
}

std::int32_t Instance::call(wshub_slot slot, const void* data, const CallScope& scope) {
    if (quarantined()) return WSHUB_EINTERNAL;
    ErrorText error;
    std::unique_lock serial(serial_, std::defer_lock);
    if (descriptor_.serial) serial.lock();
    const base::SteadyTime begin = services_.clock.steady();
    EnterCall here(scope, slot, &services_, number_, begin);
    const std::int32_t code = functions().call(self_, scope.kind, slot, data, error.out());
    const std::chrono::nanoseconds took = services_.clock.steady() - begin;
    const bool known = here.leave();
    handler_time_->observe(took);
    if (known || (took > services_.slow_handler && !scope.blocking)) report_slow(scope, slot, took, known);
    if (code < 0) report_failure(scope, code, error.printable());
    return code;
}

// The reason stays here: it may hold what no client should see.
void Instance::report_failure(const CallScope& scope, std::int32_t code, std::string_view reason) {
    errors_->add();
    failures_.fetch_add(1, std::memory_order_relaxed);
    count_trouble();
    const auto left_out = error_limit_.take(services_.clock.steady());
    if (!left_out) return;
    base::log::error("plugin handler failed plugin={} handler={} name={} code={} reason=\"{}\" left_out={}", name(),
                     kind_name(scope.kind), base::log::printable(scope.what), code, reason, *left_out);
}

// `known`: told of while it ran, and counted.
void Instance::report_slow(const CallScope& scope, wshub_slot slot, std::chrono::nanoseconds took, bool known) {
    const SlowFigures figures = slow_figures(scope.kind, slot, scope.what);
    figures.time->add(took);
    if (!known) {
        figures.count->add();
        count_trouble();
    }
    auto left_out = slow_limit_.take(services_.clock.steady());
    if (known && !left_out) left_out = 0;
    if (!left_out) return;
    base::log::warn("plugin handler was slow plugin={} handler={} name={} took={} left_out={}", name(),
                    kind_name(scope.kind), base::log::printable(scope.what),
                    base::format_duration(in_milliseconds(took)), *left_out);
}

void Instance::count_standstill(const RunningCall& call) {
    slow_figures(call.kind, call.handler, call.what).count->add();
    count_trouble();
}

std::int64_t Instance::all_slow() const {
    return static_cast<std::int64_t>(services_.metrics.total(kSlowTotal, base::metric_label("plugin", name())));
}

// Of one handler. The name is one that the plugin registered, none that clients chose, so that there are only so many.
Instance::SlowFigures Instance::slow_figures(std::uint32_t kind, std::string_view handler) const {
    const std::string labels = base::metric_label("plugin", name()) + "," +
                               base::metric_label("handler", kind_name(kind)) + "," +
                               base::metric_label("name", handler);
    return {services_.metrics.counter(kSlowTotal, "Calls of a plugin's handler that took too long", labels),
            services_.metrics.seconds("wshub_plugin_slow_seconds_total",
                                      "Time in calls of a plugin's handler that took too long", labels)};
}

// Slots are the plugin's: handlers of several names may share one, and then the name that fits best is meant. What is
// not registered, as a timer, has none.
Instance::SlowFigures Instance::slow_figures(std::uint32_t kind, wshub_slot slot, std::string_view what) const {
    std::size_t found = registrations_.size(), best = 0;
    for (std::size_t i = 0; i < registrations_.size(); ++i) {
        const Registration& each = registrations_[i];
        if (each.kind != kind || each.slot != slot) continue;
        if (found == registrations_.size() || fit(each, what) > best) found = i, best = fit(each, what);
    }
    return found < registrations_.size() ? slow_figures_[found] : slow_figures(kind, {});
}

void Instance::count_trouble() {
    if (!trouble_.add(services_.clock.steady()) || quarantined_.exchange(true)) return;
    in_quarantine_->set(1);
    base::log::error(
        "plugin {}: {} failures or slow handlers within {}: in quarantine, its events are answered with INTERNAL until "
        "it is reloaded",
        name(), services_.quarantine.limit, base::format_duration(services_.quarantine.window));
}

std::int32_t Instance::add_handler(Registration registration) {
    if (state() != State::kCreating) return WSHUB_ESTATE;
    if (!is_handler_name(registration.kind, registration.name)) return WSHUB_EINVAL;
    registrations_.push_back(std::move(registration));
    return WSHUB_OK;
}

std::int32_t Instance::add_metric(std::uint32_t kind, std::string_view name, std::string_view help,
                                  std::string_view labels, std::uint64_t& id) {
    if (state() != State::kCreating) return WSHUB_ESTATE;
    const bool taken = name.substr(0, 6) == "wshub_" || name.substr(0, 8) == "process_";
    if (taken || !protocol::is_utf8(help) || !protocol::is_utf8(labels) ||
        (kind != WSHUB_COUNTER && kind != WSHUB_GAUGE))
        return WSHUB_EINVAL;
    Figure figure;
    if (purpose_ == Purpose::kRun) {
        std::string all = "plugin=\"" + this->name() + "\"";
        if (!labels.empty()) all += "," + std::string(labels);
        base::Counter* counter = kind == WSHUB_COUNTER ? services_.metrics.counter(name, help, all) : nullptr;
        base::Gauge* gauge = kind == WSHUB_GAUGE ? services_.metrics.gauge(name, help, all) : nullptr;
        if (counter) figure = counter;
        if (gauge) figure = gauge;
        if (!counter && !gauge) return WSHUB_EINVAL;
    }
    figures_.push_back(figure);
    id = figures_.size();
    return WSHUB_OK;
}

void Instance::add_to_metric(std::uint64_t id, double by) {
    if (id == 0 || id > figures_.size() || !std::isfinite(by)) return;
    const Figure& figure = figures_[id - 1];
    if (const auto* counter = std::get_if<base::Counter*>(&figure)) {
        constexpr double kMost = 1e15;
        if (by > 0) (*counter)->add(static_cast<std::int64_t>(std::min(by, kMost)));
    } else if (const auto* gauge = std::get_if<base::Gauge*>(&figure)) {
        (*gauge)->add(by);
    }
}

void Instance::set_metric(std::uint64_t id, double to) {
    if (id == 0 || id > figures_.size()) return;
    if (const auto* gauge = std::get_if<base::Gauge*>(&figures_[id - 1])) (*gauge)->set(to);
}

bool Instance::read_var(std::string_view key, std::string& json) const {
    const std::lock_guard lock(vars_mutex_);
    const auto found = vars_.find(key);
    if (found == vars_.end()) return false;
    json = found->second;
    return true;
}

std::map<std::string, std::string, std::less<>> Instance::vars() const {
    const std::lock_guard lock(vars_mutex_);
    return vars_;
}

void Instance::set_vars(std::map<std::string, std::string, std::less<>> vars) {
    const std::lock_guard lock(vars_mutex_);
    vars_ = std::move(vars);
}

void Instance::set_var(std::string_view key, std::string_view json) {
    const std::lock_guard lock(vars_mutex_);
    if (json.empty()) {
        const auto found = vars_.find(key);
        if (found != vars_.end()) vars_.erase(found);
    } else {
        vars_.insert_or_assign(std::string(key), std::string(json));
    }
}

}  // namespace wshub::host
