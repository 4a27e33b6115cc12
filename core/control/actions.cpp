// Operations that change something. Each writes to the log what was done, to whom, and who asked for it.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/setting.h"
#include "control/operations.h"

namespace wshub::control {
namespace {

using base::log::printable;

constexpr base::milliseconds kLongestDrain{86'400'000};
constexpr base::milliseconds kDrainStep{200};

hub::SocketHandle socket_of(const hub::Hub& hub, const std::string& sid) {
    const hub::SocketHandle socket = hub.find(sid);
    if (socket == 0) throw Refused::not_found("there is no such session");
    return socket;
}

void check(hub::HubError error, const std::string& what) {
    switch (error) {
        case hub::HubError::kNone: return;
        case hub::HubError::kNoSuchSocket: throw Refused::not_found("there is no such session");
        default: throw Refused::format(what);
    }
}

Json done() {
    return Object().done();
}

Json changes_of(const host::ReloadOutcome& outcome) {
    Array changes;
    for (const host::ReloadOutcome::Change& change : outcome.changes) {
        changes.add(Object()
                        .add("plugin", change.plugin)
                        .add("what", change.what)
                        .add("version", change.version)
                        .add("before", or_null(change.before))
                        .done());
    }
    return changes.done();
}

host::ControlAnswer answer_of(const host::ReloadOutcome& outcome) {
    if (outcome.problems.empty()) return {{}, {}, Object().add("changes", changes_of(outcome)).done().text};
    std::string why;
    for (const host::ReloadOutcome::Problem& problem : outcome.problems)
        why += (why.empty() ? "" : "; ") + problem.text;
    return {"INTERNAL", why, {}};
}

void close_all_left(Context& context, double share) {
    context.on.engine.close_some(session::CloseReason::kServerShuttingDown, share);
    context.on.plugins.close_some(session::CloseReason::kServerShuttingDown, share);
}

}  // namespace

std::optional<Json> kick(Request& request) {
    hub::Hub& hub = request.context.on.hub;
    const std::string sid = request.arguments.needed_text("sid");
    const std::string reason = request.arguments.text("reason").value_or("");
    request.arguments.end();
    constexpr std::size_t kMost = 200;
    if (reason.size() > kMost) throw Refused::format("reason: at most " + std::to_string(kMost) + " bytes");
    check(hub.kick(socket_of(hub, sid), reason), "it cannot be disconnected");
    base::log::info("control: kicked sid={} reason=\"{}\" by=\"{}\"", printable(sid), printable(reason), request.who);
    return done();
}

std::optional<Json> broadcast(Request& request) {
    hub::Hub& hub = request.context.on.hub;
    const std::string event = request.arguments.needed_text("event");
    const std::string args = request.arguments.array("args");
    const std::string nsp = request.arguments.text("namespace").value_or("/");
    const auto room = request.arguments.text("room");
    request.arguments.end();
    const auto all = hub.namespaces();
    const auto in = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == nsp; });
    if (in == all.end()) throw Refused::not_found("there is no namespace " + nsp);

    hub::Emit emit;
    emit.nsp = nsp;
    emit.event = event;
    emit.args = args;
    const hub::RoomRef to{hub::RoomSpace::kClient, room ? std::string_view(*room) : std::string_view()};
    std::size_t receivers = in->second;
    if (room) {
        receivers = hub.members(nsp, to).size();
        if (receivers == 0) throw Refused::not_found("there is no such room");
        emit.rooms = std::span(&to, 1);
    } else {
        emit.all = true;
    }
    check(hub.emit(emit), "event: expected a name that is not reserved, and args without placeholders of attachments");
    base::log::info("control: broadcast event={} namespace={} room=\"{}\" receivers={} by=\"{}\"", printable(event),
                    printable(nsp), printable(room.value_or("")), receivers, request.who);
    return Object().add("receivers", receivers).done();
}

std::optional<Json> leave(Request& request) {
    hub::Hub& hub = request.context.on.hub;
    const std::string sid = request.arguments.needed_text("sid");
    const std::string room = request.arguments.needed_text("room");
    request.arguments.end();
    const hub::RoomRef which{hub::RoomSpace::kClient, room};
    const hub::SocketHandle socket = socket_of(hub, sid);
    if (!hub.in_room(socket, which)) throw Refused::not_found("it is not in that room");
    check(hub.leave(socket, which), "room: expected the name of a room");
    base::log::info("control: taken out of a room sid={} room=\"{}\" by=\"{}\"", printable(sid), printable(room),
                    request.who);
    return done();
}

std::optional<Json> reload(Request& request) {
    const std::string plugin = request.arguments.text("plugin").value_or("");
    request.arguments.end();
    const bool asked = request.context.on.plugins.request_reload(
        plugin, [tell = request.done](const host::ReloadOutcome& outcome) { tell(answer_of(outcome)); });
    if (!asked && plugin.empty()) throw Refused::internal("the server is starting or stopping");
    if (!asked) throw Refused::not_found("no plugin of that name runs");
    base::log::info("control: reload plugin=\"{}\" by=\"{}\"", printable(plugin), request.who);
    return std::nullopt;
}

std::optional<Json> log_level(Request& request) {
    constexpr std::array<std::string_view, 6> kLevels{"trace", "debug", "info", "warn", "error", "off"};
    const auto before = spdlog::level::to_string_view(spdlog::get_level());
    const std::string old(before.data(), before.size());
    const std::string level = request.arguments.choice("level", kLevels, "");
    request.arguments.end();
    if (level.empty()) throw Refused::format("level is needed");
    base::log::info("control: log level={} before={} by=\"{}\"", level, old, request.who);
    spdlog::set_level(spdlog::level::from_str(level));
    return Object().add("level", level).add("before", old == "warning" ? "warn" : old).done();
}

std::optional<Json> drain(Request& request) {
    Context& context = request.context;
    const Subject& on = context.on;
    const bool turn_on = request.arguments.yes_or_no("on", true);
    const base::milliseconds after = request.arguments.duration("after", base::milliseconds{30'000}, kLongestDrain);
    request.arguments.end();

    context.drain.on = turn_on;
    context.drain.next = std::nullopt;
    if (on.announce_drain) on.announce_drain(turn_on);
    on.plugins.drain_channels(turn_on);
    turn_on ? on.engine.refuse_handshakes() : on.engine.accept_handshakes();
    if (turn_on) {
        const base::SteadyTime now = on.clock.steady();
        context.drain.next = now;
        context.drain.until = now + after;
        base::log::info("control: draining sessions={} after={} by=\"{}\"", on.engine.sessions(),
                        base::format_duration(after), request.who);
    } else {
        base::log::info("control: draining ends sessions={} by=\"{}\"", on.engine.sessions(), request.who);
    }
    return Object().add("draining", turn_on).add("sessions", on.engine.sessions()).done();
}

// As many at each step as are needed to be done in time, if all that are left are spread evenly over the rest of it.
void go_on_draining(Context& context) {
    Drain& drain = context.drain;
    const base::SteadyTime now = context.on.clock.steady();
    if (!drain.next || now < *drain.next) return;
    if (now + kDrainStep >= drain.until) {
        drain.next = std::nullopt;
        return close_all_left(context, 1);
    }
    const auto left = std::chrono::duration<double>(drain.until - now);
    close_all_left(context, std::chrono::duration<double>(kDrainStep) / left);
    drain.next = now + kDrainStep;
}

}  // namespace wshub::control
