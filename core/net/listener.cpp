#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace wshub::net {
namespace {

constexpr int kBacklog = 4096;
// Connections in one turn of the loop, before the streams that live there have their turn again.
constexpr int kAcceptBudget = 128;
constexpr base::milliseconds kRetryDelay{100};
constexpr base::Rate kWarningRate{.per_second = 0.1, .burst = 1};

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

// Errors of getaddrinfo(), which have numbers of their own.
class LookUpCategory final : public std::error_category {
public:
    const char* name() const noexcept override { return "getaddrinfo"; }
    std::string message(int error) const override { return ::gai_strerror(error); }
};

const LookUpCategory& look_up_category() {
    static const LookUpCategory category;
    return category;
}

[[noreturn]] void fail(int error, const std::string& host, const std::string& port) {
    throw std::system_error(error, std::generic_category(), "cannot listen on " + host + ":" + port);
}

AddressList look_up(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string bare =
        host.size() > 2 && host.front() == '[' && host.back() == ']' ? host.substr(1, host.size() - 2) : host;
    const int error = ::getaddrinfo(bare.empty() ? nullptr : bare.c_str(), port.c_str(), &hints, &found);
    if (error == EAI_SYSTEM) fail(errno, host, port);
    if (error != 0) throw std::system_error(error, look_up_category(), "cannot listen on " + host + ":" + port);
    return {found, &::freeaddrinfo};
}

// Listens there, or says why not (errno).
int try_listen(const addrinfo& address, Fd& out) {
    Fd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return errno;
    const int on = 1;
    // Lets us come back while old connections are in TIME_WAIT; two servers on one port it does not allow.
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ai_family == AF_INET6) {
        const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address.ai_addr);
        const int only_v6 = IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr) ? 0 : 1;
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
    }
    if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0) return errno;
    if (::listen(socket.get(), kBacklog) != 0) return errno;
    out = std::move(socket);
    return 0;
}

bool is_worth_another_address(int error) {
    return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EPROTONOSUPPORT;
}

// The first of the addresses that this machine has. That one being in use is an error: listening beside it would hide
// that there are two servers.
Fd listen_on(const std::string& host, std::uint16_t port) {
    const std::string port_text = std::to_string(port);
    const AddressList addresses = look_up(host, port_text);
    int error = EADDRNOTAVAIL;
    // All addresses: the one of IPv6 takes IPv4 too.
    for (const int family : host.empty() ? std::array{AF_INET6, AF_INET} : std::array{AF_UNSPEC, AF_UNSPEC}) {
        for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
            if (family != AF_UNSPEC && each->ai_family != family) continue;
            Fd socket;
            error = try_listen(*each, socket);
            if (error == 0) return socket;
            if (!is_worth_another_address(error)) fail(error, host, port_text);
        }
    }
    fail(error, host, port_text);
}

std::uint16_t port_of(int socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return peer_of(address).port;
}

Fd open_reserve() {
    return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool lacks_descriptors(int error) {
    return error == EMFILE || error == ENFILE;
}

}  // namespace

Peer peer_of(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    Peer peer;
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        peer.port = ntohs(v4.sin_port);
    } else if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
        else
            ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        peer.port = ntohs(v6.sin6_port);
    }
    peer.address = text.data();
    return peer;
}

Listener::Listener(Loop& loop, const std::string& host, std::uint16_t port, Accepted accepted, Refused refused)
    : loop_(loop),
      accepted_(std::move(accepted)),
      refused_(std::move(refused)),
      socket_(listen_on(host, port)),
      reserve_(open_reserve()),
      port_(port_of(socket_.get())),
      retry_(&Listener::on_retry, this) {}

Listener::~Listener() {
    if (started_) loop_.unwatch(socket_.get(), *this);
}

void Listener::start() {
    loop_.watch(socket_.get(), *this);
    started_ = true;
}

void Listener::on_events(std::uint32_t /*events*/) {
    loop_.forget_again(*this);
    for (int i = 0; i < kAcceptBudget; ++i)
        if (!accept_one()) return;
    loop_.again(*this);
}

// False if no more can be accepted now; what wakes us then is the next connection, or the timer.
bool Listener::accept_one() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Fd socket(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        const int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        accepted_(std::move(socket), peer_of(address));
        return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (lacks_descriptors(errno)) return turn_away_one();
    if (errno == ENOBUFS || errno == ENOMEM) {
        loop_.arm_in(retry_, kRetryDelay);
        return false;
    }
    return true;  // that connection failed before we came to it
}

// Without this the kernel would hold the connection open for ever, and its client would wait.
bool Listener::turn_away_one() {
    warn_of_descriptors();
    reserve_.reset();
    Fd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    const int error = errno;
    if (socket) {
        ++turned_away_;
        refused_();
    }
    const bool accepted = static_cast<bool>(socket);
    socket.reset();
    reserve_ = open_reserve();
    if (accepted) return true;
    // Somebody else was faster to take the descriptor that we gave up: later.
    if (lacks_descriptors(error)) loop_.arm_in(retry_, kRetryDelay);
    return false;
}

void Listener::warn_of_descriptors() {
    if (!warnings_.take(kWarningRate, loop_.now())) return;
    base::log::warn("out of file descriptors, connections are closed at once turned_away={}", turned_away_);
}

void Listener::on_retry(void* self) {
    static_cast<Listener*>(self)->on_events(0);
}

}  // namespace wshub::net
