// The far end of a connection: a plain TCP socket that the test writes to and reads from, with time limits.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "eventually.h"
#include "net/socket_stream.h"

namespace wshub::test {

class RawSocket {
public:
    RawSocket() = default;
    explicit RawSocket(net::Fd fd) : fd_(std::move(fd)) {}

    // Connects to 127.0.0.1. A receive buffer of `receive_buffer` bytes, if given.
    static RawSocket connect(std::uint16_t port, int receive_buffer = 0) {
        net::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (receive_buffer > 0) ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("connect failed");
        return RawSocket(std::move(fd));
    }

    int fd() const { return fd_.get(); }
    void close() { fd_.reset(); }
    // Closes with a reset instead of in order.
    void reset() {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.reset();
    }
    void end_writing() { ::shutdown(fd_.get(), SHUT_WR); }

    // False if the connection broke.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    // The next bytes that come; nothing at the end, or when patience ends.
    std::string read_some() {
        if (!readable()) throw std::runtime_error("nothing came");
        std::array<char, 65536> buffer;
        const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        was_reset_ = count < 0 && errno == ECONNRESET;
        return {buffer.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
    }

    // Exactly so many bytes, fewer if the end comes before.
    std::string read(std::size_t size) {
        while (rest_.size() < size) {
            const std::string more = read_some();
            if (more.empty()) return std::exchange(rest_, {});
            rest_ += more;
        }
        std::string out = rest_.substr(0, size);
        rest_.erase(0, size);
        return out;
    }

    std::string read_to_end() {
        for (;;) {
            const std::string more = read_some();
            if (more.empty()) return std::exchange(rest_, {});
            rest_ += more;
        }
    }

    bool was_reset() const { return was_reset_; }

    // One response: its head, and its body by Content-Length. Without one there is no body.
    struct Response {
        int status = 0;
        std::string head;
        std::string body;
        bool has(std::string_view line) const {
            return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
        }
    };
    Response read_response(bool to_head = false) {
        Response response;
        while (rest_.find("\r\n\r\n") == std::string::npos) {
            const std::string more = read_some();
            if (more.empty()) return response;
            rest_ += more;
        }
        response.head = rest_.substr(0, rest_.find("\r\n\r\n") + 4);
        rest_.erase(0, response.head.size());
        response.status = std::stoi(response.head.substr(9, 3));
        const std::size_t length = response.head.find("Content-Length: ");
        if (length != std::string::npos && !to_head)
            response.body = read(std::stoul(response.head.substr(length + 16)));
        return response;
    }

private:
    bool readable() const {
        pollfd wanted{fd_.get(), POLLIN, 0};
        return ::poll(&wanted, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) > 0;
    }

    net::Fd fd_;
    std::string rest_;
    bool was_reset_ = false;
};

// A connected pair of TCP sockets; the first end is as a SocketStream wants it.
inline std::pair<net::Fd, RawSocket> tcp_pair() {
    const net::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("cannot listen");
    RawSocket far = RawSocket::connect(ntohs(address.sin_port));
    net::Fd near(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return {std::move(near), std::move(far)};
}

}  // namespace wshub::test
