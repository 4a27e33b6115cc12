// Paths that plugins serve with messages of their own, as Engine.IO or as plain WebSocket: each has an engine, beside
// that of Socket.IO and under the same limits.
#pragma once

#include <wshub/abi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limit.h"
#include "base/metrics.h"
#include "host/channel_settings.h"
#include "host/router.h"
#include "net/http_exchange.h"
#include "net/loop.h"
#include "session/session.h"

namespace wshub::host {

class Channel;
class Instance;
struct ChannelShard;
struct ChannelSession;

class Channels {
public:
    // The loops outlive it, and have stopped when it is destroyed.
    Channels(ChannelSettings settings, std::vector<net::Loop*> loops, const Router& router, base::Metrics& metrics);
    ~Channels();
    Channels(const Channels&) = delete;

    // "/devices/": between two slashes, nothing that a path does not have.
    static bool is_path(std::string_view text);

    // The channels of a plugin that was created, for a routing table. One that was there before serves on: an engine
    // cannot go while its loops run. One thread at a time.
    std::vector<ChannelRoute> routes_of(const Instance& instance);

    // ---- any thread

    // A table with another version of the plugin, or without it, was published: sessions whose channel it still serves
    // stay open and go there, the others are closed, so that clients come back.
    void follow(const std::string& plugin);
    // It was stopped: all its sessions are closed so. No handler of it is called.
    void drop(const std::string& plugin);

    // ---- as session::Engine

    // Handshakes are refused, or taken again. Any thread, and so is the next.
    void drain(bool on);
    void close_some(session::CloseReason reason, double share);
    // Main thread.
    void begin_close(session::CloseReason reason);
    void end_close(base::milliseconds patience);

    // ---- the loops' threads; as net::ExchangeHandler and net::HttpHooks

    // False: no channel's, and left as it was.
    bool handle(std::unique_ptr<net::HttpExchange>& exchange);
    // Nothing: no channel's. The inner nothing: the body is welcome.
    std::optional<std::optional<net::HttpResponse>> refuse_body(const protocol::HttpHead& head);
    std::optional<unsigned> home_loop(const protocol::HttpHead& head) const;
    std::shared_ptr<void> announce(const protocol::HttpHead& head);

    // ---- any thread; WSHUB_ENOENT: none of this plugin's sessions, any more

    std::int32_t send(const Instance& instance, wshub_channel_session session, std::string_view data, bool binary);
    std::int32_t close(const Instance& instance, wshub_channel_session session, std::uint32_t code,
                       std::string_view reason);
    std::int32_t text(const Instance& instance, wshub_channel_session session, std::uint32_t field,
                      std::string& out) const;

private:
    Channel* find(std::string_view path) const;
    Channel& channel(const std::string& path, std::uint32_t form);
    std::vector<Channel*> all() const;
    std::shared_ptr<ChannelSession> session(const Instance& instance, wshub_channel_session handle) const;

    ChannelSettings settings_;
    const std::vector<net::Loop*> loops_;
    const Router& router_;
    base::Metrics& metrics_;
    const base::Limit messages_, messages_per_address_;
    std::vector<std::shared_ptr<ChannelShard>> shards_;  // by the index of their loops
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Channel>> channels_;  // under the mutex, and so is the next; they stay
    bool refuses_ = false;
};

}  // namespace wshub::host
