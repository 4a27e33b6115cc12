#include "session/session_impl.h"

#include <utility>

#include "session/engine_state.h"
#include "session/shard.h"

namespace wshub::session {
namespace {

// A client that polls has this long to come for the rest; one that reads slowly has it too.
constexpr base::milliseconds kCloseTimeout{30'000};
// When the server stops, a client that polls comes within a round trip or has left without a word; it may be unable to
// come at all, since no new connection is accepted.
constexpr base::milliseconds kStopTimeout{2'000};

}  // namespace

SessionImpl::SessionImpl(Shard& shard, std::string sid, std::shared_ptr<const Handshake> handshake, Admission admission)
    : shard_(shard),
      sid_(std::move(sid)),
      handshake_(std::move(handshake)),
      admission_(std::move(admission)),
      timer_([](void* self) { static_cast<SessionImpl*>(self)->on_timer(); }, this) {}

SessionImpl::~SessionImpl() {
    // Users may still look at their session, so they go first.
    phase_ = Phase::kParted;
    user_.reset();
}

void SessionImpl::start(std::unique_ptr<Transport> transport) {
    transport_ = std::move(transport);
    heartbeat_.start(loop().now(), shard_.state().heartbeat);
    loop().arm(timer_, heartbeat_.due());
}

void SessionImpl::attach_user(SessionFactory& factory) {
    try {
        user_ = factory.on_open(*this);
    } catch (...) {
        end(CloseReason::kServerForced, Parting::kDiscard);
        throw;
    }
}

net::Loop& SessionImpl::loop() {
    return shard_.context().loop;
}

void SessionImpl::send(protocol::PacketRef packet) {
    if (phase_ != Phase::kOpen) return;
    transport_->send(std::move(packet));
    const std::size_t most = shard_.state().settings.max_queued_bytes;
    if (transport_->queue().cost() <= most) return;
    transport_->relieve();
    if (transport_->queue().cost() <= most) return;
    shard_.state().metrics.packets_dropped->add(static_cast<std::int64_t>(transport_->queue().size()));
    end(CloseReason::kQueueFull, Parting::kAbort);
}

bool SessionImpl::send_volatile(std::span<const protocol::PacketRef> packets) {
    if (phase_ != Phase::kOpen || !transport_->ready()) return false;
    std::size_t cost = transport_->queue().cost();
    for (const protocol::PacketRef& packet : packets) cost += packet->frame().size() + SendQueue::kEntryCost;
    if (cost > shard_.state().settings.max_queued_bytes) return false;
    for (const protocol::PacketRef& packet : packets) transport_->send(packet);
    return true;
}

void SessionImpl::close(CloseReason reason, CloseMode mode) {
    if (phase_ == Phase::kOpen) end(reason, mode == CloseMode::kFlush ? Parting::kFlush : Parting::kDiscard);
}

void SessionImpl::end(CloseReason reason, Parting parting) {
    if (phase_ == Phase::kOpen) {
        phase_ = Phase::kClosing;
        reason_ = reason;
        if (upgrade_) drop_upgrade(UpgradeResult::kFailed, Parting::kDiscard);
        stop_throttling();
        transport_->ends_for(reason);
        loop().arm_in(timer_, kCloseTimeout);
        shard_.closed(*this, reason);
    }
    transport_->part(parting);
}

void SessionImpl::hurry() {
    if (phase_ == Phase::kClosing && polling() != nullptr) loop().arm_in(timer_, kStopTimeout);
}

bool SessionImpl::reachable() {
    if (phase_ == Phase::kOpen && !is_throttled() && heartbeat_.too_late(loop().now()))
        end(CloseReason::kPingTimeout, Parting::kDiscard);
    return phase_ == Phase::kOpen || (phase_ == Phase::kClosing && transport_->reachable());
}

PollingTransport* SessionImpl::polling() {
    if (transport_->kind() != TransportKind::kPolling) return nullptr;
    return static_cast<PollingTransport*>(transport_.get());
}

// Only the transport that carries the session may bring messages, and none behind the end.
bool SessionImpl::accepts(Transport& from) {
    return &from == transport_.get() && phase_ == Phase::kOpen;
}

void SessionImpl::on_packet(Transport& from, protocol::EngineType type, std::span<char> data) {
    if (is_probe(from)) return on_probe_packet(type, data);
    if (type == protocol::EngineType::kClose) return on_fault(from, CloseReason::kForcedClose, Parting::kPeerLeft);
    if (!accepts(from)) return;
    if (type == protocol::EngineType::kPong) {
        if (heartbeat_.pong_came(loop().now(), shard_.state().heartbeat)) loop().arm(timer_, heartbeat_.due());
        return;
    }
    if (heartbeat_.other_packet_came(loop().now(), shard_.state().heartbeat)) loop().arm(timer_, heartbeat_.due());
    if (type == protocol::EngineType::kMessage) return user_->on_text(data);
    // In protocol 4 it is the server who pings. Other packets mean nothing here and do no harm.
    if (type == protocol::EngineType::kPing) end(CloseReason::kTransportError, Parting::kDiscard);
}

void SessionImpl::on_binary(Transport& from, std::span<char> bytes) {
    if (is_probe(from)) return drop_upgrade(UpgradeResult::kFailed, Parting::kDiscard);
    if (!accepts(from)) return;
    if (heartbeat_.other_packet_came(loop().now(), shard_.state().heartbeat)) loop().arm(timer_, heartbeat_.due());
    user_->on_binary(bytes);
}

void SessionImpl::on_fault(Transport& from, CloseReason reason, Parting parting) {
    if (is_probe(from)) return drop_upgrade(UpgradeResult::kFailed, parting);
    if (&from == transport_.get()) end(reason, parting);
}

void SessionImpl::on_parted(Transport&) {
    phase_ = Phase::kParted;
    timer_.cancel();
    shard_.settle(*this);
}

void SessionImpl::tell_closed() {
    if (!user_) return;  // told already
    user_->on_closed(reason_);
    user_.reset();
}

void SessionImpl::on_timer() {
    if (phase_ != Phase::kOpen) return transport_->part(Parting::kAbort);
    if (heartbeat_.waiting() && is_throttled()) return;  // the pong may lie unread; on_throttle_timer() goes on
    if (heartbeat_.waiting()) return end(CloseReason::kPingTimeout, Parting::kDiscard);
    heartbeat_.ping_sent(loop().now(), shard_.state().heartbeat);
    loop().arm(timer_, heartbeat_.due());
    send_ping();
}

void SessionImpl::send_ping() {
    send(transport_->ping_packet());
}

}  // namespace wshub::session
