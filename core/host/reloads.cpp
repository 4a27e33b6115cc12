// Changes of what runs: new versions, new plugins, plugins that go, settings. On the reload thread, one change at a
// time; whatever cannot be done leaves what runs as it was, and one line in the log says why.
//
// A version takes over in these steps; only the middle ones let clients wait:
//   the file read whole and looked into, tried in a child process, copied, mapped, created with its settings
//   gate paused | old stopped, its state saved | restored, new started | table published | who waited goes to the new
//   old destroyed and unmapped
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <utility>

#include "base/log.h"
#include "host/dependency_order.h"
#include "host/plugin_host_impl.h"

namespace wshub::host {
namespace {

// A version that was called a few times only has not failed often, whatever the share.
constexpr std::int64_t kFewestFailures = 3;

bool names(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

// For the test that proves that the gate is needed: without it, events must be lost there.
bool gate_stays_open() {
    return std::getenv("WSHUB_TEST_OPEN_GATE") != nullptr;
}

// A plugin that could not be unmapped would stay with its variables, and the new version would share them.
void check_reloadable(const PluginFile& file) {
    if (!file.facts.unique.empty()) {
        throw PluginError("it exports " + file.facts.unique.front() +
                          " as STB_GNU_UNIQUE, so that versions would be mixed: build with -fno-gnu-unique and the "
                          "SDK's version script");
    }
    if (file.facts.static_tls) {
        throw PluginError(
            "it uses static thread-local storage, which runs out: build without -ftls-model=initial-exec");
    }
}

}  // namespace

// A plugin to be loaded, instead of its running version if there is one.
struct PluginHost::Impl::Candidate {
    std::string name;
    PluginFile file;
    std::shared_ptr<Instance> old, fresh;
    std::string error;  // why it stays as it is
};

bool PluginHost::Impl::request_reload(std::string_view plugin, std::function<void(const ReloadOutcome&)> tell) {
    ReloadRequest request;  // goes behind the lock: it may tell that it came too late
    const std::lock_guard lock(mutex);
    if (!reloads) return false;
    if (plugin.empty()) {
        request.configuration = true;
    } else {
        if (!running(plugin)) return false;
        request.plugins.insert(std::string(plugin));
    }
    if (tell) request.waiters.push_back(std::make_shared<ReloadWaiter>(std::string(plugin), std::move(tell)));
    reloads->request(request);
    return true;
}

std::shared_ptr<Instance> PluginHost::Impl::running(std::string_view name) const {
    const auto found =
        std::find_if(instances.begin(), instances.end(), [name](const auto& each) { return each->name() == name; });
    return found == instances.end() ? nullptr : *found;
}

void PluginHost::Impl::set_instances(Instances now) {
    const std::lock_guard lock(mutex);
    instances = std::move(now);
}

// ---- what is to be done

void PluginHost::Impl::reload(const ReloadRequest& request) {
    outcome = {};
    reload_as_asked(request);
    for (const auto& waiter : request.waiters) waiter->tell(outcome);
}

void PluginHost::Impl::reload_as_asked(const ReloadRequest& request) {
    reloading = true;
    const HostSettings before = settings;
    if (!request.configuration || read_configuration_again()) {
        try {
            reload_files(request, before);
        } catch (const PluginError& error) {  // of the directory
            note_problem({}, std::string("plugins were not reloaded: ") + error.what());
            settings = before;
        }
    }
    reloading = false;
}

bool PluginHost::Impl::read_configuration_again() {
    if (!settings.read_again) return true;
    std::vector<std::string> errors;
    std::optional<HostSettings> read = settings.read_again(errors);
    for (std::string& error : errors) outcome.problems.push_back({{}, std::move(error)});
    if (!read) return false;
    settings.enabled = std::move(read->enabled);
    settings.plugin_settings = std::move(read->plugin_settings);
    settings.plugin_sections = std::move(read->plugin_sections);
    settings.rollback_window = read->rollback_window;
    settings.rollback_errors = read->rollback_errors;
    settings.reload_patience = read->reload_patience;
    services.step_patience = settings.reload_patience;
    return true;
}

void PluginHost::Impl::reload_files(const ReloadRequest& request, HostSettings before) {
    const Catalog catalog(settings.directory);
    std::vector<Candidate> candidates = candidates_of(request, catalog);
    for (Candidate& candidate : candidates) prepare(candidate);

    // Settings are right all together, or nothing of them is taken.
    if (request.configuration) check_other_sections(&catalog);
    const Problems wrong = std::exchange(problems, {});
    if (request.configuration && !wrong.empty()) {
        for (const std::string& problem : wrong) note_problem({}, problem);
        base::log::error("the configuration has errors ({}): nothing was changed", wrong.size());
        for (const Candidate& candidate : candidates) {
            if (candidate.fresh) candidate.fresh->unload();
        }
        settings = std::move(before);
        return;
    }
    for (const std::string& problem : wrong) note_problem({}, problem);

    for (const auto& instance : Instances(instances)) {
        if (!names(settings.enabled, instance->name())) {
            remove(instance, "it is not enabled any more");
        } else if (!std::filesystem::exists(instance->path()) && !catalog.find(instance->name()).file) {
            remove(instance, "its file was removed");
        }
    }
    for (Candidate& candidate : candidates) put_in_place(candidate);
    forget_refused();
    put_in_order();
    learn_disabled(catalog);
}

// Those that run now, or that nobody wants any more.
void PluginHost::Impl::forget_refused() {
    const std::lock_guard lock(mutex);
    std::erase_if(refused, [this](const PluginInfo& each) {
        return running(each.name) != nullptr || !names(settings.enabled, each.name);
    });
}

std::vector<PluginHost::Impl::Candidate> PluginHost::Impl::candidates_of(const ReloadRequest& request,
                                                                         const Catalog& catalog) {
    std::vector<Candidate> candidates;
    for (const std::string& name : settings.enabled) {
        Candidate candidate;
        candidate.name = name;
        candidate.old = running(name);
        const Catalog::Found found = catalog.find(name);
        const bool asked = request.plugins.count(name) != 0;
        if (!asked && !request.configuration && !request.all_files && request.files.count(found.path) == 0) continue;
        if (!found.file) {
            const bool gone = !std::filesystem::exists(found.path);
            if (gone && (candidate.old || !request.configuration)) continue;
            candidate.file.path = found.path;
            candidate.error = found.error;
            candidates.push_back(std::move(candidate));
            continue;
        }
        if (!asked && candidate.old && is_settled(*candidate.old, *found.file)) continue;
        candidate.file = *found.file;
        candidates.push_back(std::move(candidate));
    }
    // Those that others require come first.
    std::vector<const Descriptor*> descriptors;
    for (const Candidate& candidate : candidates) descriptors.push_back(&candidate.file.descriptor);
    std::vector<Candidate> sorted;
    const DependencyOrder order = order_by_dependency(descriptors);
    for (const std::size_t index : order.order) sorted.push_back(candidates[index]);
    for (const auto& [index, reason] : order.refused) sorted.push_back(candidates[index]);
    return sorted;
}

// Whether the running version is to stay: it is what is wanted, or what is wanted was tried and rolled back. What it
// runs with counts, not what was configured last: that may never have come to be.
bool PluginHost::Impl::is_settled(Instance& old, const PluginFile& file) {
    const std::string& name = old.name();
    const auto wanted = settings_of(name).texts();
    const auto bad = given_up.find(name);
    if (old.file().fingerprint == file.fingerprint && old.settings().texts() == wanted) {
        if (given_up.erase(name) != 0) {
            base::log::info("plugin {}: what is configured is what runs again, nothing is to be done", name);
        }
        return !old.quarantined();
    }
    if (bad == given_up.end() || bad->second.fingerprint != file.fingerprint || bad->second.settings != wanted) {
        return false;
    }
    std::string text = "plugin " + name + ": version " + bad->second.version +
                       " with the settings that it has now was rolled back and is not tried again; version " +
                       old.descriptor().version +
                       " serves on until the file or the settings change, or it is reloaded by name";
    if (!std::exchange(bad->second.told, true)) base::log::warn("{}", text);
    outcome.problems.push_back({name, std::move(text)});
    return true;
}

// All that can be done while the running version serves.
void PluginHost::Impl::prepare(Candidate& candidate) {
    if (!candidate.error.empty()) return;
    std::shared_ptr<Instance> fresh;
    try {
        const PluginFile mapped = to_map(candidate.file);
        check_reloadable(mapped);
        probe(mapped);
        fresh = std::make_shared<Instance>(services, mapped, settings_of(candidate.name), ++last_number,
                                           Instance::Purpose::kRun);
        fresh->load();
        const Problems wrong = fresh->settings().problems();
        problems.insert(problems.end(), wrong.begin(), wrong.end());
        if (!wrong.empty()) throw PluginError("its settings are wrong");
        candidate.fresh = std::move(fresh);
    } catch (const PluginError& error) {
        candidate.error = error.what();
        if (fresh) fresh->unload();
    }
}

// ---- doing it

void PluginHost::Impl::put_in_place(Candidate& candidate) {
    const std::shared_ptr<Instance> old = candidate.old, fresh = candidate.fresh;
    try {
        if (!candidate.error.empty()) throw PluginError(candidate.error);
        if (const std::string wrong = requirement_problem(fresh->descriptor()); !wrong.empty())
            throw PluginError(wrong);
        check_routes(*fresh);
        if (old) {
            put_on_trial(old, fresh);
        } else {
            add(fresh);
        }
        given_up.erase(candidate.name);
        note_reload(candidate.name, "done");
        note_change(candidate.name, old ? "reloaded" : "loaded", fresh->descriptor().version,
                    old ? old->descriptor().version : "");
    } catch (const PluginError& error) {
        if (fresh) fresh->unload();
        note_reload(candidate.name, "failed", error.what());
        if (!running(candidate.name)) remember_refused(candidate.name, candidate.file.path, error.what());
        std::string text = "plugin " + candidate.name + ": " + candidate.file.path.string() + " was not loaded: ";
        text += error.what();
        if (old) text += "; version " + old->descriptor().version + " serves on";
        note_problem(candidate.name, std::move(text));
    }
}

void PluginHost::Impl::put_on_trial(const std::shared_ptr<Instance>& old, const std::shared_ptr<Instance>& fresh) {
    Trial trial{fresh, old->file(), {}, old->settings().given(), {}};
    // One that has not proved itself is nothing to go back to: then it is the one before that.
    const auto unproved =
        std::find_if(trials.begin(), trials.end(), [&](const Trial& each) { return each.instance == old; });
    const std::optional<Trial> earlier = unproved == trials.end() ? std::nullopt : std::optional(*unproved);
    replace(old, fresh, trial.saved, false);
    if (earlier) {
        trial = *earlier;
        trial.instance = fresh;
    }
    trial.until = services.clock.steady() + settings.rollback_window;
    if (settings.rollback_window > base::milliseconds::zero() && trial.before.copy) trials.push_back(std::move(trial));
}

// Of the plugin itself, and of those that require it.
std::string PluginHost::Impl::requirement_problem(const Descriptor& fresh) const {
    for (const Requirement& requirement : fresh.requirements) {
        const auto other = running(requirement.name);
        if (!other) return "requires " + requirement.name + ", which does not run";
        if (!version_at_least(other->descriptor().version, requirement.least)) {
            return "requires " + requirement.name + ">=" + requirement.least + ", but it is " +
                   other->descriptor().version;
        }
    }
    for (const auto& other : instances) {
        for (const Requirement& requirement : other->descriptor().requirements) {
            if (requirement.name == fresh.name && !version_at_least(fresh.version, requirement.least)) {
                return "it is version " + fresh.version + ", and " + other->name() + " requires " + fresh.name +
                       ">=" + requirement.least;
            }
        }
    }
    return {};
}

void PluginHost::Impl::add(const std::shared_ptr<Instance>& fresh) {
    const auto was_here = left.find(fresh->name());
    if (was_here != left.end()) fresh->restore(was_here->second);
    fresh->start();
    left.erase(fresh->name());
    Instances now = instances;
    now.push_back(fresh);
    set_instances(std::move(now));
    publish();
    base::log::info("plugin started name={} version={} file={} build=\"{}\"", fresh->name(),
                    fresh->descriptor().version, fresh->path().string(), fresh->descriptor().build);
}

// `use_saved`: the new one gets `saved`; otherwise what the old one saves, which is put there.
void PluginHost::Impl::replace(const std::shared_ptr<Instance>& old, const std::shared_ptr<Instance>& fresh,
                               Instance::Saved& saved, bool use_saved) {
    Instances now = instances;
    std::replace(now.begin(), now.end(), old, fresh);
    const auto table = table_of(now);

    const base::SteadyTime closed = services.clock.steady();
    if (!gate_stays_open() && !old->pause(settings.reload_patience)) {
        throw PluginError("a handler of the running version did not come back within " +
                          base::format_duration(settings.reload_patience) + " ([plugins] reload_patience)");
    }
    try {
        if (old->may_act()) old->halt();
        if (!use_saved) saved = old->save();
        fresh->restore(saved);
        fresh->begin();
    } catch (const PluginError&) {
        serve_on(old);
        throw;
    }
    fresh->open();
    router.publish(table);
    old->retire(gate_stays_open() ? settings.reload_patience : base::milliseconds::zero());
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(services.clock.steady() - closed).count();

    set_instances(std::move(now));
    const std::string label = "plugin=\"" + fresh->name() + "\"";
    if (auto* const gauge = services.metrics.gauge("wshub_plugin_reload_closed_seconds",
                                                   "How long events waited at the last reload", label)) {
        gauge->set(static_cast<double>(took) / 1e6);
    }
    base::log::info("plugin reloaded name={} version={} before={} events_waited={}us file={} build=\"{}\"",
                    fresh->name(), fresh->descriptor().version, old->descriptor().version, took, fresh->path().string(),
                    fresh->descriptor().build);
    unload(old);
}

void PluginHost::Impl::serve_on(const std::shared_ptr<Instance>& old) {
    try {
        old->begin();
        old->open();
    } catch (const PluginError& error) {
        base::log::error("plugin {}: version {} could not be started again: {}", old->name(), old->descriptor().version,
                         error.what());
        Instances now = instances;
        std::erase(now, old);
        set_instances(std::move(now));
        publish();
        old->retire();
        unload(old);
    }
}

// Variables and state are kept, should it come back.
void PluginHost::Impl::remove(const std::shared_ptr<Instance>& instance, std::string_view reason) {
    for (const auto& other : instances) {
        for (const Requirement& requirement : other->descriptor().requirements) {
            if (requirement.name != instance->name() || !names(settings.enabled, other->name())) continue;
            note_problem(instance->name(), "plugin " + instance->name() + " runs on, although " + std::string(reason) +
                                               ": " + other->name() + " requires it");
            return;
        }
    }
    Instances now = instances;
    std::erase(now, instance);
    set_instances(std::move(now));
    publish();
    const bool paused = instance->pause(settings.reload_patience);
    if (paused) {
        if (instance->may_act()) instance->halt();
        try {
            left[instance->name()] = instance->save();
        } catch (const PluginError& error) {
            base::log::error("plugin {}: {}", instance->name(), error.what());
        }
    }
    instance->retire();
    if (!paused) instance->stop();
    base::log::info("plugin unloaded name={} version={} reason=\"{}\"", instance->name(),
                    instance->descriptor().version, reason);
    note_change(instance->name(), "unloaded", instance->descriptor().version);
    given_up.erase(instance->name());
    unload(instance);
}

void PluginHost::Impl::unload(const std::shared_ptr<Instance>& instance) {
    std::erase_if(trials, [&](const Trial& trial) { return trial.instance == instance; });
    channels.follow(instance->name());
    instance->unload();
}

// The order in which handlers run is that of [plugins] enabled, as far as requirements let it be.
void PluginHost::Impl::put_in_order() {
    Instances sorted;
    for (const std::string& name : settings.enabled) {
        if (const auto instance = running(name)) sorted.push_back(instance);
    }
    for (const auto& instance : instances) {
        if (!names(settings.enabled, instance->name())) sorted.push_back(instance);  // required by another
    }
    std::vector<const Descriptor*> descriptors;
    for (const auto& instance : sorted) descriptors.push_back(&instance->descriptor());
    const DependencyOrder order = order_by_dependency(descriptors);
    if (!order.refused.empty()) return;
    Instances now;
    for (const std::size_t index : order.order) now.push_back(sorted[index]);
    if (now == instances) return;
    set_instances(std::move(now));
    publish();
}

void PluginHost::Impl::note_problem(const std::string& plugin, std::string text) {
    base::log::error("{}", text);
    outcome.problems.push_back({plugin, std::move(text)});
}

void PluginHost::Impl::note_change(const std::string& plugin, std::string_view what, const std::string& version,
                                   const std::string& before) {
    outcome.changes.push_back({plugin, std::string(what), version, before});
}

void PluginHost::Impl::note_reload(const std::string& plugin, std::string_view result, const std::string& reason) {
    {
        const std::lock_guard lock(mutex);
        ReloadHistory& history = histories[plugin];
        ++history.count;
        history.last = LastReload{services.clock.wall(), std::string(result), reason};
    }
    count_version(services.metrics, VersionFigure::kReloads, plugin, result == "done");
}

// ---- going back

// True while there is something to watch.
bool PluginHost::Impl::watch_trials() {
    const base::SteadyTime now = services.clock.steady();
    for (auto each = trials.begin(); each != trials.end();) {
        const std::int64_t failures = each->instance->failures(), calls = each->instance->calls();
        if (failures >= kFewestFailures && failures * 100 > calls * settings.rollback_errors) {
            Trial trial = std::move(*each);
            trials.erase(each);
            roll_back(std::move(trial), failures, calls);
            return true;  // there may be more
        }
        each = now >= each->until ? trials.erase(each) : each + 1;
    }
    return !trials.empty();
}

// With what the failing version makes of the state, or else with what the version before had saved itself.
void PluginHost::Impl::roll_back(Trial trial, std::int64_t failures, std::int64_t calls) {
    const std::string name = trial.instance->name(), version = trial.instance->descriptor().version;
    base::log::error("plugin {}: version {} failed in {} of {} calls, going back to version {}", name, version,
                     failures, calls, trial.before.descriptor.version);
    given_up[name] = {version, trial.instance->file().fingerprint, trial.instance->settings().texts()};
    for (const bool use_saved : {false, true}) {
        std::shared_ptr<Instance> fresh;
        try {
            fresh = std::make_shared<Instance>(services, copy_again(trial.before, copies()),
                                               PluginSettings(name, trial.settings, settings.home), ++last_number,
                                               Instance::Purpose::kRun);
            fresh->load();
            replace(running(name), fresh, trial.saved, use_saved);
            if (auto* const counter = services.metrics.counter(
                    "wshub_plugin_rollbacks_total", "New versions that failed too often", "plugin=\"" + name + "\"")) {
                counter->add();
            }
            const std::lock_guard lock(mutex);
            histories[name].last =
                LastReload{services.clock.wall(), "rolled_back", "version " + version + " failed too often"};
            return;
        } catch (const PluginError& error) {
            if (fresh) fresh->unload();
            base::log::error("plugin {}: could not go back{}: {}", name, use_saved ? " to what was saved before" : "",
                             error.what());
            if (!running(name)) return;
        }
    }
}

}  // namespace wshub::host
