// The listening socket: accepts on one loop and hands each connection on.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <string>

#include "base/token_bucket.h"
#include "net/loop.h"
#include "net/socket_stream.h"

namespace wshub::net {

// The peer's address as text and number.
Peer peer_of(const sockaddr_storage& address);

class Listener final : private Watched {
public:
    using Accepted = std::function<void(Fd socket, Peer peer)>;
    using Refused = std::function<void()>;

    // Binds and listens; a name is looked up, and an empty host means all addresses. Throws std::system_error naming
    // address and port. `refused` is called for each connection that had to be closed for want of file descriptors.
    Listener(Loop& loop, const std::string& host, std::uint16_t port, Accepted accepted, Refused refused);
    // On the loop's thread if it was started.
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // Starts accepting. The loop's thread; throws std::system_error.
    void start();

    std::uint16_t port() const { return port_; }

private:
    void on_events(std::uint32_t events) override;
    bool accept_one();
    bool turn_away_one();
    void warn_of_descriptors();
    static void on_retry(void* self);

    Loop& loop_;
    Accepted accepted_;
    Refused refused_;
    Fd socket_;
    Fd reserve_;  // given up for a moment to accept, and so to end, a connection when no other descriptor is left
    std::uint16_t port_ = 0;
    bool started_ = false;
    Timer retry_;
    base::TokenBucket warnings_;
    std::uint64_t turned_away_ = 0;
};

}  // namespace wshub::net
