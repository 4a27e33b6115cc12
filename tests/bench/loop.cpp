#include "loop.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace wshub::bench {

namespace {

constexpr std::size_t kReadSize = std::size_t{256} * 1024;
constexpr int kEventsPerRound = 512;

std::string reason_of(int error, std::string_view doing) {
    return std::string(doing) + ": " + std::generic_category().message(error);
}

// 127.0.0.1 for the first, 127.0.0.2 for the second, and so on.
in_addr source_address(std::uint32_t number) {
    in_addr address{};
    address.s_addr = htonl(INADDR_LOOPBACK + number);
    return address;
}

}  // namespace

std::string Endpoint::host_header() const {
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &address, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(port);
}

std::optional<in_addr> loopback_address(std::string_view host) {
    in_addr address{};
    const std::string text = host == "localhost" ? "127.0.0.1" : std::string(host);
    if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
    if ((ntohl(address.s_addr) >> 24) != 127) return std::nullopt;
    return address;
}

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadSize) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Loop::~Loop() {
    ::close(epoll_);
}

bool Loop::run_until(TimePoint deadline, const std::function<bool()>& step, std::chrono::milliseconds tick) {
    std::array<epoll_event, kEventsPerRound> events{};
    while (!step()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        const int count =
            epoll_wait(epoll_, events.data(), kEventsPerRound, static_cast<int>(std::min(left, tick).count()));
        if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_wait");
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            static_cast<Connection*>(event.data.ptr)->handle(event.events);
        }
    }
    return true;
}

std::optional<std::string> Connection::open(const Endpoint& endpoint) {
    close();
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return reason_of(errno, "socket");
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    if (endpoint.source_addresses > 1) {
        // The port is picked at connect, where it only has to be free towards this server.
        setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        peer.sin_addr = source_address(loop_.opened_++ % endpoint.source_addresses);
        if (::bind(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
            const int error = errno;
            close();
            return reason_of(error, "bind");
        }
    }
    peer.sin_addr = endpoint.address;
    peer.sin_port = htons(endpoint.port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0 && errno != EINPROGRESS) {
        const int error = errno;
        close();
        return reason_of(error, "connect");
    }
    connecting_ = true;
    watching_write_ = true;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.ptr = this;
    if (epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, fd_, &event) != 0) {
        const int error = errno;
        close();
        return reason_of(error, "epoll_ctl");
    }
    return std::nullopt;
}

void Connection::close() {
    if (fd_ < 0) return;
    ::close(fd_);  // takes it out of the epoll set too
    fd_ = -1;
    connecting_ = false;
    watching_write_ = false;
    waiting_.clear();
}

void Connection::send(std::string_view bytes) {
    if (fd_ < 0) return;
    if (connecting_ || !waiting_.empty()) {
        waiting_.append(bytes);
        return;
    }
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // An error shows up again at the next read, where closing is safe for whoever is sending now.
    const std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (done == bytes.size()) return;
    waiting_.append(bytes.substr(done));
    watch(true);
}

void Connection::handle(std::uint32_t events) {
    if (fd_ < 0) return;  // closed by an earlier handler of this round
    if (connecting_) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
        finish_connect();
        return;
    }
    if ((events & EPOLLOUT) != 0) flush();
    if (fd_ >= 0 && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read();
}

void Connection::finish_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(reason_of(error, "connect"));
    connecting_ = false;
    handler_.on_connected();
    if (fd_ >= 0) flush();
}

void Connection::read() {
    const ssize_t count = ::recv(fd_, loop_.buffer_.data(), loop_.buffer_.size(), 0);
    if (count > 0) return handler_.on_bytes(std::string_view(loop_.buffer_.data(), static_cast<std::size_t>(count)));
    if (count == 0) return fail("closed by the server");
    if (errno != EAGAIN && errno != EINTR) fail(reason_of(errno, "recv"));
}

void Connection::flush() {
    while (!waiting_.empty()) {
        const ssize_t sent = ::send(fd_, waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN || errno == EINTR) return watch(true);
            return fail(reason_of(errno, "send"));
        }
        waiting_.erase(0, static_cast<std::size_t>(sent));
    }
    watch(false);
}

void Connection::watch(bool for_writing) {
    if (for_writing == watching_write_) return;
    epoll_event event{};
    event.events = for_writing ? (EPOLLIN | EPOLLOUT) : EPOLLIN;
    event.data.ptr = this;
    if (epoll_ctl(loop_.epoll_, EPOLL_CTL_MOD, fd_, &event) == 0) watching_write_ = for_writing;
}

void Connection::fail(std::string_view reason) {
    const std::string kept(reason);
    close();
    handler_.on_closed(kept);
}

}  // namespace wshub::bench
