// How a host function of FakeHost gets from the C types to the fake, and from a plugin's thread to the test's. Part of
// testing.h, and no concern of its users.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_plugins.h"

namespace wshub::fake {

// One call of a host function. `lock` holds the world's mutex; let it go before the plugin is called back.
struct Call {
    World& world;
    Instance& instance;
    std::unique_lock<std::mutex>& lock;

    // Does it now, or, from a plugin's thread, when it is the test's turn.
    template <class Act>
    std::int32_t act(Act what) const {
        if (world.here()) return what();
        post([what = std::move(what)] { what(); });
        return WSHUB_OK;
    }
    // The same for what concerns a session.
    template <class Act>
    std::int32_t act_on(wshub_session session, Act what) const {
        if (!world.here() && !world.hub.alive(session)) return WSHUB_ENOENT;
        return act(std::move(what));
    }
    void post(Clockwork::Task task) const {
        world.clock.post(std::move(task));
        world.changed.notify_all();
    }
    void put(const wshub_sink& sink, const std::string& text) const {
        lock.unlock();
        sink.put(sink.user, text.data(), text.size());
    }
};

template <auto function, class... Args>
std::int32_t enter(bool must_act, wshub_host* host, Args... args) noexcept {
    if (!host) return WSHUB_EINVAL;
    try {
        auto& instance = *reinterpret_cast<Instance*>(host);
        std::unique_lock<std::mutex> lock(instance.world.mutex);
        if (must_act && !instance.may_act()) return WSHUB_ESTATE;
        return function(Call{instance.world, instance, lock}, args...);
    } catch (...) {
        return WSHUB_EINTERNAL;
    }
}
template <auto function, class... Args>
std::int32_t guarded(wshub_host* host, Args... args) noexcept {
    return enter<function>(false, host, args...);
}
// For those that act on clients: from start() to the end of stop().
template <auto function, class... Args>
std::int32_t acting(wshub_host* host, Args... args) noexcept {
    return enter<function>(true, host, args...);
}

// ---- arguments

inline std::string text(wshub_str from) {
    return from.p ? std::string(from.p, from.n) : std::string();
}
inline bool is_sink(const wshub_sink* sink) {
    return sink && sink->put;
}
// A struct of the plugin. False if it is shorter than in ABI 1.0.
template <class T>
bool read_sized(const T* from, std::size_t first_size, T& out) {
    if (!from || from->size < first_size) return false;
    out = T{};
    std::memcpy(&out, from, std::min<std::size_t>(from->size, sizeof(T)));
    return true;
}
inline bool are_room_flags(std::uint32_t flags) {
    return flags == 0 || flags == WSHUB_ROOM_PRIVATE || flags == (WSHUB_ROOM_PRIVATE | WSHUB_ROOM_SHARED);
}
// The key of a room; empty: the name or the flags are wrong.
inline std::string room_key(const Instance& instance, wshub_str name, std::uint32_t flags) {
    const std::string room = text(name);
    if (!are_room_flags(flags) || room.empty() || !is_utf8(room)) return {};
    if (flags == 0) return room.size() <= kMaxRoomNameBytes ? client_room(room) : std::string();
    return "s" + ((flags & WSHUB_ROOM_SHARED) != 0 ? std::string() : instance.name) + "/" + room;
}
// The namespaces that an empty or given one stands for.
inline std::vector<std::string> meant_namespaces(const Instance& instance, wshub_str nsp) {
    if (nsp.n > 0) return {text(nsp)};
    const Scope* const scope = current_scope();
    if (scope && !scope->nsp.empty()) return {scope->nsp};
    return instance.settings.namespaces();
}
inline bool read_bins(const wshub_bytes* bins, std::size_t count, std::vector<std::string>& out) {
    if (count > 0 && !bins) return false;
    for (std::size_t i = 0; i < count; ++i) {
        out.emplace_back(static_cast<const char*>(bins[i].p), bins[i].p ? bins[i].n : 0);
    }
    return true;
}

}  // namespace wshub::fake
