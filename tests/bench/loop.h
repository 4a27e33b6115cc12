// The one epoll loop that the generator runs on, and a TCP connection on it. One thread, no locks: whoever is called
// back may call anything here, and may close the connection that calls.
#pragma once

#include <netinet/in.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wshub::bench {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

// Where the server listens, on this machine only. One source address has fewer than 28 000 ports towards one server, so
// a bigger crowd comes from several (127.0.0.1, 127.0.0.2, ...).
struct Endpoint {
    in_addr address{};
    std::uint16_t port = 0;
    std::uint32_t source_addresses = 1;

    std::string host_header() const;
};

// Nothing if `host` is not a loopback address: load is never sent to another machine.
std::optional<in_addr> loopback_address(std::string_view host);

class Connection;

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Serves connections until `step` says that it is done (true) or `deadline` has passed (false). `step` is called
    // after each round, and at least every `tick`.
    bool run_until(TimePoint deadline, const std::function<bool()>& step,
                   std::chrono::milliseconds tick = std::chrono::milliseconds(1));

private:
    friend class Connection;
    int epoll_;
    std::uint32_t opened_ = 0;  // spreads connections over the source addresses
    std::vector<char> buffer_;  // what is read lies here only while its handler is called
};

class ConnectionHandler {
public:
    virtual void on_connected() = 0;
    // `bytes` hold until the call returns.
    virtual void on_bytes(std::string_view bytes) = 0;
    // The peer or the system ended it. Not called for Connection::close().
    virtual void on_closed(std::string_view reason) = 0;

protected:
    ~ConnectionHandler() = default;
};

// Must outlive the round of the loop in which it is closed: owners keep connections until the run is over.
class Connection {
public:
    Connection(Loop& loop, ConnectionHandler& handler) : loop_(loop), handler_(handler) {}
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // The reason if it cannot even be tried (no descriptor or port left); nothing if it is under way.
    std::optional<std::string> open(const Endpoint& endpoint);
    // What the system does not take at once waits here. Bytes for a closed connection are dropped.
    void send(std::string_view bytes);
    void close();
    bool is_open() const { return fd_ >= 0; }

private:
    friend class Loop;
    void handle(std::uint32_t events);
    void finish_connect();
    void read();
    void flush();
    void watch(bool for_writing);
    void fail(std::string_view reason);

    Loop& loop_;
    ConnectionHandler& handler_;
    int fd_ = -1;
    bool connecting_ = false;
    bool watching_write_ = false;
    std::string waiting_;  // to be sent
};

}  // namespace wshub::bench
