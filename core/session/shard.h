// The sessions of one loop: found by their sid, told of their end, and destroyed when nothing on the stack can know
// them any more. Its loop's thread only, but for construction and destruction.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "session/engine_state.h"
#include "session/session_impl.h"
#include "session/transport.h"

namespace wshub::session {

class Shard final : public TransportOwner, public std::enable_shared_from_this<Shard> {
public:
    Shard(EngineState& state, net::Loop& loop, base::Metrics& metrics);

    EngineState& state() { return state_; }
    LoopContext& context() { return context_; }

    // A sid that says where its session lives.
    std::string make_sid() const;
    SessionImpl& add(std::string sid, std::shared_ptr<const Handshake> handshake, Admission admission,
                     TransportKind kind);
    // Null if there is none that requests can still reach.
    SessionImpl* find(std::string_view sid);

    // The session has left the open ones.
    void closed(SessionImpl& session, CloseReason reason);
    // In a later turn: its user is told, and it is destroyed if it has parted.
    void settle(SessionImpl& session);
    // A session moved from polling to WebSocket.
    void upgraded();
    // Ends the transport and destroys it in a later turn.
    void bury(std::unique_ptr<Transport> transport, Parting parting);

    // This share of those that are open, at least one if it is above zero.
    void close_some(CloseReason reason, double share);
    void close_all(CloseReason reason);
    void abandon_all();

private:
    void settle_later();
    void settle_all();
    void destroy(SessionImpl& session);

    // Buried transports have nothing to say.
    void on_received(Transport&, std::size_t) override {}
    void on_packet(Transport&, protocol::EngineType, std::span<char>) override {}
    void on_binary(Transport&, std::span<char>) override {}
    void on_fault(Transport& from, CloseReason, Parting parting) override { from.part(parting); }
    void on_parted(Transport& from) override;

    EngineState& state_;
    QueuedBytes queued_bytes_;
    LoopContext context_;
    std::unordered_map<std::string_view, std::unique_ptr<SessionImpl>> sessions_;  // keys lie in the sessions
    std::vector<SessionImpl*> settling_;
    std::vector<std::unique_ptr<Transport>> buried_;
    std::vector<Transport*> decayed_;  // of the buried ones: those that have parted
    bool settle_posted_ = false;
};

// The loop that a sid names. Nothing if it is no sid.
std::optional<unsigned> loop_of_sid(std::string_view sid);

}  // namespace wshub::session
