#include "host/channel.h"

#include <chrono>
#include <span>
#include <utility>

#include "host/abi_text.h"
#include "host/instance.h"
#include "hub/limits.h"
#include "session/address_book.h"
#include "session/byte_pace.h"

namespace wshub::host {
namespace {

// The plugin's part of one session.
class ChannelUser final : public session::SessionUser {
public:
    ChannelUser(std::shared_ptr<ChannelSession> session, ChannelShard& shard, const std::string& path, wshub_slot slot,
                const MessageLimits& limits)
        : session_(std::move(session)), shard_(shard), path_(path), slot_(slot), limits_(limits) {}

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
        Instance& instance = *session_->instance;
        const Instance::Visit visit(instance);
        if (!visit) return stopped();
        wshub_channel_event given{};
        given.size = sizeof given;
        given.op = op;
        given.session = session_->handle;
        given.path = str(path_);
        given.data = {data.data(), data.size()};
        given.binary = binary ? 1 : 0;
        given.reason = str(reason);
        CallScope scope;
        scope.plugin = instance.name().c_str();
        scope.kind = WSHUB_ON_CHANNEL;
        scope.what = path_;
        if (op == WSHUB_CHANNEL_MESSAGE) instance.count_event();
        if (instance.call(slot_, &given, scope) < 0) failed();
    }

    // The client cannot know otherwise that what it sent came to nothing.
    void failed() { end(protocol::CloseCode::kInternalError, session::CloseReason::kServerForced); }
    void stopped() { end(protocol::CloseCode::kServiceRestart, session::CloseReason::kTransportClose); }
    void end(protocol::CloseCode code, session::CloseReason reason) {
        session::Session* const session = session_->session;
        if (!session || session->closing()) return;
        session->say_at_close(code, {});
        session->close(reason);
    }

    const std::shared_ptr<ChannelSession> session_;
    ChannelShard& shard_;
    const std::string& path_;
    const wshub_slot slot_;
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

std::vector<std::shared_ptr<ChannelSession>> ChannelShard::of(const Instance& instance) {
    std::vector<std::shared_ptr<ChannelSession>> found;
    const std::lock_guard lock(mutex_);
    sessions.for_each([&](const std::shared_ptr<ChannelSession>& session) {
        if (session->instance.get() == &instance) found.push_back(session);
    });
    return found;
}

// ---- Channel

Channel::Channel(session::EngineSettings settings, std::vector<net::Loop*> loops,
                 std::vector<std::shared_ptr<ChannelShard>> shards, MessageLimits message_limits,
                 base::Metrics& metrics, std::shared_ptr<session::SharedLimits> limits)
    : path_(settings.path),
      form_(settings.form),
      shards_(std::move(shards)),
      limits_(message_limits),
      engine_(std::move(settings), std::move(loops), *this, metrics, std::move(limits)) {
    engine_.refuse_handshakes();
}

void Channel::bind(std::shared_ptr<Instance> instance, wshub_slot slot) {
    const std::lock_guard lock(mutex_);
    instance_ = std::move(instance);
    slot_ = slot;
}

std::shared_ptr<Instance> Channel::owner() const {
    const std::lock_guard lock(mutex_);
    return instance_;
}

std::unique_ptr<session::SessionUser> Channel::on_open(session::Session& session) {
    const auto entry = std::make_shared<ChannelSession>();
    wshub_slot slot = 0;
    {
        const std::lock_guard lock(mutex_);
        entry->instance = instance_;
        slot = slot_;
    }
    if (!entry->instance) {  // its plugin went while the client came
        session.close(session::CloseReason::kTransportClose);
        return std::make_unique<NobodysUser>();
    }
    ChannelShard& shard = *shards_.at(session.loop().index());
    entry->sid = session.sid();
    entry->handshake = session.handshake();
    entry->form = form_;
    entry->transport = session.transport();
    entry->loop = &shard.loop;
    entry->session = &session;
    entry->handle = shard.add(entry);
    auto user = std::make_unique<ChannelUser>(entry, shard, path_, slot, limits_);
    user->open();
    return user;
}

}  // namespace wshub::host
