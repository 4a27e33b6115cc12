// Host functions that concern the plugin itself: what it registers, its settings, figures, log and timers, and the
// server that it is in.
#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/log.h"
#include "host/abi_text.h"
#include "host/host_api.h"
#include "host/timers.h"

namespace wshub::host {
namespace {

std::int32_t on(Instance& instance, std::uint32_t kind, wshub_str name, wshub_slot slot, std::int32_t priority) {
    if (kind == WSHUB_ON_CHANNEL) return WSHUB_EINVAL;  // those are made by channel()
    std::uint32_t flags = 0;
    if (kind == (std::uint32_t{WSHUB_ON_EVENT} | std::uint32_t{WSHUB_BLOCKING})) {
        kind = WSHUB_ON_EVENT;
        flags = WSHUB_BLOCKING;
    }
    return instance.add_handler({kind, std::string(view(name)), slot, priority, flags});
}

std::int32_t config(Instance& instance, const wshub_setting* setting, const wshub_sink* sink) {
    constexpr std::size_t kFirstSize = offsetof(wshub_setting, help) + sizeof(wshub_setting::help);
    wshub_setting asked;
    if (!sink || !sink->put || !read_sized(setting, kFirstSize, asked)) return WSHUB_EINVAL;
    if (instance.state() != Instance::State::kCreating) return WSHUB_ESTATE;
    std::string value;
    const std::int32_t code = instance.settings().declare(asked, value);
    if (code == WSHUB_OK) put(*sink, value);
    return code;
}

std::int32_t metric(Instance& instance, std::uint32_t kind, wshub_str name, wshub_str help, wshub_str labels,
                    std::uint64_t* id) {
    if (!id) return WSHUB_EINVAL;
    return instance.add_metric(kind, view(name), view(help), view(labels), *id);
}

void metric_add(wshub_host* host, std::uint64_t id, double by) {
    if (host) instance_of(host)->add_to_metric(id, by);
}

void metric_set(wshub_host* host, std::uint64_t id, double to) {
    if (host) instance_of(host)->set_metric(id, to);
}

spdlog::level::level_enum log_level(std::int32_t level) {
    static_assert(int{WSHUB_TRACE} == SPDLOG_LEVEL_TRACE && int{WSHUB_CRITICAL} == SPDLOG_LEVEL_CRITICAL);
    return static_cast<spdlog::level::level_enum>(std::clamp<std::int32_t>(level, WSHUB_TRACE, WSHUB_CRITICAL));
}

std::int32_t log_enabled(wshub_host*, std::int32_t level) {
    return spdlog::should_log(log_level(level)) ? 1 : 0;
}

std::int32_t write_log(Instance& instance, std::int32_t level, wshub_str message) {
    constexpr std::size_t kMost = 4096;
    spdlog::log(log_level(level), "[{}] {}", instance.name(), base::log::printable(view(message), kMost));
    return WSHUB_OK;
}

void log(wshub_host* host, std::int32_t level, wshub_str message) {
    if (log_enabled(host, level) != 0) guarded<write_log>(host, level, message);
}

std::uint64_t now_ms(wshub_host* host) {
    if (!host) return 0;
    return static_cast<std::uint64_t>(instance_of(host)->services().clock.wall().time_since_epoch().count());
}

// WSHUB_ESTATE: what is not known yet.
std::int32_t server_str(Instance& instance, std::uint32_t what, const wshub_sink* sink) {
    if (!sink || !sink->put) return WSHUB_EINVAL;
    const ServerInfo& server = instance.services().server;
    const std::string* text = nullptr;
    switch (what) {
        case WSHUB_S_VERSION: text = &server.version; break;
        case WSHUB_S_URL: text = &server.url; break;
        case WSHUB_S_STATE_DIRECTORY: text = &server.state_directory; break;
        case WSHUB_S_PATH: text = &server.path; break;
        default: return WSHUB_EINVAL;
    }
    if (text->empty()) return WSHUB_ESTATE;
    put(*sink, *text);
    return WSHUB_OK;
}

// Where the slot is to be called: with a session, on its loop and in its namespace.
std::int32_t make_task(Instance& instance, wshub_session session, wshub_slot slot, std::uint64_t cookie,
                       TimerTask& task) {
    Services& services = instance.services();
    task.instance = instance.shared_from_this();
    task.slot = slot;
    task.cookie = cookie;
    task.loop = &instance.home_loop();
    if (session == 0) return WSHUB_OK;
    if (hub::loop_of(session) >= services.loops.size()) return WSHUB_ENOENT;
    task.loop = &services.hub.loop_of_socket(session);
    services.hub.read(session, [&task](const hub::SocketRecord& record) { task.nsp = record.nsp; });
    return WSHUB_OK;
}

std::int32_t timer_add(Instance& instance, wshub_session serial_with, std::uint64_t first_ms, std::uint64_t period_ms,
                       wshub_slot slot, std::uint64_t cookie, wshub_timer* timer) {
    if (!timer) return WSHUB_EINVAL;
    TimerTask task;
    if (const std::int32_t code = make_task(instance, serial_with, slot, cookie, task)) return code;
    *timer = instance.services().timers.add(std::move(task), first_ms, period_ms);
    return WSHUB_OK;
}

std::int32_t timer_cancel(Instance& instance, wshub_timer timer) {
    return instance.services().timers.cancel(instance, timer) ? WSHUB_OK : WSHUB_ENOENT;
}

std::int32_t post(Instance& instance, wshub_session serial_with, wshub_slot slot, std::uint64_t cookie) {
    TimerTask task;
    if (const std::int32_t code = make_task(instance, serial_with, slot, cookie, task)) return code;
    instance.services().timers.post(std::move(task));
    return WSHUB_OK;
}

}  // namespace

void add_registration(wshub_host_v1& table) {
    table.on = guarded<on>;
    table.config = guarded<config>;
    table.metric = guarded<metric>;
    table.metric_add = metric_add;
    table.metric_set = metric_set;
    table.log_enabled = log_enabled;
    table.log = log;
    table.now_ms = now_ms;
    table.server_str = guarded<server_str>;
    table.timer_add = acting<timer_add>;
    table.timer_cancel = acting<timer_cancel>;
    table.post = acting<post>;
}

}  // namespace wshub::host
