// HTTP long polling: a GET waits for packets, a POST brings them. (Engine.IO protocol 4, "HTTP long-polling".)
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/http_exchange.h"
#include "session/transport.h"

namespace wshub::session {

class PollingTransport final : public Transport {
public:
    using Transport::Transport;

    TransportKind kind() const override { return TransportKind::kPolling; }
    bool ready() const override { return poll_ != nullptr; }

    void relieve() override;
    // While it is paused, the answer to a POST waits: until then its client may send no other.
    void pause() override { paused_ = true; }
    void resume() override;

    // A GET: waits until there is something to say. A second one at the same time ends the session.
    void on_get(std::unique_ptr<net::HttpExchange> exchange);
    // A POST is under way for as long as what this gives is kept. Null if one is already: two at a time could overtake
    // each other, so they end the session (Engine.IO protocol, "Sending data").
    std::shared_ptr<void> announce_post();
    // A POST: what is in it is handled at once, and answered unless the transport is paused.
    void on_post(std::unique_ptr<net::HttpExchange> exchange);

    // Answers the waiting GET with a noop unless there are packets for it, so that a client that wants to pause polling
    // need not wait.
    void poke();
    // The same for the next GET that comes.
    void poke_next() { poke_next_ = true; }
    void stop_poking() { poke_ = poke_next_ = false; }

    // The session goes on over another transport: a waiting GET gets a noop, what is queued is given back.
    SendQueue hand_over();

    void flush() override;

private:
    void accept(net::HttpExchange& post);
    void read_payload(std::string& body);
    void read_packet(const protocol::EnginePacket& packet, std::string& body);
    void say_goodbye();
    std::string take_payload();
    void answer(std::string body);
    void on_abandoned();

    std::unique_ptr<net::HttpExchange> poll_;
    std::weak_ptr<void> post_;                      // on its way
    std::unique_ptr<net::HttpExchange> held_post_;  // handled, its answer waits for resume()
    bool abandoned_ = false;                        // poll_ has lost its client: it can only be destroyed
    bool late_poll_ = false;                        // poll_ came when the session was closed already
    bool paused_ = false;
    bool poke_ = false;
    bool poke_next_ = false;
};

}  // namespace wshub::session
