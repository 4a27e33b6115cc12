#include "host/plugin_host.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/log.h"
#include "host/catalog.h"
#include "host/channels.h"
#include "host/child_probe.h"
#include "host/dependency_order.h"
#include "host/dispatcher.h"
#include "host/http_routes.h"
#include "host/instance.h"
#include "host/timers.h"
#include "host/workers.h"

namespace wshub::host {

struct PluginHost::Impl {
    Impl(HostSettings host_settings, hub::Hub& hub, std::vector<net::Loop*> loops, const base::Clock& clock,
         base::Metrics& metrics)
        : settings(std::move(host_settings)),
          http(loops),
          channels(settings.channels, loops, metrics),
          services{hub,
                   std::move(loops),
                   clock,
                   metrics,
                   settings.slow_handler,
                   timers,
                   http,
                   router,
                   {settings.server_version, settings.state_directory.string(), {}},
                   channels},
          workers(settings.workers),
          dispatcher(router, hub, workers) {}

    Problems load();
    void start();
    void stop();

    void load_enabled(const Catalog& catalog);
    void load_plugin(const PluginFile& file);
    void probe(const PluginFile& file) const;
    void add_routes(const std::shared_ptr<Instance>& instance);
    void check_route(const std::string& route) const;
    void add_channel(const std::shared_ptr<Instance>& instance, const Registration& channel);
    void check_other_sections(const Catalog* catalog);
    void unchecked(const std::string& section, const std::string& reason);
    bool refuses() const { return settings.on_error == OnError::kRefuse || settings.check_only; }
    void learn_settings(const PluginFile& file);
    std::optional<std::string> missing_requirement(const Descriptor& descriptor) const;
    void refuse(std::string_view name, const std::filesystem::path& file, const std::string& reason);
    void give_up(const std::shared_ptr<Instance>& instance);
    void publish();
    PluginSettings settings_of(const std::string& name) const { return {name, settings.plugin_settings}; }

    const HostSettings settings;
    Router router;
    Timers timers;
    HttpRoutes http;
    Channels channels;
    Services services;
    Workers workers;
    Dispatcher dispatcher;
    std::vector<std::shared_ptr<Instance>> instances;  // in the order in which they are started
    std::vector<PluginInfo> refused;
    Problems problems;
    std::uint32_t last_number = 0;
};

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
}

void PluginHost::Impl::load_plugin(const PluginFile& file) {
    if (const auto missing = missing_requirement(file.descriptor))
        return refuse(file.descriptor.name, file.path, *missing);
    const std::string& name = file.descriptor.name;
    const auto instance =
        std::make_shared<Instance>(services, file, settings_of(name), ++last_number, Instance::Purpose::kRun);
    try {
        probe(file);
        instance->load();
        add_routes(instance);
    } catch (const PluginError& error) {
        give_up(instance);
        return refuse(name, file.path, error.what());
    }
    const Problems wrong = instance->settings().problems();
    problems.insert(problems.end(), wrong.begin(), wrong.end());
    instances.push_back(instance);
}

void PluginHost::Impl::probe(const PluginFile& file) const {
    if (settings.probe_program.empty()) return;
    const std::string wrong = probe_in_child(settings.probe_program, file.path);
    if (!wrong.empty()) throw PluginError(wrong);
}

void PluginHost::Impl::add_routes(const std::shared_ptr<Instance>& instance) {
    for (const Registration& handler : instance->registrations()) {
        if (handler.kind == WSHUB_ON_HTTP && !http.add(instance, handler.name, handler.slot)) {
            throw PluginError("the route '" + handler.name + "' is already taken");
        }
        if (handler.kind == WSHUB_ON_HTTP) check_route(handler.name);
        if (handler.kind == WSHUB_ON_CHANNEL) add_channel(instance, handler);
    }
}

void PluginHost::Impl::check_route(const std::string& route) const {
    std::string path = route.substr(route.find(' ') + 1);
    const bool is_prefix = path.back() == '*';
    if (is_prefix) path.pop_back();
    const std::string taken = channels.overlapping(path, is_prefix);
    if (!taken.empty()) throw PluginError("the route '" + route + "' overlaps with the channel '" + taken + "'");
}

void PluginHost::Impl::add_channel(const std::shared_ptr<Instance>& instance, const Registration& channel) {
    const std::string route = http.overlapping(channel.name);
    if (!route.empty()) throw PluginError("the channel '" + channel.name + "' overlaps with the route '" + route + "'");
    const auto refusal = channels.add(instance, channel.name, channel.flags, channel.slot);
    if (refusal) throw PluginError(*refusal);
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
    PluginInfo info;
    info.name = name;
    info.file = file.string();
    info.error = "plugin " + info.file + ": " + reason;
    if (refuses()) {
        problems.push_back(info.error);
    } else {
        base::log::error("{}", info.error);
    }
    refused.push_back(std::move(info));
}

void PluginHost::Impl::give_up(const std::shared_ptr<Instance>& instance) {
    http.remove(*instance);
    channels.remove(*instance);
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
    const auto instance = std::make_shared<Instance>(services, file, settings_of(file.descriptor.name), ++last_number,
                                                     Instance::Purpose::kLearnSettings);
    try {
        probe(file);
        instance->load();
        const Problems wrong = instance->settings().problems();
        problems.insert(problems.end(), wrong.begin(), wrong.end());
    } catch (const PluginError& error) {
        unchecked("plugin." + file.descriptor.name, "plugin " + file.path.string() + ": " + error.what());
    }
    instance->unload();
}

void PluginHost::Impl::publish() {
    std::vector<RoutedPlugin> routed;
    for (const auto& instance : instances) {
        routed.push_back({instance, instance->namespaces(), instance->registrations()});
    }
    router.publish(std::make_shared<const RoutingTable>(routed));
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
}

void PluginHost::Impl::stop() {
    for (auto each = instances.rbegin(); each != instances.rend(); ++each) (*each)->stop();
    // Those that ran have returned, or never will: what waited is answered now.
    workers.stop(base::milliseconds{1'000});
    router.publish(std::make_shared<const RoutingTable>());
    for (auto each = instances.rbegin(); each != instances.rend(); ++each) {
        http.remove(**each);
        channels.remove(**each);
        (*each)->unload();
    }
    instances.clear();
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

void PluginHost::start() {
    impl_->start();
}

void PluginHost::stop() {
    impl_->stop();
}

std::vector<PluginInfo> PluginHost::plugins() const {
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
        infos.push_back(std::move(info));
    }
    infos.insert(infos.end(), impl_->refused.begin(), impl_->refused.end());
    return infos;
}

std::vector<std::string> PluginHost::http_prefixes() const {
    std::vector<std::string> prefixes = impl_->channels.prefixes();
    for (std::string& route : impl_->http.prefixes()) prefixes.push_back(std::move(route));
    return prefixes;
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
