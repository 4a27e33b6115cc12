// Operations on the hub as FakeHost carries them out: those that change something are done, what others answer is said
// by the test. Part of testing.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_call.h"

namespace wshub::fake {

inline FakeControlAnswer control_error(std::string code, std::string message) {
    return {{}, std::move(code), std::move(message)};
}

// Empty, or what is wrong with the names of the arguments.
inline std::string unknown_argument(const json::View& arguments, std::initializer_list<std::string_view> known) {
    std::string wrong;
    arguments.each([&](std::string_view name, const json::View&) {
        if (std::find(known.begin(), known.end(), name) == known.end()) wrong = "unknown argument " + std::string(name);
        return true;
    });
    return wrong;
}

inline FakeControlAnswer control_kick(World& world, const json::View& arguments) {
    const wshub_session session = world.hub.find_sid(arguments["sid"].str());
    if (session == 0) return control_error("NOT_FOUND", "there is no such session");
    world.hub.disconnect(session);
    return {};
}

inline FakeControlAnswer control_leave(World& world, const json::View& arguments) {
    const wshub_session session = world.hub.find_sid(arguments["sid"].str());
    if (session == 0) return control_error("NOT_FOUND", "there is no such session");
    if (world.hub.leave_room(session, client_room(arguments["room"].str())) != WSHUB_OK) {
        return control_error("NOT_FOUND", "it is not in that room");
    }
    return {};
}

inline FakeControlAnswer control_broadcast(World& world, const json::View& arguments) {
    Emit emit;
    emit.event = arguments["event"].str();
    emit.args = arguments["args"] ? std::string(arguments["args"].text()) : "[]";
    emit.namespaces = {arguments["namespace"].str("/")};
    const json::View room = arguments["room"];
    std::size_t receivers = 0;
    for (const wshub_session session : world.hub.connected(emit.namespaces.front())) {
        const auto& places = world.hub.find(session)->places;
        receivers += !room || places.count(client_room(room.str())) != 0 ? 1u : 0u;
    }
    if (room && receivers == 0) return control_error("NOT_FOUND", "there is no such room");
    emit.all = !room;
    if (room) emit.rooms = {client_room(room.str())};
    if (emit.event.empty() || is_reserved_event(emit.event) || Hub::check(emit) != WSHUB_OK) {
        return control_error("INVALID_FORMAT", "event: expected a name that is not reserved");
    }
    world.hub.emit(emit);
    return {json::obj("receivers", receivers).text};
}

// Nothing happens by itself: a test reloads by FakeHost::reload().
inline FakeControlAnswer control_reload(const World& world, const json::View& arguments) {
    const std::string name = arguments["plugin"].str();
    const auto& all = world.instances;
    const bool known =
        name.empty() || std::any_of(all.begin(), all.end(), [&](const auto& it) { return it->name == name; });
    if (!known) return control_error("NOT_FOUND", "no plugin of that name runs");
    return {R"({"changes":[]})"};
}

inline FakeControlAnswer carry_out(World& world, const FakeControlRequest& request) {
    constexpr std::array<std::string_view, 13> kOperations{"broadcast", "closes",   "drain",  "kick", "leave",
                                                           "log-level", "plugins",  "reload", "room", "rooms",
                                                           "session",   "sessions", "stats"};
    const std::string& operation = request.operation;
    if (std::find(kOperations.begin(), kOperations.end(), operation) == kOperations.end()) {
        return control_error("NOT_FOUND", "there is no operation " + operation);
    }
    const auto arguments = json::View::parse(request.arguments);
    if (!arguments || !arguments->is_object()) {
        return control_error("INVALID_FORMAT", "the arguments are no JSON object");
    }
    const auto given = world.control_answers.find(operation);
    if (given != world.control_answers.end()) return given->second;
    const auto checked = [&](std::initializer_list<std::string_view> known, auto act) {
        const std::string wrong = unknown_argument(*arguments, known);
        return wrong.empty() ? act() : control_error("INVALID_FORMAT", wrong);
    };
    if (operation == "kick") return checked({"sid", "reason"}, [&] { return control_kick(world, *arguments); });
    if (operation == "leave") return checked({"sid", "room"}, [&] { return control_leave(world, *arguments); });
    if (operation == "reload") return checked({"plugin"}, [&] { return control_reload(world, *arguments); });
    if (operation == "broadcast") {
        return checked({"event", "args", "namespace", "room"}, [&] { return control_broadcast(world, *arguments); });
    }
    return control_error("INTERNAL", "say what " + operation + " answers with FakeHost::answer_control()");
}

inline void tell_plugin(World& world, Instance& instance, wshub_slot slot, std::uint64_t cookie,
                        const FakeControlAnswer& given) {
    wshub_answer answer{};
    answer.size = sizeof answer;
    answer.status = WSHUB_OK;
    if (!given.code.empty()) answer.status = WSHUB_EINTERNAL;
    if (given.code == "INVALID_FORMAT") answer.status = WSHUB_EINVAL;
    if (given.code == "NOT_FOUND") answer.status = WSHUB_ENOENT;
    if (given.code == "FORBIDDEN") answer.status = WSHUB_ESTATE;
    answer.cookie = cookie;
    if (given.code.empty()) answer.result = detail::str(given.result);
    answer.code = detail::str(given.code);
    answer.message = detail::str(given.message);
    Scope scope;
    scope.kind = WSHUB_ON_ANSWER;
    std::int32_t code = WSHUB_OK;
    world.call(instance, slot, &answer, scope, code);
}

inline std::int32_t control(Call call, wshub_str operation, wshub_str arguments, wshub_slot slot,
                            std::uint64_t cookie) {
    constexpr std::size_t kMostArguments = 1'000'000;
    if (text(operation).empty()) return WSHUB_EINVAL;
    if (arguments.n > kMostArguments) return WSHUB_ELIMIT;
    World& world = call.world;
    Instance& instance = call.instance;
    const FakeControlRequest request{text(operation), arguments.n > 0 ? text(arguments) : "{}"};
    world.control_requests.push_back(request);
    world.when_started(instance, [=, &world, &instance] {
        world.clock.post([=, &world, &instance] {
            const FakeControlAnswer answer = carry_out(world, request);
            world.clock.post([=, &world, &instance] { tell_plugin(world, instance, slot, cookie, answer); });
        });
        world.changed.notify_all();
    });
    return WSHUB_OK;
}

}  // namespace wshub::fake
