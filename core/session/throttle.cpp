// A session whose client sends faster than [limits] bytes_per_second. It is not refused but read later: what it sends
// waits in the network, in order, until there is room again. So receivers of what it sends get it at a pace at which
// they can read it, and it notices nothing but that pace.
#include <algorithm>

#include "session/engine_state.h"
#include "session/session_impl.h"
#include "session/shard.h"

namespace wshub::session {
namespace {

// However much came at once, the client is heard again within this: far below the time that pongs may take.
std::chrono::nanoseconds longest_pause(const HeartbeatTimes& times) {
    return std::min<base::milliseconds>(times.timeout / 4, std::chrono::seconds(5));
}

}  // namespace

void SessionImpl::on_received(Transport& from, std::size_t bytes) {
    if (!accepts(from)) return;
    EngineState& state = shard_.state();
    const base::SteadyTime now = loop().now();
    const auto pause = pace_.take(state.settings.limits.bytes, bytes, now, longest_pause(state.heartbeat));
    if (pause.count() > 0 && state.shared->bytes_limit.refuses(now, handshake_->remote)) read_later(pause);
}

void SessionImpl::read_later(std::chrono::nanoseconds pause) {
    if (phase_ != Phase::kOpen) return;
    const base::SteadyTime until = loop().now() + std::min(pause, longest_pause(shard_.state().heartbeat));
    if (is_throttled() && until <= throttle_until_) return;
    throttle_until_ = until;
    if (!throttle_) {
        throttle_ = std::make_unique<net::Timer>(
            [](void* self) { static_cast<SessionImpl*>(self)->on_throttle_timer(); }, this);
    }
    loop().arm(*throttle_, until);
    transport_->pause();
}

void SessionImpl::on_throttle_timer() {
    const HeartbeatTimes& times = shard_.state().heartbeat;
    if (heartbeat_.held_up(loop().now(), times)) loop().arm(timer_, heartbeat_.due());
    if (heartbeat_.ping_again(loop().now(), times)) send_ping();
    if (phase_ == Phase::kOpen) transport_->resume();
}

void SessionImpl::stop_throttling() {
    if (!is_throttled()) return;
    throttle_->cancel();
    transport_->resume();
}

}  // namespace wshub::session
