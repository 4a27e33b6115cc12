// The functions that plugins are given by FakeHost: the same arguments are refused with the same codes as by the real
// host. Here those about the plugin itself, its answers and verdicts. Part of testing.h, and no concern of its users.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_call.h"
#include "testing_channels.h"
#include "testing_control.h"
#include "testing_sessions.h"

namespace wshub::fake {

// ---- the plugin itself

inline std::int32_t on(Call call, std::uint32_t kind, wshub_str name, wshub_slot slot, std::int32_t priority) {
    if (call.instance.state != Instance::State::creating) return WSHUB_ESTATE;
    // Handlers that block run where all do: there is nobody to be held up.
    if (kind == (std::uint32_t{WSHUB_ON_EVENT} | std::uint32_t{WSHUB_BLOCKING})) kind = WSHUB_ON_EVENT;
    const std::string its = text(name);
    bool fits = false;
    switch (kind) {
        case WSHUB_ON_EVENT:
        case WSHUB_ON_JOIN:
        case WSHUB_ON_LEAVE: fits = !its.empty() && its.find('*') >= its.size() - 1; break;
        case WSHUB_ON_CONNECT:
        case WSHUB_ON_CONNECTED:
        case WSHUB_ON_DISCONNECT: fits = its.empty(); break;
        case WSHUB_ON_HTTP: fits = is_route(its); break;
        default: break;
    }
    if (!fits) return WSHUB_EINVAL;
    call.instance.registrations.push_back({kind, its, slot, priority});
    return WSHUB_OK;
}

inline std::int32_t config(Call call, const wshub_setting* setting, const wshub_sink* sink) {
    constexpr std::size_t kFirstSize = offsetof(wshub_setting, help) + sizeof(wshub_setting::help);
    wshub_setting asked;
    if (!is_sink(sink) || !read_sized(setting, kFirstSize, asked)) return WSHUB_EINVAL;
    if (call.instance.state != Instance::State::creating) return WSHUB_ESTATE;
    std::string value, wrong_default;
    const std::int32_t code = call.instance.settings.declare(asked, value, wrong_default);
    if (!wrong_default.empty()) call.world.log.push_back({WSHUB_ERROR, {}, wrong_default});
    if (code == WSHUB_OK) call.put(*sink, value);
    return code;
}

inline bool is_metric_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// `name="value",...`, none twice and none called plugin, which the host adds; of escapes \\, \" and \n.
inline bool are_metric_labels(std::string_view labels) {
    std::vector<std::string> names{"plugin"};
    while (!labels.empty()) {
        const std::size_t equals = labels.find("=\"");
        if (equals == std::string_view::npos) return false;
        const std::string name(labels.substr(0, equals));
        const bool again = std::find(names.begin(), names.end(), name) != names.end();
        if (again || !is_metric_name(name) || name.find(':') != std::string::npos) return false;
        names.push_back(name);
        std::size_t at = equals + 2;
        for (; at < labels.size() && labels[at] != '"'; ++at) {
            if (static_cast<unsigned char>(labels[at]) < 0x20) return false;
            if (labels[at] != '\\') continue;
            if (++at == labels.size() || std::string_view("\\\"n").find(labels[at]) == std::string_view::npos)
                return false;
        }
        if (at >= labels.size()) return false;
        labels.remove_prefix(at + 1);
        if (labels.empty()) return true;
        if (labels.front() != ',' || labels.size() == 1) return false;
        labels.remove_prefix(1);
    }
    return true;
}

inline std::int32_t metric(Call call, std::uint32_t kind, wshub_str name, wshub_str, wshub_str labels,
                           std::uint64_t* id) {
    if (!id) return WSHUB_EINVAL;
    if (call.instance.state != Instance::State::creating) return WSHUB_ESTATE;
    const Instance::Figure made{kind == WSHUB_COUNTER, text(name), text(labels), 0};
    const bool taken = made.name.substr(0, 6) == "wshub_" || made.name.substr(0, 8) == "process_";
    if (taken || (kind != WSHUB_COUNTER && kind != WSHUB_GAUGE)) return WSHUB_EINVAL;
    if (!is_metric_name(made.name) || !are_metric_labels(made.labels)) return WSHUB_EINVAL;
    for (const auto& other : call.world.instances) {
        for (const Instance::Figure& figure : other->figures) {
            if (figure.name == made.name && figure.is_counter != made.is_counter) return WSHUB_EINVAL;
        }
    }
    // The same figure twice is one.
    auto& figures = call.instance.figures;
    const auto same = std::find_if(figures.begin(), figures.end(), [&made](const Instance::Figure& it) {
        return it.name == made.name && it.labels == made.labels;
    });
    *id = static_cast<std::uint64_t>(same - figures.begin()) + 1;
    if (same == figures.end()) figures.push_back(made);
    return WSHUB_OK;
}

inline std::int32_t change_metric(Call call, std::uint64_t id, double value, bool set) {
    auto& figures = call.instance.figures;
    if (id == 0 || id > figures.size()) return WSHUB_ENOENT;
    Instance::Figure& figure = figures[id - 1];
    constexpr double kMost = 1e15;
    if (set) {
        if (!figure.is_counter) figure.value = value;
    } else if (std::isfinite(value)) {
        if (!figure.is_counter) figure.value += value;
        if (figure.is_counter && value > 0) figure.value += std::floor(std::min(value, kMost));
    }
    call.world.changed.notify_all();
    return WSHUB_OK;
}
inline std::int32_t metric_add(Call call, std::uint64_t id, double by) {
    return change_metric(call, id, by, false);
}
inline std::int32_t metric_set(Call call, std::uint64_t id, double to) {
    return change_metric(call, id, to, true);
}

inline std::int32_t log_enabled(Call call, std::int32_t level) {
    return level >= call.world.log_level ? 1 : 0;
}
inline std::int32_t log(Call call, std::int32_t level, wshub_str message) {
    constexpr std::size_t kMost = 4096;
    level = std::clamp<std::int32_t>(level, WSHUB_TRACE, WSHUB_CRITICAL);
    if (level < call.world.log_level) return WSHUB_OK;
    call.world.log.push_back({level, call.instance.name, printable(text(message), kMost)});
    call.world.changed.notify_all();
    return WSHUB_OK;
}
inline std::int32_t now_ms(Call call, std::uint64_t* now) {
    *now = call.world.clock.now();
    return WSHUB_OK;
}

inline std::int32_t server_str(Call call, std::uint32_t what, const wshub_sink* sink) {
    if (!is_sink(sink) || what < WSHUB_S_VERSION || what > WSHUB_S_PATH) return WSHUB_EINVAL;
    const World& world = call.world;
    const std::string said = what == WSHUB_S_VERSION ? world.version
                             : what == WSHUB_S_URL   ? world.url
                             : what == WSHUB_S_PATH  ? world.socketio_path
                                                     : world.state_directory;
    if (said.empty()) return WSHUB_ESTATE;
    call.put(*sink, said);
    return WSHUB_OK;
}

// ---- timers

inline bool is_of_this_host(std::uint64_t handle) {
    return handle >> 56 == 0;
}
inline std::string nsp_of(const World& world, wshub_session session) {
    const Socket* const socket = world.hub.find(session);
    return socket ? socket->nsp : std::string();
}

inline void arm(World& world, Instance& instance, wshub_timer id, std::uint64_t due, std::uint64_t period,
                wshub_slot slot, std::uint64_t cookie, const std::string& nsp) {
    instance.timers[id] = world.clock.schedule(due, [=, &world, &instance] {
        if (period == 0) {
            instance.timers.erase(id);
            world.tick(instance, WSHUB_ON_TIMER, slot, id, cookie, nsp);
            return;
        }
        // Armed behind the call, in which it may be cancelled.
        instance.timers[id] = 0;
        world.tick(instance, WSHUB_ON_TIMER, slot, id, cookie, nsp);
        if (instance.timers.count(id) != 0) arm(world, instance, id, due + period, period, slot, cookie, nsp);
    });
}
inline std::int32_t timer_add(Call call, wshub_session serial_with, std::uint64_t first_ms, std::uint64_t period_ms,
                              wshub_slot slot, std::uint64_t cookie, wshub_timer* timer) {
    constexpr std::uint64_t kTenYears = 10ull * 366 * 86'400'000;
    if (!timer) return WSHUB_EINVAL;
    if (!is_of_this_host(serial_with)) return WSHUB_ENOENT;
    World& world = call.world;
    Instance& instance = call.instance;
    const wshub_timer id = *timer = ++world.last_timer;
    instance.timers[id] = 0;
    const std::string nsp = nsp_of(world, serial_with);
    world.when_started(instance, [=, &world, &instance] {
        if (instance.timers.count(id) == 0) return;
        arm(world, instance, id, world.clock.now() + std::min(first_ms, kTenYears), std::min(period_ms, kTenYears),
            slot, cookie, nsp);
    });
    world.changed.notify_all();
    return WSHUB_OK;
}
inline std::int32_t timer_cancel(Call call, wshub_timer timer) {
    const auto found = call.instance.timers.find(timer);
    if (found == call.instance.timers.end()) return WSHUB_ENOENT;
    call.world.clock.cancel(found->second);
    call.instance.timers.erase(found);
    return WSHUB_OK;
}
inline std::int32_t post(Call call, wshub_session serial_with, wshub_slot slot, std::uint64_t cookie) {
    if (!is_of_this_host(serial_with)) return WSHUB_ENOENT;
    World& world = call.world;
    Instance& instance = call.instance;
    const std::string nsp = nsp_of(world, serial_with);
    world.when_started(instance, [=, &world, &instance] {
        world.clock.post([=, &world, &instance] { world.tick(instance, WSHUB_ON_POST, slot, 0, cookie, nsp); });
        world.changed.notify_all();
    });
    return WSHUB_OK;
}

// ---- verdicts and answers

inline bool is_refusal(wshub_str message, wshub_str data) {
    return is_utf8(text(message)) && (data.n == 0 || !checked_json(text(data), '\0', kMaxOwnDepth).empty());
}
inline std::int32_t refuse(Call, wshub_str message, wshub_str data) {
    const Scope* const scope = current_scope();
    if (!scope || !scope->verdict) return WSHUB_ESTATE;
    if (!is_refusal(message, data)) return WSHUB_EINVAL;
    *scope->verdict = Verdict::refusal(text(message), text(data));
    return WSHUB_OK;
}
inline std::int32_t hold(Call call, wshub_session session) {
    const Scope* const scope = current_scope();
    if (!scope || !scope->verdict || scope->asked != call.instance.number) return WSHUB_ESTATE;
    if (scope->socket != session) return WSHUB_EINVAL;
    if (scope->verdict->answer == Verdict::Answer::hold) return WSHUB_EEXIST;
    if (scope->verdict->answer == Verdict::Answer::refuse) return WSHUB_ESTATE;
    const std::int32_t code = call.world.hub.hold(session, call.instance.number);
    if (code == WSHUB_OK) scope->verdict->answer = Verdict::Answer::hold;
    return code;
}
inline std::int32_t decide(Call call, wshub_session session, std::uint32_t accept, wshub_str message, wshub_str data) {
    if (accept == 0 && !is_refusal(message, data)) return WSHUB_EINVAL;
    const Verdict verdict = accept != 0 ? Verdict() : Verdict::refusal(text(message), text(data));
    const std::int32_t code = call.world.hub.decide(session, call.instance.number, verdict);
    call.world.changed.notify_all();
    return code;
}

// What a handler that only looks at everything has to do for the event to be known.
inline std::int32_t note_taken(wshub_session session, wshub_ack ack, std::int32_t code) {
    const Scope* const scope = current_scope();
    if (scope && scope->taken && scope->socket == session && scope->ack == ack && code >= 0) *scope->taken = true;
    return code;
}
inline std::int32_t note_taken(wshub_ack ack, std::int32_t code) {
    const Scope* const scope = current_scope();
    return scope && ack != 0 ? note_taken(scope->socket, ack, code) : code;
}

inline std::int32_t ack(Call call, wshub_ack ack, wshub_str args, const wshub_bytes* bins, std::size_t count) {
    std::vector<std::string> attachments;
    if (!read_bins(bins, count, attachments)) return WSHUB_EINVAL;
    const std::string given = args.n == 0 ? "[]" : text(args);
    const std::string checked(checked_json(given, '['));
    if (checked.empty()) return WSHUB_EINVAL;
    if (ack == 0 || !is_of_this_host(ack)) return WSHUB_ENOENT;
    Hub& hub = call.world.hub;
    if (!call.world.here()) {
        Emit trial;
        trial.args = checked;
        trial.attachments = attachments;
        if (const std::int32_t code = Hub::check(trial)) return code;
    }
    return note_taken(ack, call.act([&hub, ack, checked, attachments] { return hub.ack(ack, checked, attachments); }));
}
inline std::int32_t keep_ack(Call call, wshub_ack ack) {
    if (!current_scope()) return WSHUB_ESTATE;
    return note_taken(ack, call.world.hub.keep_ack(ack));
}
inline std::int32_t fail(Call call, wshub_session session, wshub_ack ack, wshub_str code, wshub_str message,
                         wshub_str ack_args) {
    const std::string its_code = text(code), its_message = text(message), given = text(ack_args);
    if (!is_utf8(its_code) || !is_utf8(its_message)) return WSHUB_EINVAL;
    const std::string args(given.empty() ? std::string_view() : checked_json(given, '['));
    if (args.empty() != given.empty()) return WSHUB_EINVAL;
    Hub& hub = call.world.hub;
    const std::int32_t done =
        call.act_on(session, [=, &hub] { return hub.fail(session, ack, its_code, its_message, args); });
    return note_taken(session, ack, done);
}

// The lines of an answer without those that belong to its framing; false: they are none.
inline bool read_headers(std::string_view lines, std::string& out) {
    constexpr std::string_view kToken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
    while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
        const std::size_t colon = line.find(':');
        const std::string name(line.substr(0, colon));
        if (colon == std::string_view::npos || name.empty() || name.find_first_not_of(kToken) != std::string::npos) {
            return false;
        }
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
        std::string lower = name;
        for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const bool framing =
            lower == "content-length" || lower == "transfer-encoding" || lower == "connection" || lower == "date";
        if (!framing) out += name + ": " + std::string(value) + "\r\n";
    }
    return true;
}
inline std::int32_t http_reply(Call call, wshub_request request, std::int32_t status, wshub_str headers,
                               wshub_str body) {
    std::string lines;
    if (status < 200 || status > 599 || !read_headers(text(headers), lines)) return WSHUB_EINVAL;
    if (!is_of_this_host(request)) return WSHUB_ENOENT;
    World& world = call.world;
    const Instance& instance = call.instance;
    return call.act([&world, &instance, request, status, lines, its_body = text(body)] {
        return world.http_reply(instance, request, status, lines, its_body);
    });
}

// ---- the table

inline const wshub_host_v1& host_functions() {
    static const wshub_host_v1 table = [] {
        wshub_host_v1 to{};
        to.size = sizeof to;
        to.abi_major = WSHUB_ABI_MAJOR;
        to.abi_minor = WSHUB_ABI_MINOR;
        to.on = guarded<fake::on>;
        to.config = guarded<config>;
        to.metric = guarded<metric>;
        to.metric_add = [](wshub_host* host, std::uint64_t id, double by) { guarded<fake::metric_add>(host, id, by); };
        to.metric_set = [](wshub_host* host, std::uint64_t id, double by) { guarded<fake::metric_set>(host, id, by); };
        to.log_enabled = [](wshub_host* host, std::int32_t level) {
            return host && guarded<fake::log_enabled>(host, level) == 1 ? 1 : 0;
        };
        to.log = [](wshub_host* host, std::int32_t level, wshub_str message) {
            guarded<fake::log>(host, level, message);
        };
        to.now_ms = [](wshub_host* host) {
            std::uint64_t now = 0;
            guarded<fake::now_ms>(host, &now);
            return now;
        };
        to.timer_add = acting<timer_add>;
        to.timer_cancel = acting<timer_cancel>;
        to.post = acting<fake::post>;
        to.refuse = guarded<refuse>;
        to.hold = acting<hold>;
        to.decide = acting<decide>;
        to.ack = acting<fake::ack>;
        to.keep_ack = acting<keep_ack>;
        to.fail = acting<fail>;
        to.http_reply = acting<http_reply>;
        to.emit = acting<fake::emit>;
        to.join = acting<join>;
        to.leave = acting<leave>;
        to.in_room = acting<in_room>;
        to.disconnect = acting<disconnect>;
        to.session_str = acting<session_str>;
        to.session_num = acting<session_num>;
        to.session_set = acting<session_set>;
        to.find_session = acting<find_session>;
        to.find_user = acting<find_user>;
        to.visit = acting<visit>;
        to.count = acting<count>;
        to.var_get = guarded<var_get>;
        to.var_set = guarded<var_set>;
        to.has_role = acting<has_role>;
        to.server_str = guarded<server_str>;
        to.channel = guarded<channel>;
        to.channel_send = acting<channel_send>;
        to.channel_close = acting<channel_close>;
        to.channel_str = acting<channel_str>;
        to.control = acting<fake::control>;
        return to;
    }();
    return table;
}

}  // namespace wshub::fake
