// A Socket.IO client of one namespace over one connection: what came, as events and answers; what is sent, as packets.
// Answers pings. Knows nothing of commands. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "console/link.h"
#include "console/options.h"
#include "console/payload.h"

namespace wshub::console {

struct Happening {
    enum class Kind {
        kConnected,  // name: the sid
        kRefused,    // CONNECT_ERROR; name: the message, args: its data or empty
        kEvent,      // name, args; id if it asks for an acknowledgement
        kAck,        // id, args
        kPutOut,     // the server's DISCONNECT
        kLost,       // name: why; the connection is no more
    };
    Kind kind = Kind::kEvent;
    std::string name;
    std::string args;  // a JSON array; binary as {"$binary": SIZE}
    std::optional<std::uint64_t> id;
};

class Client {
public:
    // Connected to the server, and CONNECT sent. Throws LinkError.
    Client(const Options& options, const base::Clock& clock);

    // As of Link.
    int descriptor() const { return link_->descriptor(); }
    bool pending() const { return link_->pending(); }
    std::size_t max_payload() const { return link_->opened().max_payload; }
    // Call tick() then.
    base::SteadyTime deadline() const { return deadline_; }

    // What came. After kRefused, kPutOut or kLost, which comes last, only close() is of use.
    std::vector<Happening> read();
    // Nothing, or kLost if the server has been silent for too long, or has not answered CONNECT.
    std::vector<Happening> tick();

    // False if the connection was lost; read() says so then.
    bool emit(std::string_view name, const Payload& payload, std::optional<std::uint64_t> ack_id);
    bool acknowledge(std::uint64_t id);
    // Leaves the namespace and ends the connection. Once.
    void close() noexcept;

private:
    void take(EngineMessage message, std::vector<Happening>& out);
    void take_text(std::string text, std::vector<Happening>& out);
    void take_binary(std::string bytes, std::vector<Happening>& out);
    // `text`: a Socket.IO packet whose attachments are all here.
    void take_packet(std::string text, std::vector<Happening>& out);
    bool send(const protocol::EncodedMessage& packets);
    void heard_of_it();

    const Options& options_;
    const base::Clock& clock_;
    std::unique_ptr<Link> link_;
    base::SteadyTime deadline_;
    bool joined_ = false;
    // A binary packet that waits for its attachments.
    std::string waiting_;
    std::size_t missing_ = 0;
    std::vector<std::string> attachments_;
    std::string broken_;  // why sending failed
};

}  // namespace wshub::console
