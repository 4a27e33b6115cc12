// One Socket.IO 5 client on the namespace "/", over either transport: handshake, CONNECT, pings answered, events and
// acks in and out. Does not come back by itself when it is cut off.
#pragma once

#include <memory>
#include <optional>

#include "transport.h"

namespace wshub::bench {

class Client;

class ClientHandler {
public:
    virtual void on_joined(Client& client) = 0;
    // `body`: the JSON array, name included. Both hold until the call returns. Events with attachments come with their
    // placeholders; the attachments do not.
    virtual void on_event(Client& client, std::string_view name, std::string_view body) = 0;
    virtual void on_ack(Client& client, std::uint64_t id, std::string_view body) = 0;
    // It could not join, or was cut off later. Not called for Client::close().
    virtual void on_lost(Client& client, std::string_view reason) = 0;

protected:
    ~ClientHandler() = default;
};

class Client final : private TransportHandler {
public:
    // `index` is for the owner to know it by.
    Client(Loop& loop, const Target& target, TransportKind kind, std::size_t index, ClientHandler& handler);

    void open();
    // `args` is what stands behind the name in the array, JSON, perhaps empty. False, and nothing is sent, unless
    // joined.
    bool emit(std::string_view name, std::string_view args, std::optional<std::uint64_t> ack_id = std::nullopt);
    void close();

    bool joined() const { return joined_; }
    std::size_t index() const { return index_; }
    TimePoint opened_at() const { return opened_at_; }

private:
    void on_packet(std::string_view packet) override;
    void on_transport_closed(std::string_view reason) override;
    void on_message(std::string_view message);
    void lose(std::string_view reason);

    ClientHandler& handler_;
    std::unique_ptr<Transport> transport_;
    std::size_t index_;
    TimePoint opened_at_{};
    bool joined_ = false;
};

}  // namespace wshub::bench
