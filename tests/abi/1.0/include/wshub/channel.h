// Paths of the plugin's own: Engine.IO without Socket.IO, or plain WebSocket. Part of plugin.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "session.h"

namespace wshub {

enum class Channel : std::uint32_t {
    engineio = WSHUB_CHANNEL_ENGINE_IO,   // for engine.io clients: polling, WebSocket, upgrades
    websocket = WSHUB_CHANNEL_WEBSOCKET,  // for everybody else: the messages of WebSocket as they are
};

// A client of a channel. A name, not an owner: the client may be gone at any time; then texts are empty and actions do
// nothing. Copy freely; any thread.
class ChannelSession {
public:
    ChannelSession() = default;
    ChannelSession(Host host, wshub_channel_session id) : host_(host), id_(id) {}

    wshub_channel_session id() const { return id_; }
    explicit operator bool() const { return id_ != 0; }
    friend bool operator==(const ChannelSession& a, const ChannelSession& b) { return a.id_ == b.id_; }
    friend bool operator!=(const ChannelSession& a, const ChannelSession& b) { return a.id_ != b.id_; }
    friend bool operator<(const ChannelSession& a, const ChannelSession& b) { return a.id_ < b.id_; }

    // False: it is gone. A text is UTF-8; Error otherwise.
    bool send_text(std::string_view text) const { return send(text, 0); }
    bool send_binary(std::string_view bytes) const { return send(bytes, 1); }
    // When what was sent is out. Code and reason (RFC 6455) are for WebSocket clients; those of Engine.IO get none.
    bool close(std::uint16_t code = 1000, std::string_view reason = {}) const {
        return detail::check_there(host_->channel_close(host_.handle(), id_, code, detail::str(reason)), "close");
    }

    std::string sid() const { return text(WSHUB_F_SID); }
    std::string remote() const { return text(WSHUB_F_REMOTE); }  // address without port
    std::optional<std::string> user_agent() const {
        std::string value;
        if (read(WSHUB_F_USER_AGENT, value) != WSHUB_OK) return std::nullopt;
        return value;
    }
    std::string transport() const { return text(WSHUB_F_TRANSPORT); }
    // Of the request that opened the connection: "Name: value\r\n" for each; the path, and what is behind the '?', as
    // sent.
    std::string headers() const { return text(WSHUB_F_HEADERS); }
    std::string path() const { return text(WSHUB_F_PATH); }
    std::string query() const { return text(WSHUB_F_QUERY); }

private:
    bool send(std::string_view data, std::uint32_t binary) const {
        return detail::check_there(host_->channel_send(host_.handle(), id_, {data.data(), data.size()}, binary),
                                   "send");
    }
    std::int32_t read(std::uint32_t field, std::string& value) const {
        const wshub_sink sink = detail::sink(value);
        return host_->channel_str(host_.handle(), id_, field, &sink);
    }
    std::string text(std::uint32_t field) const {
        std::string value;
        read(field, value);
        return value;
    }

    Host host_;
    wshub_channel_session id_ = 0;
};

struct ChannelMessage {
    std::string_view data;  // text is UTF-8; valid during the call
    bool binary = false;
};

// Any of them may be left out. Those of one client never overlap and keep their order. A client whose handler fails is
// closed.
struct ChannelHandlers {
    std::function<void(ChannelSession)> on_open;
    std::function<void(ChannelSession, const ChannelMessage&)> on_message;
    // Its fields can still be read. Not called when the plugin stops, which closes its clients.
    std::function<void(ChannelSession, std::string_view reason)> on_close;
};

namespace detail {

inline void call_channel(const Host& host, const ChannelHandlers& handlers, const wshub_channel_event& event) {
    const ChannelSession session(host, event.session);
    switch (event.op) {
        case WSHUB_CHANNEL_OPEN:
            if (handlers.on_open) handlers.on_open(session);
            break;
        case WSHUB_CHANNEL_MESSAGE:
            if (handlers.on_message) handlers.on_message(session, {view(event.data), event.binary != 0});
            break;
        case WSHUB_CHANNEL_CLOSE:
            if (handlers.on_close) handlers.on_close(session, view(event.reason));
            break;
        default: break;
    }
}

}  // namespace detail
}  // namespace wshub
