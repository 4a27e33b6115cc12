#include "host/channel.h"

#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "host/abi_text.h"
#include "host/instance.h"
#include "host/router.h"
#include "hub/limits.h"
#include "session/address_book.h"
#include "session/byte_pace.h"

namespace wshub::host {
namespace {

// The plugin's part of one session.
class ChannelUser final : public session::SessionUser {
public:
    ChannelUser(std::shared_ptr<ChannelSession> session, ChannelShard& shard, const std::string& path,
                const Router& router, const MessageLimits& limits)
        : session_(std::move(session)), shard_(shard), path_(path), router_(router), limits_(limits) {}

    // The session may be destroyed without an end when the server goes.
    ~ChannelUser() override {
        session_->session = nullptr;
        shard_.erase(session_->handle);
    }

    void open() { call(WSHUB_CHANNEL_OPEN, {}, false, {}); }
    void on_text(std::span<char> text) override { message({text.data(), text.size()}, false); }
    void on_binary(std::span<char> bytes) override { message({bytes.data(), bytes.size()}, true); }
    void on_upgraded() override { session_->transport = session::TransportKind::kWebSocket; }
    void on_closed(session::CloseReason reason) override {
        session_->session = nullptr;
        call(WSHUB_CHANNEL_CLOSE, {}, false, session::close_reason_text(reason));
    }

private:
    void message(std::string_view data, bool binary) {
        if (may_send()) call(WSHUB_CHANNEL_MESSAGE, data, binary, {});
    }

    bool may_send() {
        session::Session& session = *session_->session;
        const base::SteadyTime now = session.loop().now();
        const std::string& remote = session_->handshake->remote;
        if (session.address() && !session.address()->take_event(now) && limits_.per_address.refuses(now, remote)) {
            session.close(session::CloseReason::kRateLimit, session::Session::CloseMode::kDiscard);
            return false;
        }
        // What is still read meanwhile, for the sake of its pongs, adds up. Beyond what costs a client of Socket.IO its
        // connection, it costs this one too.
        const auto pause = pace_.take(limits_.rate, 1, now, std::chrono::hours(24));
        if (pause.count() == 0 || !limits_.messages.refuses(now, remote)) return true;
        const double behind = std::chrono::duration<double>(pause).count() * limits_.rate.per_second;
        if (behind > static_cast<double>(hub::most_drops(limits_.rate))) {
            session.close(session::CloseReason::kRateLimit, session::Session::CloseMode::kDiscard);
            return false;
        }
        session.read_later(pause);
        return true;
    }

    void call(std::uint32_t op, std::string_view data, bool binary, std::string_view reason) {
        std::shared_ptr<Instance> instance = session_->instance;
        std::optional<Instance::Visit> visit;
        visit.emplace(*instance);
        while (!*visit && instance->retired()) {
            visit.reset();
            if (!session_->follow(router_)) return session_->restart();
            instance = session_->instance;
            visit.emplace(*instance);
        }
        // In quarantine, none of its messages would come to anything.
        if (!*visit || instance->quarantined()) return session_->restart();
        wshub_channel_event given{};
        given.size = sizeof given;
        given.op = op;
        given.session = session_->handle;
        given.path = str(path_);
        given.data = {data.data(), data.size()};
        given.binary = binary ? 1 : 0;
        given.reason = str(reason);
        CallScope scope;
        scope.plugin = instance->name().c_str();
        scope.kind = WSHUB_ON_CHANNEL;
        scope.what = path_;
        if (op == WSHUB_CHANNEL_MESSAGE) instance->count_event();
        if (instance->call(session_->slot, &given, scope) < 0) failed();
    }

    // The client cannot know otherwise that what it sent came to nothing.
    void failed() { session_->end(protocol::CloseCode::kInternalError, session::CloseReason::kServerForced); }

    const std::shared_ptr<ChannelSession> session_;
    ChannelShard& shard_;
    const std::string& path_;
    const Router& router_;
    const MessageLimits& limits_;
    session::BytePace pace_;
};

class NobodysUser final : public session::SessionUser {
public:
    void on_text(std::span<char>) override {}
    void on_binary(std::span<char>) override {}
    void on_closed(session::CloseReason) override {}
};

}  // namespace

// ---- ChannelSession

bool ChannelSession::follow(const Router& router) {
    const auto table = router.newest();
    const ChannelRoute* const route = table->route_of(*channel);
    if (!route) return false;
    const auto& now = table->instances()[route->plugin];
    if (now->name() != plugin) return false;
    instance = now;
    slot = route->slot;
    return true;
}

void ChannelSession::end(protocol::CloseCode code, session::CloseReason reason, std::string_view text) {
    if (!session || session->closing()) return;
    session->say_at_close(code, text);
    session->close(reason);
}

void ChannelSession::restart() {
    end(protocol::CloseCode::kServiceRestart, session::CloseReason::kTransportClose);
}

// ---- ChannelShard

std::shared_ptr<ChannelSession> ChannelShard::find(wshub_channel_session handle) {
    const std::lock_guard lock(mutex_);
    const auto* const found = sessions.find(handle);
    return found ? *found : nullptr;
}

wshub_channel_session ChannelShard::add(const std::shared_ptr<ChannelSession>& session) {
    const std::lock_guard lock(mutex_);
    return sessions.add(session);
}

void ChannelShard::erase(wshub_channel_session handle) {
    const std::lock_guard lock(mutex_);
    sessions.erase(handle);
}

std::vector<std::shared_ptr<ChannelSession>> ChannelShard::of(std::string_view plugin) {
    std::vector<std::shared_ptr<ChannelSession>> found;
    const std::lock_guard lock(mutex_);
    sessions.for_each([&](const std::shared_ptr<ChannelSession>& session) {
        if (session->plugin == plugin) found.push_back(session);
    });
    return found;
}

// ---- Channel

Channel::Channel(session::EngineSettings settings, std::vector<net::Loop*> loops,
                 std::vector<std::shared_ptr<ChannelShard>> shards, const Router& router, MessageLimits message_limits,
                 base::Metrics& metrics, std::shared_ptr<session::SharedLimits> limits)
    : path_(settings.path),
      form_(settings.form),
      shards_(std::move(shards)),
      router_(router),
      limits_(message_limits),
      engine_(std::move(settings), std::move(loops), *this, metrics, std::move(limits)) {}

std::unique_ptr<session::SessionUser> Channel::on_open(session::Session& session) {
    const auto entry = std::make_shared<ChannelSession>();
    {
        const Router::Reading reading(router_);
        const ChannelRoute* const route = reading.table().route_of(*this);
        if (!route) {  // its plugin went while the client came
            session.close(session::CloseReason::kTransportClose);
            return std::make_unique<NobodysUser>();
        }
        entry->instance = reading.table().instances()[route->plugin];
        entry->slot = route->slot;
    }
    entry->plugin = entry->instance->name();
    entry->channel = this;
    ChannelShard& shard = *shards_.at(session.loop().index());
    entry->sid = session.sid();
    entry->handshake = session.handshake();
    entry->form = form_;
    entry->transport = session.transport();
    entry->loop = &shard.loop;
    entry->session = &session;
    entry->handle = shard.add(entry);
    auto user = std::make_unique<ChannelUser>(entry, shard, path_, router_, limits_);
    user->open();
    return user;
}

}  // namespace wshub::host
