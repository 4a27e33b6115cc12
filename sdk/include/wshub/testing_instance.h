// A plugin behind FakeHost: what it registered, and what it is called for. Part of testing.h, and no concern of its
// users.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_hub.h"
#include "testing_settings.h"

namespace wshub {

// A line that a plugin, or the host about a plugin, wrote to the log.
struct FakeLogLine {
    std::int32_t level = WSHUB_INFO;
    std::string plugin;  // empty: the host's
    std::string message;

    // `info [echo] message`
    std::string text() const {
        constexpr std::array<const char*, 6> kLevels{"trace", "debug", "info", "warning", "error", "critical"};
        const std::string from = plugin.empty() ? std::string() : "[" + plugin + "] ";
        return std::string(kLevels[static_cast<std::size_t>(level)]) + " " + from + message;
    }
};

namespace fake {

class World;

// A plugin in the fake: behind every wshub_host* that it holds.
struct Instance {
    enum class State : std::uint8_t { creating, loaded, starting, running, stopped };
    struct Registration {
        std::uint32_t kind;
        std::string name;
        wshub_slot slot;
        std::int32_t priority;
    };
    struct Figure {
        bool is_counter = false;
        std::string name, labels;
        double value = 0;
    };

    Instance(World& in, std::string its_name, FakeSettings its_settings, const wshub_plugin_v1* its_functions,
             std::uint32_t its_number)
        : world(in),
          name(its_name),
          given(std::move(its_settings)),
          settings(std::move(its_name), given),
          functions(its_functions),
          number(its_number) {}

    World& world;
    const std::string name;
    const FakeSettings given;
    Settings settings;
    const wshub_plugin_v1* const functions;  // null: the test itself
    const std::uint32_t number;
    void* self = nullptr;
    State state = State::creating;
    bool open = false;  // it may be called
    std::vector<Registration> registrations;
    std::vector<Figure> figures;
    std::map<std::string, std::string, std::less<>> vars;
    std::map<wshub_timer, std::uint64_t> timers;  // with the clock's number
    std::vector<Clockwork::Task> waiting;         // until it has been started

    bool may_act() const { return state == State::starting || state == State::running; }
    wshub_host* handle() { return reinterpret_cast<wshub_host*>(this); }
};

// What the calling thread is doing in a plugin.
struct Scope {
    std::uint32_t kind = 0;
    std::string what, nsp;
    wshub_session socket = 0;
    Verdict* verdict = nullptr;  // WSHUB_ON_CONNECT only
    std::uint32_t asked = 0;     // the same: the instance
    wshub_ack ack = 0;           // WSHUB_ON_EVENT only
    bool* taken = nullptr;       // the same: somebody did something about the event
};
inline const Scope*& current_scope() {
    static thread_local const Scope* current = nullptr;
    return current;
}

// A handler of a plugin.
struct Target {
    Instance* instance;
    const Instance::Registration* handler;
};

// "chat:message", "chat:*", "*"
inline bool matches(const std::string& pattern, std::string_view name) {
    if (pattern.empty() || pattern.back() != '*') return pattern == name;
    return name.substr(0, pattern.size() - 1) == std::string_view(pattern).substr(0, pattern.size() - 1);
}

inline bool is_route(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || space == 0) return false;
    const std::string_view method = text.substr(0, space), path = text.substr(space + 1);
    return std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) && path.size() > 1 &&
           path.front() == '/' && path.find_first_of(" ?#") == std::string_view::npos &&
           path.find('*') >= path.size() - 1;
}

}  // namespace fake
}  // namespace wshub
