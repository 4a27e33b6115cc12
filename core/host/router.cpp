#include "host/router.h"

#include <algorithm>
#include <set>

namespace wshub::host {
namespace {

bool is_prefix_pattern(std::string_view name) {
    return !name.empty() && name.back() == '*';
}

// Versions are unique in the process, so that a thread never takes its copy of one router's table for another's.
std::atomic<std::uint64_t> next_version{1};

}  // namespace

bool matches(std::string_view pattern, std::string_view name) {
    if (!is_prefix_pattern(pattern)) return pattern == name;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

RouteList make_routes(std::vector<Target> targets) {
    std::stable_sort(targets.begin(), targets.end(),
                     [](const Target& a, const Target& b) { return a.handler.priority > b.handler.priority; });
    RouteList routes;
    for (const Target& target : targets) {
        if (routes.empty() || routes.back().plugin != target.plugin) routes.push_back({target.plugin, {}, {}, {}});
        routes.back().slots.push_back(target.handler.slot);
        routes.back().priorities.push_back(target.handler.priority);
        if (target.handler.kind == WSHUB_ON_EVENT && (target.handler.flags & WSHUB_BLOCKING) != 0)
            routes.back().blocking.push_back(target.handler.slot);
    }
    return routes;
}

PatternTable::PatternTable(const std::vector<Target>& targets) {
    const auto matching = [&targets](auto&& wanted) {
        std::vector<Target> found;
        std::copy_if(targets.begin(), targets.end(), std::back_inserter(found),
                     [&](const Target& target) { return wanted(target.handler.name); });
        return make_routes(std::move(found));
    };
    std::set<std::string> prefixes;
    for (const Target& target : targets) {
        const std::string& name = target.handler.name;
        if (is_prefix_pattern(name)) {
            prefixes.insert(name.substr(0, name.size() - 1));
        } else if (exact_.find(name) == exact_.end()) {
            exact_.emplace(name, matching([&name](const std::string& pattern) { return matches(pattern, name); }));
        }
    }
    // Prefixes of one name contain each other, so the longest one decides which patterns match.
    for (const std::string& prefix : prefixes) {
        prefixes_.emplace_back(prefix, matching([&prefix](const std::string& pattern) {
                                   return is_prefix_pattern(pattern) && matches(pattern, prefix);
                               }));
    }
    std::stable_sort(prefixes_.begin(), prefixes_.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

const RouteList* PatternTable::find(std::string_view name) const {
    const auto exact = exact_.find(name);
    if (exact != exact_.end()) return &exact->second;
    for (const auto& [prefix, routes] : prefixes_) {
        if (name.substr(0, prefix.size()) == prefix) return &routes;
    }
    return nullptr;
}

RoutingTable::RoutingTable(const std::vector<RoutedPlugin>& plugins) {
    std::set<std::string> names;
    for (const RoutedPlugin& plugin : plugins) {
        instances_.push_back(plugin.instance);
        names.insert(plugin.namespaces.begin(), plugin.namespaces.end());
        for (const Registration& each : plugin.registrations) {
            if (each.kind == WSHUB_ON_HTTP) http_.add(each.name, instances_.size() - 1, each.slot);
        }
        for (ChannelRoute route : plugin.channels) {
            route.plugin = instances_.size() - 1;
            channels_.push_back(std::move(route));
        }
    }
    for (const std::string& nsp : names) {
        const auto handlers = [&](std::uint32_t kind) {
            std::vector<Target> found;
            for (std::size_t i = 0; i < plugins.size(); ++i) {
                const auto& served = plugins[i].namespaces;
                if (std::find(served.begin(), served.end(), nsp) == served.end()) continue;
                for (const Registration& each : plugins[i].registrations) {
                    if (each.kind == kind) found.push_back({i, each});
                }
            }
            return found;
        };
        NamespaceRoutes routes;
        routes.events = PatternTable(handlers(WSHUB_ON_EVENT));
        routes.joins = PatternTable(handlers(WSHUB_ON_JOIN));
        routes.leaves = PatternTable(handlers(WSHUB_ON_LEAVE));
        routes.connect = make_routes(handlers(WSHUB_ON_CONNECT));
        routes.connected = make_routes(handlers(WSHUB_ON_CONNECTED));
        routes.disconnect = make_routes(handlers(WSHUB_ON_DISCONNECT));
        namespaces_.emplace_back(nsp, std::move(routes));
    }
}

const NamespaceRoutes* RoutingTable::find(std::string_view nsp) const {
    for (const auto& [name, routes] : namespaces_) {
        if (name == nsp) return &routes;
    }
    return nullptr;
}

const ChannelRoute* RoutingTable::channel_at(std::string_view path) const {
    const auto found = std::find_if(channels_.begin(), channels_.end(),
                                    [path](const ChannelRoute& route) { return path.starts_with(route.path); });
    return found == channels_.end() ? nullptr : &*found;
}

const ChannelRoute* RoutingTable::route_of(const Channel& channel) const {
    const auto found = std::find_if(channels_.begin(), channels_.end(),
                                    [&channel](const ChannelRoute& route) { return route.channel == &channel; });
    return found == channels_.end() ? nullptr : &*found;
}

Router::Router() {
    publish(std::make_shared<const RoutingTable>());
}

void Router::publish(std::shared_ptr<const RoutingTable> table) {
    const std::lock_guard lock(mutex_);
    table_ = std::move(table);
    version_.store(next_version.fetch_add(1), std::memory_order_release);
}

Router::Snapshot& Router::snapshot() {
    thread_local Snapshot mine;
    return mine;
}

const RoutingTable& Router::table() const {
    Snapshot& mine = snapshot();
    if (mine.readers == 0 && mine.version != version_.load(std::memory_order_acquire)) {
        const std::lock_guard lock(mutex_);
        mine.version = version_.load(std::memory_order_relaxed);
        mine.table = table_;
    }
    return *mine.table;
}

std::shared_ptr<const RoutingTable> Router::share() const {
    return snapshot().table;
}

std::shared_ptr<const RoutingTable> Router::newest() const {
    const std::lock_guard lock(mutex_);
    return table_;
}

Router::Reading::Reading(const Router& router) : table_(router.table()) {
    ++snapshot().readers;
}

Router::Reading::~Reading() {
    --snapshot().readers;
}

}  // namespace wshub::host
