// The upgrade of a session from polling to WebSocket (Engine.IO protocol 4, "Upgrade"). Until the client says '5',
// everything goes by polling:
//
//   client                     server
//     2probe  ──WebSocket──►
//             ◄─────────────   3probe, and a noop to the GET that waits, so that the client can pause polling
//     5       ──────────────►  what is still queued, and everything from now on, goes by the WebSocket
#include <algorithm>
#include <utility>

#include "session/engine_state.h"
#include "session/session_impl.h"
#include "session/shard.h"

namespace wshub::session {
namespace {

// A GET that comes after the probe's answer was sent is kept no longer than this: its client may be waiting for it.
constexpr base::milliseconds kPokeInterval{100};
// What the probing socket may leave unread.
constexpr std::size_t kMaxProbeQueue = 4096;

const protocol::PacketRef& probe_answer() {
    static const protocol::PacketRef packet = protocol::EncodedPacket::text("3probe");
    return packet;
}

}  // namespace

SessionImpl::Upgrade::Upgrade(SessionImpl& session, base::SteadyTime until)
    : timer([](void* self) { static_cast<SessionImpl*>(self)->on_upgrade_timer(); }, &session), deadline(until) {}

void SessionImpl::probe(std::unique_ptr<net::Stream> stream, std::span<char> early, WebSocketTransport::Binary binary) {
    if (phase_ != Phase::kOpen || upgrade_ || polling() == nullptr) {
        // The client may not open a second WebSocket; it is this one that has to go. It was accepted before, since
        // clients take a refused handshake for a broken network and a closed socket for what it is.
        return net::Stream::finish(std::move(stream), protocol::close_frame());
    }
    upgrade_ = std::make_unique<Upgrade>(*this, loop().now() + shard_.state().settings.upgrade_timeout);
    upgrade_->socket = std::make_unique<WebSocketTransport>(*this, shard_.context(), std::move(stream), binary);
    loop().arm(upgrade_->timer, upgrade_->deadline);
    // Kept by the shard if these bytes make an end of it.
    WebSocketTransport& socket = *upgrade_->socket;
    socket.on_bytes(early);
}

void SessionImpl::on_probe_packet(protocol::EngineType type, std::span<const char> data) {
    const std::string_view text(data.data(), data.size());
    if (type == protocol::EngineType::kPing && text == "probe") return answer_probe();
    if (type == protocol::EngineType::kUpgrade && text.empty() && upgrade_->probed) return switch_transport();
    drop_upgrade(UpgradeResult::kFailed, Parting::kDiscard);
}

void SessionImpl::answer_probe() {
    if (upgrade_->socket->queue().bytes() > kMaxProbeQueue)
        return drop_upgrade(UpgradeResult::kFailed, Parting::kAbort);
    upgrade_->socket->send(probe_answer());
    if (std::exchange(upgrade_->probed, true)) return;
    // The client often sends another GET before it reads the probe's answer. That one is let go at once, later ones by
    // and by: a client that never gets to read the answer must not poll in a tight circle.
    polling()->poke();
    polling()->poke_next();
    loop().arm(upgrade_->timer, std::min(upgrade_->deadline, loop().now() + kPokeInterval));
}

void SessionImpl::switch_transport() {
    auto socket = std::move(upgrade_->socket);
    upgrade_.reset();
    socket->take_over(polling()->hand_over());
    // The answer to its last POST is due now; what the client sends by the WebSocket waits in its place.
    transport_->resume();
    if (is_throttled()) socket->pause();
    auto polling = std::exchange(transport_, std::move(socket));
    shard_.bury(std::move(polling), Parting::kDiscard);
    shard_.upgraded();
    upgraded_at_ = loop().wall();
    user_->on_upgraded();
}

void SessionImpl::on_upgrade_timer() {
    const base::SteadyTime now = loop().now();
    if (now >= upgrade_->deadline) return drop_upgrade(UpgradeResult::kTimeout, Parting::kDiscard);
    polling()->poke();
    loop().arm(upgrade_->timer, std::min(upgrade_->deadline, now + kPokeInterval));
}

// The session goes on by polling.
void SessionImpl::drop_upgrade(UpgradeResult result, Parting parting) {
    shard_.bury(std::move(upgrade_->socket), parting);
    upgrade_.reset();
    polling()->stop_poking();
    shard_.state().metrics.upgrades_with(result).add();
}

}  // namespace wshub::session
