// A session as the engine holds it: the transport that carries it, its heartbeat, the upgrade under way, its end.
// Its loop's thread only.
//
//   open ──close(), fault──► closing ──transport parted──► destroyed by the shard
//                               └─ a later turn: on_closed(), once, whether the transport has parted by then or not
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/stream.h"
#include "net/timer_wheel.h"
#include "session/admission.h"
#include "session/byte_pace.h"
#include "session/heartbeat.h"
#include "session/polling_transport.h"
#include "session/session.h"
#include "session/websocket_transport.h"

namespace wshub::session {

class Shard;

class SessionImpl final : public Session, public TransportOwner {
public:
    SessionImpl(Shard& shard, std::string sid, std::shared_ptr<const Handshake> handshake, Admission admission);
    ~SessionImpl() override;

    // Once, in this order: the transport, then the user, who may send and close while it is made.
    void start(std::unique_ptr<Transport> transport);
    void attach_user(SessionFactory& factory);

    const std::string& sid() const override { return sid_; }
    net::Loop& loop() override;
    const std::shared_ptr<const Handshake>& handshake() const override { return handshake_; }
    TransportKind transport() const override { return transport_->kind(); }
    Address* address() override { return admission_.address(); }
    void send(protocol::PacketRef packet) override;
    bool send_volatile(std::span<const protocol::PacketRef> packets) override;
    std::size_t queued_bytes() const override { return transport_->queue().bytes(); }
    SessionFigures figures() const override { return {queued_bytes(), heartbeat_.latency(), upgraded_at_}; }
    void close(CloseReason reason, CloseMode mode) override;
    bool closing() const override { return phase_ != Phase::kOpen; }
    void read_later(std::chrono::nanoseconds pause) override;
    void say_at_close(protocol::CloseCode code, std::string_view reason) override {
        transport_->say_at_close(code, reason);
    }

    // Requests with its sid are for it. Ends it if its pong is too late, without waiting for the timer.
    bool reachable();
    // Null unless polling carries it.
    PollingTransport* polling();

    // A second transport knocks: probed, and taken over by, or closed (upgrade.cpp). `early` are its first bytes.
    void probe(std::unique_ptr<net::Stream> stream, std::span<char> early, WebSocketTransport::Binary binary);

    // For the shard, in a turn after the end.
    void tell_closed();
    bool parted() const { return phase_ == Phase::kParted; }
    // The server stops: a polling client that is still to come for the end gets less time.
    void hurry();
    void abandon() { transport_->part(Parting::kAbort); }

    void on_received(Transport& from, std::size_t bytes) override;
    void on_packet(Transport& from, protocol::EngineType type, std::span<char> data) override;
    void on_binary(Transport& from, std::span<char> bytes) override;
    void on_fault(Transport& from, CloseReason reason, Parting parting) override;
    void on_parted(Transport& from) override;

private:
    friend class Shard;
    enum class Phase : std::uint8_t { kOpen, kClosing, kParted };
    // A WebSocket that wants to carry the session.
    struct Upgrade {
        Upgrade(SessionImpl& session, base::SteadyTime until);
        std::unique_ptr<WebSocketTransport> socket;
        net::Timer timer;
        base::SteadyTime deadline;
        bool probed = false;
    };

    void end(CloseReason reason, Parting parting);
    bool accepts(Transport& from);
    void on_timer();
    void send_ping();

    bool is_throttled() const { return throttle_ && throttle_->armed(); }
    void stop_throttling();
    void on_throttle_timer();

    bool is_probe(const Transport& from) const { return upgrade_ && &from == upgrade_->socket.get(); }
    void on_probe_packet(protocol::EngineType type, std::span<const char> data);
    void answer_probe();
    void switch_transport();
    void on_upgrade_timer();
    void drop_upgrade(UpgradeResult result, Parting parting);

    Shard& shard_;
    const std::string sid_;
    const std::shared_ptr<const Handshake> handshake_;
    const Admission admission_;
    std::unique_ptr<SessionUser> user_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<Upgrade> upgrade_;
    net::Timer timer_;  // of the heartbeat; of the end, once it is closing
    Heartbeat heartbeat_;
    BytePace pace_;
    std::optional<base::WallTime> upgraded_at_;
    base::SteadyTime throttle_until_{};
    std::unique_ptr<net::Timer> throttle_;  // armed while the client is not read; made when it first has to be
    Phase phase_ = Phase::kOpen;
    CloseReason reason_ = CloseReason::kTransportClose;
    bool settling_ = false;  // on the shard's list
};

}  // namespace wshub::session
