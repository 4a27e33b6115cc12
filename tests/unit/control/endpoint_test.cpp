// The unix socket: whom it serves, in which order, for how long, and what it tells whom it does not serve.
#include "control/endpoint.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "control/caller.h"

using namespace wshub;
using namespace wshub::control;
using namespace std::chrono_literals;

namespace {

class Folder {
public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "wshub-endpoint-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    std::filesystem::path operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

// Says back what it is asked, except for "never".
void say_back(const std::string& operation, const std::string& arguments, const std::string& who,
              const host::ControlDone& done) {
    if (operation == "never") return;
    if (operation == "refuse") return done({"FORBIDDEN", "not \"you\"", {}});
    done({{}, {}, "[\"" + operation + "\"," + arguments + ",\"" + who + "\"]"});
}

EndpointSettings at(const std::filesystem::path& path, base::milliseconds idle = 20s) {
    EndpointSettings settings;
    settings.path = path;
    settings.idle = idle;
    return settings;
}

class Peer {
public:
    explicit Peer(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.native().copy(address.sun_path, sizeof address.sun_path - 1);
        connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        const timeval patience{20, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Peer() { ::close(fd_); }
    Peer(const Peer&) = delete;

    bool connected() const { return connected_; }
    bool say(const std::string& text) {
        std::size_t sent = 0;
        while (sent < text.size()) {
            const ssize_t took = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (took <= 0) return false;
            sent += static_cast<std::size_t>(took);
        }
        return true;
    }
    // A line without its end; "" when the other side has closed, "?" when nothing comes at all.
    std::string line() {
        for (;;) {
            if (const std::size_t end = held_.find('\n'); end != std::string::npos) {
                std::string line = held_.substr(0, end);
                held_.erase(0, end + 1);
                return line;
            }
            char buffer[4096];
            const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
            if (got < 0 && errno != ECONNRESET) return "?";
            if (got <= 0) return {};
            held_.append(buffer, static_cast<std::size_t>(got));
        }
    }

private:
    const int fd_;
    bool connected_ = false;
    std::string held_;
};

std::string me() {
    return "socket uid=" + std::to_string(::getuid()) + " gid=" + std::to_string(::getgid()) +
           " pid=" + std::to_string(::getpid());
}

}  // namespace

TEST_CASE("requests are answered in their order, and the log is told who asked", "[endpoint]") {
    const Folder folder;
    const Endpoint endpoint(at(folder / "ctl"), say_back);
    Peer peer(folder / "ctl");
    REQUIRE(peer.say("{\"operation\":\"a\",\"arguments\":{\"x\":1}}\n{\"operation\":\"refuse\"}\n{\"operation\":"));
    CHECK(peer.line() == R"({"ok":true,"result":["a",{"x":1},")" + me() + "\"]}");
    CHECK(peer.line() == R"({"ok":false,"error":{"code":"FORBIDDEN","message":"not \"you\""}})");
    REQUIRE(peer.say("\"b\"}\n"));
    CHECK(peer.line() == R"({"ok":true,"result":["b",{},")" + me() + "\"]}");
}

TEST_CASE("who says nothing, or never comes to the end of a line, is let go", "[endpoint]") {
    const Folder folder;
    const Endpoint endpoint(at(folder / "ctl", 100ms), say_back);
    Peer silent(folder / "ctl");
    CHECK(silent.line().empty());

    Peer dripping(folder / "ctl");
    while (dripping.say("x")) std::this_thread::sleep_for(5ms);
    CHECK(dripping.line().empty());
}

TEST_CASE("a line that is too long is refused, and the connection ends", "[endpoint]") {
    const Folder folder;
    const Endpoint endpoint(at(folder / "ctl"), say_back);
    Peer peer(folder / "ctl");
    peer.say(std::string(Endpoint::kMostLine + 20'000, 'x'));
    CHECK(peer.line() == R"({"ok":false,"error":{"code":"INVALID_FORMAT","message":"a request has at most 1 MB"}})");
    CHECK(peer.line().empty());
}

TEST_CASE("an answer that is not there when it stops is one, and the files go", "[endpoint]") {
    const Folder folder;
    std::mutex mutex;
    std::condition_variable changed;
    std::string asked;
    auto endpoint = std::make_unique<Endpoint>(at(folder / "ctl"), [&](const auto& operation, auto&&...) {
        const std::lock_guard lock(mutex);
        asked = operation;
        changed.notify_all();
    });
    Peer peer(folder / "ctl");
    REQUIRE(peer.say("{\"operation\":\"never\"}\n"));
    {
        std::unique_lock lock(mutex);
        REQUIRE(changed.wait_for(lock, 20s, [&] { return !asked.empty(); }));
        CHECK(asked == "never");
    }
    endpoint.reset();
    CHECK(peer.line() == R"({"ok":false,"error":{"code":"INTERNAL","message":"the server is stopping"}})");
    CHECK(peer.line().empty());
    CHECK_FALSE(std::filesystem::exists(folder / "ctl"));
    CHECK_FALSE(std::filesystem::exists(folder / "ctl.lock"));
    CHECK_FALSE(Peer(folder / "ctl").connected());
}

TEST_CASE("the file has its mode, is one hub's, and what a dead one left is replaced", "[endpoint]") {
    const Folder folder;
    EndpointSettings settings = at(folder / "run/ctl");
    settings.mode = 0600;
    {
        // What a hub leaves that was killed: a socket nobody serves, and a lock that nobody holds.
        std::filesystem::create_directory(folder / "run");
        const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        settings.path.native().copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        ::close(left);
        std::ofstream(settings.path.string() + ".lock").put('\n');
    }
    const Endpoint endpoint(settings, say_back);
    struct stat status {};
    REQUIRE(::stat(settings.path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK_THROWS_WITH(Endpoint(settings, say_back), Catch::Contains("another hub"));
    Peer peer(settings.path);
    REQUIRE(peer.say("{\"operation\":\"a\"}\n"));
    CHECK(peer.line() == R"({"ok":true,"result":["a",{},")" + me() + "\"]}");
}

TEST_CASE("few are served at a time, however they come; one more is told so, and served when one of them has gone",
          "[endpoint]") {
    const Folder folder;
    const Endpoint endpoint(at(folder / "ctl"), say_back);
    std::vector<std::unique_ptr<Peer>> served;
    for (int i = 0; i < Endpoint::kMostConnections; ++i) served.push_back(std::make_unique<Peer>(folder / "ctl"));
    for (const auto& peer : served) REQUIRE(peer->say("{\"operation\":\"a\"}\n"));
    for (const auto& peer : served) CHECK(peer->line() == R"({"ok":true,"result":["a",{},")" + me() + "\"]}");

    const std::string busy =
        R"({"ok":false,"error":{"code":"BUSY","message":"the hub serves 8 others here, try again"}})";
    Peer refused(folder / "ctl");
    CHECK(refused.line() == busy);
    CHECK(refused.line().empty());
    CHECK(Caller(folder / "ctl").ask("a", "{}", 20s) == busy);

    served.pop_back();
    // The endpoint sees the end of a connection when it looks at it next.
    std::string answer = busy;
    for (int tries = 0; answer == busy && tries < 1'000'000; ++tries) {
        answer = Caller(folder / "ctl").ask("b", "{}", 20s);
    }
    CHECK(answer == R"({"ok":true,"result":["b",{},")" + me() + "\"]}");
}
