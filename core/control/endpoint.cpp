#include "control/endpoint.h"

#include <Poco/Exception.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnection.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/Net/TCPServerParams.h>
#include <Poco/ThreadPool.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "control/arguments.h"
#include "control/json_writer.h"

namespace wshub::control {
namespace {

using Poco::Net::StreamSocket;

// How often a connection that waits looks whether the server stops.
constexpr long kSliceMicroseconds = 200'000;
// Connections that are yet to be accepted, which takes no time.
constexpr int kBacklog = 64;

std::string error_text() {
    return std::generic_category().message(errno);
}

// What a connection needs beyond the life of the endpoint's caller.
struct Shared {
    const host::ControlCall call;
    const base::milliseconds idle;
    std::atomic<bool> stopping{false};
    std::atomic<int> connections{0};  // served, or about to be
};

std::string line_of(const host::ControlAnswer& answer) {
    Object line;
    line.add("ok", answer.done());
    if (answer.done()) {
        line.add("result", Json{answer.json});
    } else {
        line.add("error", Object().add("code", answer.code).add("message", answer.message).done());
    }
    return line.done().text + '\n';
}

// The answer that another thread gives.
class Waiting {
public:
    void give(const host::ControlAnswer& answer) {
        const std::lock_guard lock(mutex_);
        answer_ = answer;
        given_.notify_all();
    }
    host::ControlAnswer take(const std::atomic<bool>& stopping) {
        std::unique_lock lock(mutex_);
        while (!answer_ && !stopping) given_.wait_for(lock, std::chrono::milliseconds(200));
        if (!answer_) return {"INTERNAL", "the server is stopping", {}};
        return *answer_;
    }

private:
    std::mutex mutex_;
    std::condition_variable given_;
    std::optional<host::ControlAnswer> answer_;
};

class Connection final : public Poco::Net::TCPServerConnection {
public:
    Connection(const StreamSocket& stream, std::shared_ptr<Shared> shared)
        : TCPServerConnection(stream), shared_(std::move(shared)), who_(name_of_peer(stream)) {}
    ~Connection() override { --shared_->connections; }

    void run() override {
        try {
            base::log::debug("control connection opened {}", who_);
            while (auto line = read_line()) send(line_of(answer_to(*line)));
        } catch (const Poco::Exception& error) {
            base::log::debug("control connection ended {} reason=\"{}\"", who_, error.displayText());
        }
        socket().close();  // here, and not when the acceptor comes to drop its share of it
    }

private:
    static std::string name_of_peer(const StreamSocket& stream) {
        ucred peer{};
        socklen_t size = sizeof peer;
        if (::getsockopt(stream.impl()->sockfd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "socket";
        return "socket uid=" + std::to_string(peer.uid) + " gid=" + std::to_string(peer.gid) +
               " pid=" + std::to_string(peer.pid);
    }

    // Nothing: it ended, was silent for too long, sent too much, or the server stops.
    std::optional<std::string> read_line() {
        using Clock = std::chrono::steady_clock;
        const auto until = Clock::now() + shared_->idle;
        for (;;) {
            if (const std::size_t end = held_.find('\n', looked_at_); end != std::string::npos) {
                std::string line = held_.substr(0, end);
                held_.erase(0, end + 1);
                looked_at_ = 0;
                return line;
            }
            looked_at_ = held_.size();
            if (held_.size() > Endpoint::kMostLine) {
                send(line_of({"INVALID_FORMAT", "a request has at most 1 MB", {}}));
                return std::nullopt;
            }
            if (shared_->stopping || Clock::now() >= until) return std::nullopt;
            if (!socket().poll(Poco::Timespan(0, kSliceMicroseconds), Poco::Net::Socket::SELECT_READ)) continue;
            std::array<char, 16 * 1024> buffer;
            const int got = socket().receiveBytes(buffer.data(), static_cast<int>(buffer.size()));
            if (got <= 0) return std::nullopt;
            held_.append(buffer.data(), static_cast<std::size_t>(got));
        }
    }

    // {"operation":"stats","arguments":{}}
    host::ControlAnswer answer_to(const std::string& line) {
        std::string operation, arguments;
        try {
            Arguments request(line);
            operation = request.needed_text("operation");
            arguments = request.object("arguments");
            request.end();
        } catch (const Refused& refused) {
            return {refused.code(), refused.what(), {}};
        }
        const auto waiting = std::make_shared<Waiting>();
        shared_->call(std::move(operation), std::move(arguments), who_,
                      [waiting](const host::ControlAnswer& answer) { waiting->give(answer); });
        return waiting->take(shared_->stopping);
    }

    void send(const std::string& text) {
        const auto timeout = Poco::Timespan(shared_->idle.count() * 1000);
        socket().setSendTimeout(timeout);
        std::size_t sent = 0;
        while (sent < text.size()) {
            const int most = static_cast<int>(std::min<std::size_t>(text.size() - sent, 1 << 20));
            const int took = socket().sendBytes(text.data() + sent, most);
            if (took <= 0) throw Poco::Net::ConnectionAbortedException();
            sent += static_cast<std::size_t>(took);
        }
    }

    const std::shared_ptr<Shared> shared_;
    const std::string who_;
    std::string held_;
    std::size_t looked_at_ = 0;  // of that: no end of line in it
};

// Lets in as many as are served at a time; the others are told why before they are closed.
class Door final : public Poco::Net::TCPServerConnectionFilter {
public:
    explicit Door(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    bool accept(const StreamSocket& stream) override {
        if (shared_->connections < Endpoint::kMostConnections) {
            ++shared_->connections;
            return true;
        }
        const std::string most = std::to_string(Endpoint::kMostConnections);
        const std::string line = line_of({"BUSY", "the hub serves " + most + " others here, try again", {}});
        // One line always fits, and who has gone need not be told.
        [[maybe_unused]] const ssize_t sent =
            ::send(stream.impl()->sockfd(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        base::log::debug("control connection refused reason=busy");
        return false;
    }

private:
    const std::shared_ptr<Shared> shared_;
};

class Factory final : public Poco::Net::TCPServerConnectionFactory {
public:
    explicit Factory(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    Poco::Net::TCPServerConnection* createConnection(const StreamSocket& stream) override {
        return new Connection(stream, shared_);  // Poco takes it
    }

private:
    const std::shared_ptr<Shared> shared_;
};

// Held for as long as the hub lives, so that of two hubs one has the socket, whoever of them looks when; a hub that
// died lets go of it.
class Lock {
public:
    explicit Lock(const std::filesystem::path& file) : path_(file) {
        fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd_ < 0) throw EndpointError(file.string() + " cannot be made: " + error_text());
        if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
        ::close(fd_);
        throw EndpointError("another hub serves it");
    }
    ~Lock() {
        ::unlink(path_.c_str());
        ::close(fd_);
    }
    Lock(const Lock&) = delete;

private:
    const std::filesystem::path path_;
    int fd_ = -1;
};

void check_path(const std::filesystem::path& path) {
    if (path.native().size() + 5 > sizeof(sockaddr_un::sun_path)) {
        throw EndpointError("the path is longer than the 100 bytes that a socket's may have");
    }
    std::error_code error;
    const auto status = std::filesystem::symlink_status(path, error);
    if (std::filesystem::exists(status) && !std::filesystem::is_socket(status)) {
        throw EndpointError("there is something that is no socket");
    }
}

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    if (std::filesystem::exists(folder, error)) return;
    std::filesystem::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        throw EndpointError("its folder cannot be made: " + error_text());
    }
}

// Under another name first: nobody finds it before it has its mode, and what was left over is replaced at once.
Poco::Net::ServerSocket listen_at(const std::filesystem::path& path, unsigned mode) {
    const std::string early = path.string() + ".new";
    ::unlink(early.c_str());
    try {
        Poco::Net::ServerSocket socket;
        socket.bind(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, early));
        socket.listen(kBacklog);
        if (::chmod(early.c_str(), mode) != 0 || ::rename(early.c_str(), path.c_str()) != 0) {
            const std::string reason = error_text();
            ::unlink(early.c_str());
            throw EndpointError(reason);
        }
        return socket;
    } catch (const Poco::Exception& error) {
        throw EndpointError(error.displayText());
    }
}

}  // namespace

struct Endpoint::Impl {
    Impl(EndpointSettings settings, host::ControlCall call)
        : path(std::move(settings.path)), shared(new Shared{std::move(call), settings.idle}) {
        check_path(path);
        make_folder(path.parent_path());
        lock.emplace(path.string() + ".lock");
        Poco::Net::TCPServerParams::Ptr params = new Poco::Net::TCPServerParams;
        params->setMaxThreads(kMostConnections);
        params->setMaxQueued(kMostConnections);  // who is let in while its thread starts
        server =
            std::make_unique<Poco::Net::TCPServer>(new Factory(shared), pool, listen_at(path, settings.mode), params);
        server->setConnectionFilter(new Door(shared));  // Poco takes it
        server->start();
    }
    ~Impl() {
        shared->stopping = true;
        ::unlink(path.c_str());
        server->stop();
        pool.joinAll();
    }

    const std::filesystem::path path;
    const std::shared_ptr<Shared> shared;
    std::optional<Lock> lock;
    Poco::ThreadPool pool{1, kMostConnections + 1};
    std::unique_ptr<Poco::Net::TCPServer> server;
};

Endpoint::Endpoint(EndpointSettings settings, host::ControlCall call)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(call))) {}

Endpoint::~Endpoint() = default;

}  // namespace wshub::control
