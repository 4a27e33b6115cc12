#include "host/plugin_host.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
#include "host/child_probe.h"
#include "host/dependency_order.h"
#include "host/paths.h"
#include "host/plugin_host_impl.h"

namespace wshub::host {

// ---- loading

Problems PluginHost::Impl::load() {
    if (settings.enabled.empty() && settings.plugin_settings.empty()) return {};
    std::optional<Catalog> catalog;
    try {
        catalog.emplace(settings.directory);
        load_enabled(*catalog);
    } catch (const PluginError& error) {
        if (refuses()) {
            problems.emplace_back(error.what());
        } else {
            base::log::error("{}", error.what());
        }
    }
    check_other_sections(catalog ? &*catalog : nullptr);
    publish();
    return std::exchange(problems, {});
}

void PluginHost::Impl::load_enabled(const Catalog& catalog) {
    std::vector<const PluginFile*> files;
    std::set<std::string> seen;
    for (const std::string& name : settings.enabled) {
        if (!seen.insert(name).second) {
            problems.push_back("[plugins] enabled: names " + name + " twice");
            continue;
        }
        const Catalog::Found found = catalog.find(name);
        if (found.file) {
            files.push_back(found.file);
        } else {
            refuse(name, found.path, found.error);
        }
    }
    std::vector<const Descriptor*> descriptors;
    for (const PluginFile* file : files) descriptors.push_back(&file->descriptor);
    const DependencyOrder sorted = order_by_dependency(descriptors);
    for (const auto& [index, reason] : sorted.refused) refuse(descriptors[index]->name, files[index]->path, reason);
    for (const std::size_t index : sorted.order) load_plugin(*files[index]);
    learn_disabled(catalog);
}

void PluginHost::Impl::learn_disabled(const Catalog& catalog) {
    std::vector<PluginInfo> found;
    for (const std::string& name : catalog.names()) {
        if (std::find(settings.enabled.begin(), settings.enabled.end(), name) != settings.enabled.end()) continue;
        const Catalog::Found found_file = catalog.find(name);
        if (!found_file.file) continue;  // two files claim the name
        const PluginFile& file = *found_file.file;
        PluginInfo info;
        info.name = name;
        info.version = file.descriptor.version;
        info.file = file.path.string();
        info.build = file.descriptor.build;
        info.abi_major = file.descriptor.abi_major;
        info.abi_minor = file.descriptor.abi_minor;
        found.push_back(std::move(info));
    }
    const std::lock_guard lock(mutex);
    disabled = std::move(found);
}

void PluginHost::Impl::load_plugin(const PluginFile& file) {
    if (const auto missing = missing_requirement(file.descriptor))
        return refuse(file.descriptor.name, file.path, *missing);
    const std::string& name = file.descriptor.name;
    std::shared_ptr<Instance> instance;
    try {
        const PluginFile mapped = to_map(file);
        instance =
            std::make_shared<Instance>(services, mapped, settings_of(name), ++last_number, Instance::Purpose::kRun);
        probe(mapped);
        instance->load();
        check_routes(*instance);
    } catch (const PluginError& error) {
        if (instance) give_up(instance);
        return refuse(name, file.path, error.what());
    }
    const Problems wrong = instance->settings().problems();
    problems.insert(problems.end(), wrong.begin(), wrong.end());
    instances.push_back(instance);
}

void PluginHost::Impl::probe(const PluginFile& file) const {
    if (settings.probe_program.empty()) return;
    const std::string wrong = probe_in_child(settings.probe_program, file.image());
    if (!wrong.empty()) throw PluginError(wrong);
}

// What is mapped must not change any more, whatever becomes of the file; and it is what is gone back to if a later
// version fails. At the start, a place where nothing can be written is no reason not to run, unless files are to be
// replaced.
PluginFile PluginHost::Impl::to_map(const PluginFile& file) const {
    if (settings.check_only) return file;
    PluginFile copied;
    try {
        copied = copy_plugin_file(file.path, copies());
    } catch (const CopyError& error) {
        if (reloading || settings.hot_reload) throw;
        base::log::warn(
            "plugin {}: {} {}, so it is mapped itself: do not write over it while the hub runs; its first reload will "
            "not be rolled back",
            file.descriptor.name, file.path.string(), error.what());
        return file;
    }
    if (copied.descriptor.name != file.descriptor.name) throw PluginError("it was replaced while it was read");
    return copied;
}

std::filesystem::path PluginHost::Impl::copies() const {
    return settings.state_directory.empty() ? std::filesystem::path() : settings.state_directory / "images";
}

void PluginHost::Impl::check_routes(const Instance& instance) const {
    Paths others(settings.channels.engine.path);
    for (const auto& other : instances) {
        if (other->name() != instance.name()) others.add(other->registrations());
    }
    const std::string wrong = others.add(instance.registrations());
    if (!wrong.empty()) throw PluginError(wrong);
}

// A plugin that was loaded before this one, and is loaded no more or was refused.
std::optional<std::string> PluginHost::Impl::missing_requirement(const Descriptor& descriptor) const {
    for (const Requirement& requirement : descriptor.requirements) {
        const bool there = std::any_of(instances.begin(), instances.end(),
                                       [&](const auto& other) { return other->name() == requirement.name; });
        if (!there) return "requires " + requirement.name + ", which was refused";
    }
    return std::nullopt;
}

void PluginHost::Impl::refuse(std::string_view name, const std::filesystem::path& file, const std::string& reason) {
    remember_refused(name, file, reason);
    count_version(services.metrics, VersionFigure::kLoads, std::string(name), false);
    const std::string& error = refused.back().error;
    if (refuses()) {
        problems.push_back(error);
    } else {
        base::log::error("{}", error);
    }
}

void PluginHost::Impl::remember_refused(std::string_view name, const std::filesystem::path& file,
                                        const std::string& reason) {
    PluginInfo info;
    info.name = name;
    info.file = file.string();
    info.error = "plugin " + info.file + ": " + reason;
    const std::lock_guard lock(mutex);
    std::erase_if(refused, [&info](const PluginInfo& other) { return other.name == info.name; });
    refused.push_back(std::move(info));
}

void PluginHost::Impl::give_up(const std::shared_ptr<Instance>& instance) {
    instance->stop();
    instance->unload();
}

// Sections of plugins that are not enabled: installed ones tell their keys, others are a mistake.
void PluginHost::Impl::check_other_sections(const Catalog* catalog) {
    constexpr std::string_view kPrefix = "plugin.";
    std::set<std::string> seen(settings.enabled.begin(), settings.enabled.end());
    std::vector<base::RawSetting> mentions = settings.plugin_settings;
    mentions.insert(mentions.end(), settings.plugin_sections.begin(), settings.plugin_sections.end());
    for (const base::RawSetting& mention : mentions) {
        if (mention.section.substr(0, kPrefix.size()) != kPrefix) continue;
        const std::string name = mention.section.substr(kPrefix.size());
        if (!seen.insert(name).second) continue;
        if (!catalog) {
            unchecked(mention.section, "the plugin directory cannot be read");
            continue;
        }
        const Catalog::Found found = catalog->find(name);
        if (found.file) {
            learn_settings(*found.file);
        } else if (std::filesystem::exists(found.path)) {
            unchecked(mention.section, "plugin " + found.path.string() + ": " + found.error);
        } else {
            const std::string nobody = "no plugin " + name + " is installed in " + catalog->directory().string() +
                                       " (installed: " + catalog->list() + ")";
            problems.push_back(mention.key.empty() ? mention.origin + " [" + mention.section + "]: " + nobody
                                                   : base::setting_problem(mention, nobody));
        }
    }
}

// Its keys and values may be right or wrong: nobody can tell. No reason not to start, since nothing uses them.
void PluginHost::Impl::unchecked(const std::string& section, const std::string& reason) {
    const std::string text = "[" + section + "] cannot be checked: " + reason;
    if (settings.check_only) {
        problems.push_back(text);
    } else {
        base::log::warn("{}", text);
    }
}

void PluginHost::Impl::learn_settings(const PluginFile& file) {
    std::shared_ptr<Instance> instance;
    try {
        const PluginFile mapped = to_map(file);
        instance = std::make_shared<Instance>(services, mapped, settings_of(file.descriptor.name), ++last_number,
                                              Instance::Purpose::kLearnSettings);
        probe(mapped);
        instance->load();
        const Problems wrong = instance->settings().problems();
        problems.insert(problems.end(), wrong.begin(), wrong.end());
        const std::string change = instance->settings().first_change();
        if (!change.empty()) {
            base::log::warn("[plugin.{0}] has no effect, since {0} is not in [plugins] enabled; it sets {1}",
                            instance->name(), change);
        }
    } catch (const PluginError& error) {
        unchecked("plugin." + file.descriptor.name, "plugin " + file.path.string() + ": " + error.what());
    }
    if (instance) instance->unload();
}

std::shared_ptr<const RoutingTable> PluginHost::Impl::table_of(const Instances& list) {
    std::vector<RoutedPlugin> routed;
    for (const auto& instance : list) {
        routed.push_back({instance, instance->namespaces(), instance->registrations(), channels.routes_of(*instance)});
    }
    return std::make_shared<const RoutingTable>(routed);
}

void PluginHost::Impl::publish() {
    router.publish(table_of(instances));
}

// ---- starting and stopping

void PluginHost::Impl::start() {
    const std::vector<std::shared_ptr<Instance>> all = std::exchange(instances, {});
    for (const auto& instance : all) {
        std::string reason = missing_requirement(instance->descriptor()).value_or("");
        try {
            if (reason.empty()) instance->start();
        } catch (const PluginError& error) {
            reason = error.what();
        }
        if (reason.empty()) {
            instances.push_back(instance);
            base::log::info("plugin started name={} version={} file={} build=\"{}\"", instance->name(),
                            instance->descriptor().version, instance->path().string(), instance->descriptor().build);
            continue;
        }
        refuse(instance->name(), instance->path(), reason);
        if (settings.on_error == OnError::kRefuse) {
            instances = all;
            stop();
            throw base::ConfigError(refused.back().error);
        }
        give_up(instance);
    }
    publish();
    ImageCopy::remove_orphans(settings.directory);
    if (!copies().empty()) ImageCopy::remove_orphans(copies());
    auto thread = std::make_unique<ReloadThread>(
        settings.hot_reload ? settings.directory : std::filesystem::path(),
        [this](const ReloadRequest& request) { reload(request); }, [this] { return watch_trials(); });
    const std::lock_guard lock(mutex);
    reloads = std::move(thread);
}

void PluginHost::Impl::stop() {
    std::unique_ptr<ReloadThread> ending;
    {
        const std::lock_guard lock(mutex);
        ending = std::move(reloads);
    }
    ending.reset();  // waits for what is under way
    trials.clear();
    for (auto each = instances.rbegin(); each != instances.rend(); ++each) (*each)->stop();
    // Those that ran have returned, or never will: what waited is answered now.
    workers.stop(base::milliseconds{1'000});
    router.publish(std::make_shared<const RoutingTable>());
    for (auto each = instances.rbegin(); each != instances.rend(); ++each) {
        (*each)->unload();
    }
    instances.clear();
}

// ---- calls that do not return

namespace {

// Seldom enough that nobody who is looked at in passing is named.
constexpr base::milliseconds kLeastStandstill{1'000};
// Handlers that block may take their time, but a worker that never comes back is missed by all others.
constexpr base::milliseconds kLongestWork{30'000};

}  // namespace

void PluginHost::Impl::watch_calls() {
    const base::SteadyTime now = services.clock.steady();
    for (const RunningCall& call : running_calls(&services)) {
        const auto lasts = std::chrono::duration_cast<base::milliseconds>(now - call.since);
        base::milliseconds patience = std::max(services.slow_handler, kLeastStandstill);
        if (call.blocking) patience = kLongestWork;
        if (call.is_step) patience = services.step_patience.load();
        if (lasts < patience || !claim(call)) continue;
        if (call.is_step) {
            base::log::warn(
                "plugin does not come back from a step of its reload, its events may wait plugin={} step={} for={}ms",
                call.plugin, call.what, lasts.count());
            continue;
        }
        base::log::warn("plugin handler has not returned yet plugin={} handler={} name={} for={}ms on={} thread={}",
                        call.plugin, kind_name(call.kind), base::log::printable(call.what), lasts.count(),
                        call.blocking ? "worker" : "loop", call.thread);
        const auto table = router.newest();
        for (const auto& instance : table->instances()) {
            if (instance->number() == call.instance) instance->count_standstill(call);
        }
    }
}

// ---- the interface

PluginHost::PluginHost(HostSettings settings, hub::Hub& hub, std::vector<net::Loop*> loops, const base::Clock& clock,
                       base::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), hub, std::move(loops), clock, metrics)) {}

PluginHost::~PluginHost() {
    stop();
}

Problems PluginHost::load() {
    return impl_->load();
}

void PluginHost::set_url(std::string url) {
    impl_->services.server.url = std::move(url);
}

void PluginHost::set_control(ControlCall control) {
    impl_->services.control = std::move(control);
}

void PluginHost::start() {
    impl_->start();
}

void PluginHost::stop() {
    impl_->stop();
}

void PluginHost::watch_calls() {
    impl_->watch_calls();
}

std::vector<PluginInfo> PluginHost::plugins() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<PluginInfo> infos;
    for (const auto& instance : impl_->instances) {
        const Descriptor& descriptor = instance->descriptor();
        PluginInfo info;
        info.name = descriptor.name;
        info.version = descriptor.version;
        info.file = instance->path().string();
        info.build = descriptor.build;
        info.abi_major = descriptor.abi_major;
        info.abi_minor = descriptor.abi_minor;
        for (const Registration& handler : instance->registrations()) {
            if (handler.kind == WSHUB_ON_EVENT) info.events.push_back(handler.name);
        }
        info.namespaces = instance->namespaces();
        info.roles = instance->roles();
        info.settings = instance->settings().declared();
        info.quarantined = instance->quarantined();
        info.loaded = instance->loaded_at();
        info.errors = instance->all_failures();
        info.slow = instance->all_slow();
        infos.push_back(std::move(info));
    }
    // One that was refused once may run by now.
    for (const PluginInfo& info : impl_->refused) {
        if (!impl_->running(info.name)) infos.push_back(info);
    }
    for (PluginInfo& info : infos) {
        const auto history = impl_->histories.find(info.name);
        if (history == impl_->histories.end()) continue;
        info.reloads = history->second.count;
        info.last_reload = history->second.last;
    }
    return infos;
}

std::vector<PluginInfo> PluginHost::disabled_plugins() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->disabled;
}

std::vector<PluginTrouble> PluginHost::troubles() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<PluginTrouble> all;
    for (const auto& instance : impl_->instances) {
        if (instance->quarantined()) all.push_back({instance->name(), "quarantined"});
    }
    for (const PluginInfo& info : impl_->refused) all.push_back({info.name, "failed"});
    return all;
}

std::vector<std::string> PluginHost::http_prefixes() const {
    const auto table = impl_->router.newest();
    std::vector<std::string> prefixes = table->http().prefixes();
    for (const ChannelRoute& route : table->channels()) prefixes.push_back(route.path);
    return prefixes;
}

bool PluginHost::owns_path(std::string_view path) const {
    const RoutingTable& table = impl_->router.table();
    return table.channel_at(path) || table.http().owns(path);
}

bool PluginHost::request_reload(std::string_view plugin) {
    return impl_->request_reload(plugin, nullptr);
}

bool PluginHost::request_reload(std::string_view plugin, std::function<void(const ReloadOutcome&)> tell) {
    return impl_->request_reload(plugin, std::move(tell));
}

bool PluginHost::is_reloading() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->reloads != nullptr && impl_->reloads->is_busy();
}

void PluginHost::finish_reloads() {
    impl_->reloads->finish();
}

bool PluginHost::serves(std::string_view nsp) const {
    return impl_->dispatcher.serves(nsp);
}

hub::ConnectVerdict PluginHost::on_connect(const hub::ConnectRequest& request) {
    return impl_->dispatcher.connect(request);
}

void PluginHost::on_connected(hub::SocketHandle socket, std::string_view nsp) {
    impl_->dispatcher.connected(socket, nsp);
}

bool PluginHost::on_event(const hub::IncomingEvent& event) {
    return impl_->dispatcher.event(event);
}

void PluginHost::on_join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) {
    impl_->dispatcher.join(socket, nsp, room);
}

void PluginHost::on_leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) {
    impl_->dispatcher.leave(socket, nsp, room);
}

void PluginHost::on_disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) {
    impl_->dispatcher.disconnect(socket, nsp, reason);
}

void PluginHost::on_reply(const hub::Reply& reply) {
    impl_->dispatcher.reply(reply);
}

std::optional<unsigned> PluginHost::home_loop(const protocol::HttpHead& head) const {
    return impl_->channels.home_loop(head);
}

std::shared_ptr<void> PluginHost::announce(const protocol::HttpHead& head) {
    return impl_->channels.announce(head);
}

void PluginHost::drain_channels(bool on) {
    impl_->channels.drain(on);
}

void PluginHost::close_some(session::CloseReason reason, double share) {
    impl_->channels.close_some(reason, share);
}

void PluginHost::begin_close(session::CloseReason reason) {
    impl_->channels.begin_close(reason);
}

void PluginHost::end_close(base::milliseconds patience) {
    impl_->channels.end_close(patience);
}

std::optional<net::HttpResponse> PluginHost::refuse_body(const protocol::HttpHead& head) {
    return impl_->channels.refuse_body(head).value_or(std::nullopt);
}

void PluginHost::on_exchange(std::unique_ptr<net::HttpExchange> exchange) {
    if (impl_->channels.handle(exchange)) return;
    impl_->http.handle(std::move(exchange));
}

}  // namespace wshub::host
