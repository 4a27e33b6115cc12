// The functions that plugins are given (wshub_host_v1): arguments are checked here, and nothing is thrown back.
#pragma once

#include <wshub/abi.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/instance.h"
#include "hub/types.h"

namespace wshub::host {

const wshub_host_v1& host_functions();

// The parts of the table, by subject.
void add_registration(wshub_host_v1& table);  // handlers, settings, figures, log, timers, the server
void add_answers(wshub_host_v1& table);       // acks, errors, verdicts, HTTP
void add_emit(wshub_host_v1& table);
void add_sessions(wshub_host_v1& table);  // sessions, rooms, users, variables
void add_channels(wshub_host_v1& table);
void add_control(wshub_host_v1& table);

// What a function of the table is made of: finds the instance, and turns what is thrown into a code.
template <auto function, class... Args>
std::int32_t guarded(wshub_host* host, Args... args) noexcept {
    if (host == nullptr) return WSHUB_EINVAL;
    try {
        return function(*instance_of(host), args...);
    } catch (...) {
        return WSHUB_EINTERNAL;
    }
}
// The same for those that act on clients, which a plugin may do from start() to the end of stop().
template <auto function, class... Args>
std::int32_t acting(wshub_host* host, Args... args) noexcept {
    if (host == nullptr) return WSHUB_EINVAL;
    if (!instance_of(host)->may_act()) return WSHUB_ESTATE;
    return guarded<function>(host, args...);
}

std::int32_t code_of(hub::HubError error);

// The namespaces that an empty or given `nsp` stands for in this instance on this thread. Valid until the call that is
// under way returns.
class MeantNamespaces {
public:
    MeantNamespaces(const Instance& instance, std::string_view nsp);
    std::span<const std::string_view> all() const { return names_; }

private:
    std::vector<std::string_view> more_;
    std::string_view one_;
    std::span<const std::string_view> names_;
};

// The hub's name for a plugin's room. Private ones are kept apart by the plugin's name; `storage` keeps the text.
hub::RoomRef room_of(const Instance& instance, std::string_view name, std::uint32_t flags, std::string& storage);
bool are_room_flags(std::uint32_t flags);

}  // namespace wshub::host
