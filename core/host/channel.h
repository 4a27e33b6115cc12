// One path that plugins serve, and its sessions: whose it is stands in the routing table.
#pragma once

#include <wshub/abi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/limit.h"
#include "hub/slots.h"
#include "net/loop.h"
#include "protocol/websocket.h"
#include "session/engine.h"
#include "session/session.h"

namespace wshub::host {

class Channel;
class Instance;
class Router;

// What is known of a client of a channel. Any thread, but for what is the loop's.
struct ChannelSession {
    wshub_channel_session handle = 0;
    std::string plugin;  // whose it is, whichever version of it runs
    std::string sid;
    std::shared_ptr<const session::Handshake> handshake;
    session::Form form = session::Form::kEngineIo;
    std::atomic<session::TransportKind> transport{session::TransportKind::kPolling};
    net::Loop* loop = nullptr;

    // ---- its loop's thread

    session::Session* session = nullptr;  // null: nothing can be sent any more
    const Channel* channel = nullptr;
    std::shared_ptr<Instance> instance;  // what is called
    wshub_slot slot = 0;

    // To the version of the plugin that serves its channel now. False: there is none.
    bool follow(const Router& router);
    // Closes it, unless it is closing; `text` goes with the code where the transport can say it.
    void end(protocol::CloseCode code, session::CloseReason reason, std::string_view text = {});
    // Closes it so that the client comes back.
    void restart();
};

// Those of one loop, in all channels. Any thread.
struct ChannelShard {
    explicit ChannelShard(net::Loop& on) : loop(on), sessions(on.index(), kReserve) {}

    std::shared_ptr<ChannelSession> find(wshub_channel_session handle);
    wshub_channel_session add(const std::shared_ptr<ChannelSession>& session);
    void erase(wshub_channel_session handle);
    std::vector<std::shared_ptr<ChannelSession>> of(std::string_view plugin);

    net::Loop& loop;

private:
    static constexpr std::size_t kReserve = 1024;
    std::mutex mutex_;
    hub::SlotTable<std::shared_ptr<ChannelSession>> sessions;
};

// What every channel is held to.
struct MessageLimits {
    base::Rate rate;
    const base::Limit& messages;
    const base::Limit& per_address;
};

class Channel final : public session::SessionFactory {
public:
    // `settings`: with the channel's own path and form.
    Channel(session::EngineSettings settings, std::vector<net::Loop*> loops,
            std::vector<std::shared_ptr<ChannelShard>> shards, const Router& router, MessageLimits message_limits,
            base::Metrics& metrics, std::shared_ptr<session::SharedLimits> limits);

    const std::string& path() const { return path_; }
    session::Form form() const { return form_; }
    session::Engine& engine() { return engine_; }

    std::unique_ptr<session::SessionUser> on_open(session::Session& session) override;

private:
    const std::string path_;
    const session::Form form_;
    const std::vector<std::shared_ptr<ChannelShard>> shards_;
    const Router& router_;
    const MessageLimits limits_;
    session::Engine engine_;
};

}  // namespace wshub::host
