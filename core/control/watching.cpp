// Operations that tell how the hub is.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/log.h"
#include "control/operations.h"

namespace wshub::control {
namespace {

// What a task may have waited for its loop, lately.
double longest_turn_ms(const Subject& on) {
    std::chrono::nanoseconds longest{};
    for (const net::Loop* const loop : on.loops) longest = std::max(longest, loop->turns().longest(on.clock.steady()));
    return std::chrono::duration<double, std::milli>(longest).count();
}

constexpr std::string_view kSecret = "***";

std::uint64_t resident_bytes() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
    unsigned long long size = 0, resident = 0;
    if (!file || std::fscanf(file.get(), "%llu %llu", &size, &resident) != 2) return 0;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double seconds_between(base::SteadyTime from, base::SteadyTime to) {
    return std::chrono::duration<double>(to - from).count();
}

std::uint64_t whole(double figure) {
    return figure > 0 ? static_cast<std::uint64_t>(figure) : 0;
}

Json namespaces_of(const hub::Hub& hub, std::size_t& sockets) {
    Array list;
    for (const auto& [name, count] : hub.namespaces()) {
        list.add(Object().add("name", name).add("sockets", count).done());
        sockets += count;
    }
    return list.done();
}

Json handlers_of(const base::Metrics& metrics) {
    const base::HistogramReading times = metrics.total_histogram("wshub_handler_seconds");
    Array buckets;
    for (const base::HistogramReading::Bucket& bucket : times.buckets) {
        buckets.add(Object().add("le", bucket.le).add("count", bucket.count).done());  // le null: all
    }
    return Object().add("count", times.count).add("sum_seconds", times.sum).add("buckets", buckets.done()).done();
}

Json setting_of(const host::SettingInfo& setting) {
    const auto shown = [&](const std::string& value) {
        return setting.secret && !value.empty() ? std::string(kSecret) : value;
    };
    return Object()
        .add("key", setting.key)
        .add("value", shown(setting.value))
        .add("default", shown(setting.default_value))
        .add("description", setting.help)
        .done();
}

std::string_view state_of(const host::PluginInfo& plugin) {
    if (!plugin.error.empty()) return "failed";
    return plugin.quarantined ? "quarantined" : "running";
}

Json last_reload_of(const host::PluginInfo& plugin) {
    if (!plugin.last_reload) return {"null"};
    const host::LastReload& last = *plugin.last_reload;
    return Object().add("time", last.time).add("outcome", last.outcome).add("reason", or_null(last.reason)).done();
}

Json plugin_row(const host::PluginInfo& plugin, std::string_view state) {
    Array settings;
    for (const host::SettingInfo& setting : plugin.settings) settings.add(setting_of(setting));
    std::optional<base::WallTime> loaded;
    if (plugin.loaded != base::WallTime{}) loaded = plugin.loaded;
    return Object()
        .add("name", plugin.name)
        .add("version", or_null(plugin.version))
        .add("state", state)
        .add("file", plugin.file)
        .add("loaded", loaded)
        .add("reloads", plugin.reloads)
        .add("last_reload", last_reload_of(plugin))
        .add("errors", plugin.errors)
        .add("slow", plugin.slow)
        .add("reason", or_null(plugin.error))
        .add("events", array_of(plugin.events))
        .add("namespaces", array_of(plugin.namespaces))
        .add("settings", settings.done())
        .done();
}

}  // namespace

std::optional<Json> stats(Request& request) {
    request.arguments.end();
    Context& context = request.context;
    const Subject& on = context.on;
    const auto total = [&](std::string_view name) { return whole(on.metrics.total(name)); };
    const std::size_t websocket = on.engine.sessions(session::TransportKind::kWebSocket);
    const std::size_t polling = on.engine.sessions(session::TransportKind::kPolling);
    std::size_t sockets = 0;
    const Json namespaces = namespaces_of(on.hub, sockets);
    return Object()
        .add("version", on.version)
        .add("time", on.clock.wall())
        .add("started", context.started)
        .add("uptime_s", seconds_between(context.started_steady, on.clock.steady()))
        .add("draining", context.drain.on.load())
        .add("namespaces", namespaces)
        .add("sessions", websocket + polling)
        .add("sessions_by_transport", Object().add("websocket", websocket).add("polling", polling).done())
        .add("sockets", sockets)
        .add("users", on.hub.user_count())
        .add("rooms", on.hub.room_count())
        .add("events_in", total("wshub_events_in_total"))
        .add("events_out", total("wshub_events_out_total"))
        .add("bytes_in", total("wshub_bytes_in_total"))
        .add("bytes_out", total("wshub_bytes_out_total"))
        .add("queued_bytes", total("wshub_queued_bytes"))
        .add("loop_lag_ms", longest_turn_ms(on))
        .add("rss_bytes", resident_bytes())
        .add("cpu_seconds", cpu_seconds())
        .add("handlers", handlers_of(on.metrics))
        .done();
}

std::optional<Json> plugins(Request& request) {
    request.arguments.end();
    Array items;
    for (const host::PluginInfo& plugin : request.context.on.plugins.plugins()) {
        items.add(plugin_row(plugin, state_of(plugin)));
    }
    for (const host::PluginInfo& plugin : request.context.on.plugins.disabled_plugins()) {
        items.add(plugin_row(plugin, "disabled"));
    }
    return Object().add("items", items.done()).done();
}

std::optional<Json> closes(Request& request) {
    const std::size_t offset = request.arguments.count("offset", 0, 0, hub::CloseLog::kMost);
    const std::size_t limit = request.arguments.count("limit", 50, 1, 200);
    request.arguments.end();
    const hub::CloseLog& log = request.context.on.hub.closes();
    Array items;
    for (const hub::ClosedSocket& closed : log.read(offset, limit)) {
        items.add(Object()
                      .add("time", closed.at)
                      .add("sid", or_null(closed.sid))
                      .add("namespace", or_null(closed.nsp))
                      .add("username", or_null(closed.username))
                      .add("address", closed.address)
                      .add("transport", session::transport_name(closed.transport))
                      .add("reason", closed.reason)
                      .add("duration_s", std::chrono::duration<double>(closed.lasted).count())
                      .done());
    }
    return Object().add("total", log.size()).add("items", items.done()).done();
}

}  // namespace wshub::control
