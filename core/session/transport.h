// What carries a session's packets: the queue in front of the network and the way a connection ends. Polling and
// WebSocket derive from it. Its loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "net/held_bytes.h"
#include "net/loop.h"
#include "protocol/encoded_packet.h"
#include "protocol/engine_packet.h"
#include "session/engine_metrics.h"
#include "session/send_queue.h"
#include "session/session.h"

namespace wshub::session {

// How a transport ends, from the gentlest to the roughest. The network is let go at the end of the loop's turn, never
// from inside a call: packets that are being handled may lie in its buffers.
enum class Parting : std::uint8_t {
    kNone,      // it does not
    kFlush,     // what is queued goes out, then goodbye
    kPeerLeft,  // the client said goodbye: answered, what is queued is dropped
    kDiscard,   // what is queued is dropped, then goodbye
    kAbort,     // nothing more is sent: there is nobody, or nobody who reads
};

class Transport;

// What a transport tells its session.
class TransportOwner {
public:
    // So many bytes of the client's have come, and what is in them follows. May pause the transport.
    virtual void on_received(Transport& from, std::size_t bytes) = 0;
    // `data` lies behind the type digit; ours to change and valid during the call.
    virtual void on_packet(Transport& from, protocol::EngineType type, std::span<char> data) = 0;
    virtual void on_binary(Transport& from, std::span<char> bytes) = 0;
    // It broke, or its client broke the rules or left. Wants to be parted from in this way.
    virtual void on_fault(Transport& from, CloseReason reason, Parting parting) = 0;
    // It has nothing to do with the network any more and can be destroyed, once the call has returned.
    virtual void on_parted(Transport& from) = 0;

protected:
    ~TransportOwner() = default;
};

// What a transport needs of the engine; one for each loop.
struct LoopContext {
    net::Loop& loop;
    const Answers& answers;
    const EngineMetrics& metrics;
    QueuedBytes& queued_bytes;
    std::size_t max_http_buffer_size;
    net::HeldBytes& halves;  // of messages over WebSocket
};

class Transport : public net::Flushable {
public:
    Transport(TransportOwner& owner, LoopContext& context) : context_(context), owner_(&owner) {}
    virtual ~Transport() { context_.queued_bytes.add(-static_cast<std::ptrdiff_t>(accounted_)); }
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    virtual TransportKind kind() const = 0;
    // What asks the client whether it is there.
    virtual const protocol::PacketRef& ping_packet() const;
    // Why it will part; and what is to be said then. Of use where goodbyes have words.
    virtual void ends_for(CloseReason /*reason*/) {}
    virtual void say_at_close(protocol::CloseCode /*code*/, std::string_view /*reason*/) {}
    // What is sent now leaves with the end of the turn.
    virtual bool ready() const = 0;

    // Nothing happens while it parts.
    void send(protocol::PacketRef packet);
    // Sends at once what can be sent, so that a long turn does not make a client look slow that reads well.
    virtual void relieve() {}
    const SendQueue& queue() const { return queue_; }

    // Takes nothing more from the client until resume(). Nothing is lost: the network holds the client back.
    virtual void pause() = 0;
    virtual void resume() = 0;

    // A rougher way may follow a gentler one; anything else is ignored.
    void part(Parting parting);
    bool parting() const { return parting_ != Parting::kNone; }
    // What the client sends may still matter: to say goodbye is left to do, at most.
    bool reachable() const { return parting_ <= Parting::kFlush; }

    // From now on it tells somebody else.
    void give_to(TransportOwner& owner) { owner_ = &owner; }

protected:
    virtual void enqueue(protocol::PacketRef packet) { queue_.push(std::move(packet)); }
    void schedule() { context_.loop.flush_later(*this); }
    void account();
    void parted();

    LoopContext& context_;
    TransportOwner* owner_;
    SendQueue queue_;
    std::size_t accounted_ = 0;  // of the queue's bytes, in the loop's sum
    Parting parting_ = Parting::kNone;
    bool parted_ = false;
};

}  // namespace wshub::session
