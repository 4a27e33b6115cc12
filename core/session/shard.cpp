#include "session/shard.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/ids.h"
#include "base/log.h"

namespace wshub::session {
namespace {

// Whoever knows a sid can act for its client, so that logs show only enough of it to tell sessions apart.
std::string_view shown(const SessionImpl& session) {
    return std::string_view(session.sid()).substr(0, 8);
}

}  // namespace

std::optional<unsigned> loop_of_sid(std::string_view sid) {
    const auto bytes = base::decode_id(sid);
    if (!bytes) return std::nullopt;
    return (*bytes)[0];
}

Shard::Shard(EngineState& state, net::Loop& loop, base::Metrics& metrics)
    : state_(state),
      queued_bytes_(metrics, loop.index(), state.settings.metric_labels),
      context_{loop,
               state.answers,
               state.metrics,
               queued_bytes_,
               state.settings.max_http_buffer_size,
               state.shared->halves} {}

std::string Shard::make_sid() const {
    base::IdBytes bytes;
    bytes[0] = static_cast<std::uint8_t>(context_.loop.index());
    base::random_bytes(std::span(bytes).subspan(1));
    return base::encode_id(bytes);
}

SessionImpl& Shard::add(std::string sid, std::shared_ptr<const Handshake> handshake, Admission admission,
                        TransportKind kind) {
    auto session = std::make_unique<SessionImpl>(*this, std::move(sid), std::move(handshake), std::move(admission));
    SessionImpl& added = *session;
    sessions_.emplace(added.sid(), std::move(session));
    state_.alive.fetch_add(1);
    state_.open_by(kind).fetch_add(1, std::memory_order_relaxed);
    state_.metrics.sessions_of(kind).add(1);
    state_.metrics.handshakes_of(kind).add();
    base::log::debug("session opened sid={} transport={} remote={}", shown(added), transport_name(kind),
                     added.handshake()->remote);
    return added;
}

SessionImpl* Shard::find(std::string_view sid) {
    const auto found = sessions_.find(sid);
    if (found == sessions_.end() || !found->second->reachable()) return nullptr;
    return found->second.get();
}

void Shard::closed(SessionImpl& session, CloseReason reason) {
    const TransportKind kind = session.transport();
    state_.open_by(kind).fetch_sub(1, std::memory_order_relaxed);
    state_.metrics.sessions_of(kind).add(-1);
    state_.metrics.closes_for(reason).add();
    base::log::debug("session closed sid={} reason={}", shown(session), close_reason_name(reason));
    settle(session);
}

void Shard::upgraded() {
    state_.open_by(TransportKind::kPolling).fetch_sub(1, std::memory_order_relaxed);
    state_.open_by(TransportKind::kWebSocket).fetch_add(1, std::memory_order_relaxed);
    state_.metrics.sessions_of(TransportKind::kPolling).add(-1);
    state_.metrics.sessions_of(TransportKind::kWebSocket).add(1);
    state_.metrics.upgrades_with(UpgradeResult::kDone).add();
}

void Shard::settle(SessionImpl& session) {
    if (std::exchange(session.settling_, true)) return;
    settling_.push_back(&session);
    settle_later();
}

void Shard::bury(std::unique_ptr<Transport> transport, Parting parting) {
    transport->give_to(*this);
    buried_.push_back(std::move(transport));
    buried_.back()->part(parting);
}

void Shard::on_parted(Transport& from) {
    decayed_.push_back(&from);
    settle_later();
}

void Shard::settle_later() {
    if (std::exchange(settle_posted_, true)) return;
    // The engine may be gone when the loop comes to this.
    context_.loop.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->settle_all();
    });
}

void Shard::settle_all() {
    settle_posted_ = false;
    const auto decayed = std::exchange(decayed_, {});
    for (const Transport* transport : decayed)
        std::erase_if(buried_, [&](const auto& owner) { return owner.get() == transport; });
    // Users that are told may close other sessions; those wait for the next time.
    for (SessionImpl* session : std::exchange(settling_, {})) {
        session->settling_ = false;
        session->tell_closed();
        if (session->parted()) destroy(*session);
    }
}

void Shard::destroy(SessionImpl& session) {
    // Out of the map before it goes: the key lies in it.
    { const auto gone = sessions_.extract(session.sid()); }
    if (state_.alive.fetch_sub(1) == 1) state_.tell_gone();
}

void Shard::close_some(CloseReason reason, double share) {
    std::size_t open = 0;
    for (const auto& [sid, session] : sessions_) open += session->closing() ? 0u : 1u;
    auto left = static_cast<std::size_t>(std::ceil(static_cast<double>(open) * std::clamp(share, 0.0, 1.0)));
    for (const auto& [sid, session] : sessions_) {
        if (left == 0) return;
        if (session->closing()) continue;
        session->close(reason, Session::CloseMode::kFlush);
        --left;
    }
}

void Shard::close_all(CloseReason reason) {
    for (const auto& [sid, session] : sessions_) {
        session->close(reason, Session::CloseMode::kFlush);
        session->hurry();
    }
    if (state_.unasked.fetch_sub(1) == 1) state_.tell_gone();
}

void Shard::abandon_all() {
    for (const auto& [sid, session] : sessions_) session->abandon();
}

}  // namespace wshub::session
