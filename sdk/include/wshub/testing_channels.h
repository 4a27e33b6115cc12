// Channels behind FakeHost: the clients of a plugin's own paths, and the host functions that reach them. Part of
// testing.h, and no concern of its users.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "testing_call.h"

namespace wshub::fake {

inline bool is_channel_path(std::string_view text) {
    return text.size() > 2 && text.front() == '/' && text.back() == '/' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; }) &&
           text.find_first_of("?#*%\"\\") == std::string_view::npos && text.find("//") == std::string_view::npos;
}

// The client is told at once, its plugin in a later turn.
inline void end_channel(World& world, const std::shared_ptr<ChannelSide>& side, std::uint32_t code,
                        const std::string& text, const std::string& reason) {
    if (!side->open) return;
    side->open = false;
    side->end = std::to_string(code) + (text.empty() ? "" : " " + text);
    world.clock.post([&world, side, reason] {
        world.call_channel(*side, WSHUB_CHANNEL_CLOSE, {}, false, reason);
        world.channels.erase(side->id);
    });
    world.changed.notify_all();
}

inline void tell_channel(World& world, const std::shared_ptr<ChannelSide>& side, std::uint32_t op,
                         std::string_view data, bool binary) {
    if (!side->open) return;
    if (world.call_channel(*side, op, data, binary, {}) < 0) end_channel(world, side, 1011, {}, "forced server close");
}

// The side of a client that this plugin serves.
inline std::shared_ptr<ChannelSide> channel_side(Call call, wshub_channel_session session) {
    const auto found = call.world.channels.find(session);
    return found == call.world.channels.end() || found->second->instance != &call.instance ? nullptr : found->second;
}

inline std::int32_t channel(Call call, wshub_str path, std::uint32_t form, wshub_slot slot) {
    if (form != WSHUB_CHANNEL_ENGINE_IO && form != WSHUB_CHANNEL_WEBSOCKET) return WSHUB_EINVAL;
    if (call.instance.state != Instance::State::creating) return WSHUB_ESTATE;
    if (!is_channel_path(text(path))) return WSHUB_EINVAL;
    call.instance.registrations.push_back({WSHUB_ON_CHANNEL, text(path), slot, 0});
    return WSHUB_OK;
}

inline std::int32_t channel_send(Call call, wshub_channel_session session, wshub_bytes data, std::uint32_t binary) {
    const auto side = channel_side(call, session);
    if (!side) return WSHUB_ENOENT;
    const std::string bytes = data.p ? std::string(static_cast<const char*>(data.p), data.n) : std::string();
    if (binary == 0 && !is_utf8(bytes)) return WSHUB_EINVAL;
    return call.act([side, bytes, binary]() -> std::int32_t {
        if (!side->open) return WSHUB_ENOENT;
        side->inbox.push_back((binary != 0 ? "binary " : "text ") + bytes);
        return WSHUB_OK;
    });
}

inline std::int32_t channel_close(Call call, wshub_channel_session session, std::uint32_t code, wshub_str reason) {
    const auto side = channel_side(call, session);
    if (!side) return WSHUB_ENOENT;
    if (code == 0) code = 1000;
    const bool fits =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    if (!fits || !is_utf8(text(reason))) return WSHUB_EINVAL;
    World& world = call.world;
    return call.act([&world, side, code, said = text(reason)]() -> std::int32_t {
        if (!side->open) return WSHUB_ENOENT;
        end_channel(world, side, code, said, "forced server close");
        return WSHUB_OK;
    });
}

inline std::int32_t channel_str(Call call, wshub_channel_session session, std::uint32_t field, const wshub_sink* sink) {
    if (!is_sink(sink)) return WSHUB_EINVAL;
    const auto side = channel_side(call, session);
    if (!side) return WSHUB_ENOENT;
    const FakeChannelConnect& as = side->as;
    const std::size_t mark = side->target.find('?');
    std::string value;
    switch (field) {
        case WSHUB_F_SID: value = side->sid; break;
        case WSHUB_F_REMOTE: value = as.remote; break;
        case WSHUB_F_USER_AGENT:
            if (as.user_agent.empty()) return WSHUB_NONE;
            value = as.user_agent;
            break;
        case WSHUB_F_TRANSPORT: value = "websocket"; break;
        case WSHUB_F_HEADERS: value = as.headers; break;
        case WSHUB_F_QUERY: value = mark == std::string::npos ? std::string() : side->target.substr(mark + 1); break;
        case WSHUB_F_PATH: value = side->target.substr(0, mark); break;
        default: return WSHUB_EINVAL;
    }
    call.put(*sink, value);
    return WSHUB_OK;
}

}  // namespace wshub::fake
