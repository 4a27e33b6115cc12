// wshub_floor: a server that does next to nothing for the cases "echo" and "fanout" of ./dev bench. It reads, finds the
// frames, and writes; it looks at nothing, knows nobody, keeps nothing and trusts wshub_load in everything. What it
// costs is the system's part, which a server of this kind (one socket for each client, epoll) cannot do without.
//
//   wshub_floor [THREADS]      says "listening http://127.0.0.1:PORT/socket.io/"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "wire.h"

namespace wshub::bench {

namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

int checked(int result, const char* what) {
    if (result < 0) give_up(what);
    return result;
}

void append_frame(std::string& out, std::string_view payload) {
    out.push_back('\x81');
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(payload.size()));
    } else {
        out.push_back('\x7e');
        out.push_back(static_cast<char>(payload.size() >> 8U));
        out.push_back(static_cast<char>(payload.size() & 0xffU));
    }
    out.append(payload);
}

// The generator reads what it is sent: a server may count on that, and this one does.
void write_all(int fd, std::string_view bytes) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    if (sent < 0) give_up("send");
    if (static_cast<std::size_t>(sent) == bytes.size()) return;
    std::fputs("wshub_floor: a client does not read\n", stderr);
    std::exit(1);
}

// Lets events gather, as the hub does when it is busy: turns begin this far apart.
constexpr long kInterval = 100'000;  // nanoseconds

void gather(const timespec& turn_began) {
    timespec until = turn_began;
    until.tv_nsec += kInterval;
    if (until.tv_nsec >= 1'000'000'000) ++until.tv_sec, until.tv_nsec -= 1'000'000'000;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

struct Client {
    int fd = -1;
    bool upgraded = false;
    std::string half;  // of a frame
};

struct Broadcast {
    const Client* sender;
    std::string frame;
};

// A thread and its clients.
class Worker {
public:
    void take(int fd) {
        auto client = std::make_unique<Client>();
        client->fd = fd;
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.ptr = client.get();
        const std::lock_guard lock(clients_mutex_);
        clients_.push_back(std::move(client));
        checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }

    void post(const std::shared_ptr<const Broadcast>& broadcast) {
        {
            const std::lock_guard lock(inbox_mutex_);
            inbox_.push_back(broadcast);
        }
        const std::uint64_t one = 1;
        if (::write(wake_, &one, sizeof one) < 0) give_up("eventfd");
    }

    [[noreturn]] void run(std::span<Worker> all) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
        ::prctl(PR_SET_TIMERSLACK, 1'000);
        std::array<epoll_event, 512> events;
        timespec began{};
        for (;;) {
            gather(began);
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            ::clock_gettime(CLOCK_MONOTONIC, &began);
            for (int i = 0; i < count; ++i) {
                const epoll_event& each = events[static_cast<std::size_t>(i)];
                if (each.data.ptr) read(*static_cast<Client*>(each.data.ptr), all);
            }
            deliver();
        }
    }

private:
    void read(Client& client, std::span<Worker> all) {
        const ssize_t count = ::recv(client.fd, scratch_.data(), scratch_.size(), 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return forget(client);
        if (static_cast<std::size_t>(count) == scratch_.size()) {  // the event would have to be asked for again
            std::fputs("wshub_floor: a client sends more at once than is read\n", stderr);
            std::exit(1);
        }
        answer_.clear();
        if (!client.upgraded) {
            client.upgraded = true;
            answer_.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
                .append("Sec-WebSocket-Accept: ")
                .append(kWebSocketAccept)
                .append("\r\n\r\n");
            append_frame(answer_, R"(0{"sid":"s","upgrades":[],"pingInterval":60000,"pingTimeout":60000})");
        } else if (client.half.empty()) {
            const std::size_t used = read_frames(client, {scratch_.data(), static_cast<std::size_t>(count)}, all);
            client.half.assign(scratch_.data() + used, static_cast<std::size_t>(count) - used);
        } else {
            client.half.append(scratch_.data(), static_cast<std::size_t>(count));
            client.half.erase(0, read_frames(client, client.half, all));
        }
        if (!answer_.empty()) write_all(client.fd, answer_);
    }

    // How many of the bytes were whole frames.
    std::size_t read_frames(const Client& client, std::span<char> bytes, std::span<Worker> all) {
        std::size_t at = 0;
        while (bytes.size() - at >= 6) {
            std::size_t size = static_cast<unsigned char>(bytes[at + 1]) & 0x7fU, head = 6;
            if (size == 126) {
                if (bytes.size() - at < 8) break;
                size = std::size_t{static_cast<unsigned char>(bytes[at + 2])} << 8U |
                       static_cast<unsigned char>(bytes[at + 3]);
                head = 8;
            }
            if (bytes.size() - at < head + size) break;
            const std::span<char> payload = bytes.subspan(at + head, size);
            const char* const mask = bytes.data() + at + head - 4;
            for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
            handle(client, {payload.data(), payload.size()}, all);
            at += head + size;
        }
        return at;
    }

    void handle(const Client& client, std::string_view packet, std::span<Worker> all) {
        if (packet == "40") return append_frame(answer_, R"(40{"sid":"s"})");
        const std::size_t args = packet.find('[');
        if (!packet.starts_with("42") || args == std::string_view::npos) return;
        constexpr std::string_view kBroadcast = R"(["broadcast",)";
        std::string ack = "43";
        ack.append(packet.substr(2, args - 2));
        if (!packet.substr(args).starts_with(kBroadcast)) {
            if (args > 2) append_frame(answer_, ack.append(R"([{"status":"pong","sid":"s"}])"));
            return;
        }
        std::string event = R"(42["broadcast",{"from":"s","data":)";
        event.append(packet.substr(args + kBroadcast.size()));
        event.back() = '}';
        event.push_back(']');
        auto broadcast = std::make_shared<Broadcast>();
        broadcast->sender = &client;
        append_frame(broadcast->frame, event);
        for (Worker& worker : all) worker.post(broadcast);
        if (args > 2) append_frame(answer_, ack.append(R"([{"status":"broadcasted"}])"));
    }

    // To each client all that others have sent, at once.
    void deliver() {
        std::vector<std::shared_ptr<const Broadcast>> broadcasts;
        {
            const std::lock_guard lock(inbox_mutex_);
            broadcasts.swap(inbox_);
        }
        if (broadcasts.empty()) return;
        std::string all, others;
        for (const auto& each : broadcasts) all.append(each->frame);
        const std::lock_guard lock(clients_mutex_);
        for (const auto& client : clients_) {
            if (client->fd < 0 || !client->upgraded) continue;
            const auto is_its_own = [&](const auto& each) { return each->sender == client.get(); };
            if (std::none_of(broadcasts.begin(), broadcasts.end(), is_its_own)) {
                write_all(client->fd, all);
                continue;
            }
            others.clear();
            for (const auto& each : broadcasts) {
                if (!is_its_own(each)) others.append(each->frame);
            }
            if (!others.empty()) write_all(client->fd, others);
        }
    }

    void forget(Client& client) {
        const std::lock_guard lock(clients_mutex_);
        ::close(client.fd);
        client.fd = -1;
    }

    const int epoll_ = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    const int wake_ = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    std::mutex clients_mutex_, inbox_mutex_;
    std::vector<std::unique_ptr<Client>> clients_;         // under clients_mutex_
    std::vector<std::shared_ptr<const Broadcast>> inbox_;  // under inbox_mutex_
    std::array<char, 65'536> scratch_;
    std::string answer_;
};

int listen_anywhere() {
    const int fd = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(fd, 1024), "listen");
    socklen_t size = sizeof address;
    checked(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    std::printf("listening http://127.0.0.1:%u/socket.io/\n", unsigned{ntohs(address.sin_port)});
    std::fflush(stdout);
    return fd;
}

[[noreturn]] void serve(std::size_t count) {
    constexpr unsigned kLongest = 3600;  // whatever becomes of who started it
    ::alarm(kLongest);
    std::vector<Worker> workers(count);
    std::vector<std::thread> threads;
    for (Worker& worker : workers) threads.emplace_back([&] { worker.run(workers); });
    const int listener = listen_anywhere();
    for (std::size_t next = 0;; ++next) {
        const int fd = checked(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK), "accept4");
        const int yes = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        workers[next % count].take(fd);
    }
}

}  // namespace

}  // namespace wshub::bench

int main(int count, char** words) {
    const int threads = count > 1 ? std::atoi(words[1]) : 1;
    if (count > 2 || threads < 1 || threads > 1024) {
        std::fputs("Usage: wshub_floor [THREADS]   1 to 1024\n", stderr);
        return 2;
    }
    wshub::bench::serve(static_cast<std::size_t>(threads));
}
