// Which handlers an event goes to. Patterns, priorities and namespaces are resolved when the table is built, so that an
// event costs one look-up; the table never changes, a new one takes its place.
#pragma once

#include <wshub/abi.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/http_table.h"

namespace wshub::host {

class Channel;
class Instance;

// What a plugin registered with wshub_host_v1::on().
struct Registration {
    std::uint32_t kind = 0;
    std::string name;
    wshub_slot slot = 0;
    std::int32_t priority = 0;
    std::uint32_t flags = 0;  // WSHUB_ON_CHANNEL: its form; WSHUB_ON_EVENT: WSHUB_BLOCKING
};

// Whether a handler's name is meant for that one: the same, or with a star at the end a beginning of it.
bool matches(std::string_view pattern, std::string_view name);

// Handlers of one plugin that follow each other: it is entered once for all of them.
struct Route {
    std::size_t plugin = 0;  // number in the table's list
    std::vector<wshub_slot> slots;
    std::vector<std::int32_t> priorities;  // of the slots: for a version that takes over between two routes
    std::vector<wshub_slot> blocking;      // of those

    bool blocks(wshub_slot slot) const {
        return !blocking.empty() && std::find(blocking.begin(), blocking.end(), slot) != blocking.end();
    }
};
using RouteList = std::vector<Route>;

// One handler of one plugin.
struct Target {
    std::size_t plugin = 0;
    Registration handler;
};

// In the order in which they run: priority, then as given.
RouteList make_routes(std::vector<Target> targets);

// Handlers by name: exact names, prefixes ("chat:*"), everything ("*").
class PatternTable {
public:
    PatternTable() = default;
    explicit PatternTable(const std::vector<Target>& targets);

    // Null if nobody handles that name.
    const RouteList* find(std::string_view name) const;
    // What find() gave is there by "*" alone: nobody asked for that name.
    bool is_by_wildcard(const RouteList* routes) const {
        return !prefixes_.empty() && prefixes_.back().first.empty() && routes == &prefixes_.back().second;
    }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    std::unordered_map<std::string, RouteList, Hash, std::equal_to<>> exact_;
    std::vector<std::pair<std::string, RouteList>> prefixes_;  // longest first; each with what shorter ones add
};

struct NamespaceRoutes {
    PatternTable events, joins, leaves;
    RouteList connect, connected, disconnect;
};

// A path that a plugin serves with messages of its own.
struct ChannelRoute {
    std::string path;
    Channel* channel = nullptr;  // outlives the table
    std::size_t plugin = 0;      // number in the table's list
    wshub_slot slot = 0;
};

// A plugin as the table sees it.
struct RoutedPlugin {
    std::shared_ptr<Instance> instance;
    std::vector<std::string> namespaces;
    std::vector<Registration> registrations;
    std::vector<ChannelRoute> channels{};
};

class RoutingTable {
public:
    RoutingTable() = default;
    // The order of the plugins is that of their handlers.
    explicit RoutingTable(const std::vector<RoutedPlugin>& plugins);

    // Null if no plugin serves the namespace.
    const NamespaceRoutes* find(std::string_view nsp) const;
    const std::vector<std::shared_ptr<Instance>>& instances() const { return instances_; }
    const HttpTable& http() const { return http_; }
    // Null: no plugin serves it as a channel.
    const ChannelRoute* channel_at(std::string_view path) const;
    const ChannelRoute* route_of(const Channel& channel) const;
    const std::vector<ChannelRoute>& channels() const { return channels_; }

private:
    std::vector<std::shared_ptr<Instance>> instances_;
    std::vector<std::pair<std::string, NamespaceRoutes>> namespaces_;  // few: looked through one by one
    HttpTable http_;
    std::vector<ChannelRoute> channels_;  // none begins as another does
};

// The table in force.
class Router {
public:
    Router();
    void publish(std::shared_ptr<const RoutingTable> table);
    // Any thread; one atomic load, but for the first call after publish(). Holds until the same thread asks again.
    const RoutingTable& table() const;
    // What was published last, also inside of a Reading.
    std::shared_ptr<const RoutingTable> newest() const;

    // Keeps the thread's table as it is while it lives: what is called meanwhile may ask for the table, too.
    class Reading {
    public:
        explicit Reading(const Router& router);
        ~Reading();
        Reading(const Reading&) = delete;
        const RoutingTable& table() const { return table_; }

    private:
        const RoutingTable& table_;
    };
    // What table() gave this thread last, to be kept.
    std::shared_ptr<const RoutingTable> share() const;

private:
    // What a thread was given last.
    struct Snapshot {
        std::uint64_t version = 0;
        std::shared_ptr<const RoutingTable> table;
        unsigned readers = 0;  // Readings, one inside of the other
    };
    static Snapshot& snapshot();

    mutable std::mutex mutex_;
    std::shared_ptr<const RoutingTable> table_;  // under the mutex
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace wshub::host
