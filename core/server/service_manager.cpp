#include "server/service_manager.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace wshub::server {
namespace {

// Takes the variable out of the environment. Empty if it is not there.
std::string take(const char* variable) {
    const char* const value = std::getenv(variable);
    std::string text = value == nullptr ? "" : value;
    ::unsetenv(variable);
    return text;
}

std::optional<std::uint64_t> number(const std::string& text) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || *read.ptr != '\0') return std::nullopt;
    return value;
}

// Nothing if it is off, or meant for another process.
std::optional<base::milliseconds> take_watchdog() {
    const std::string process = take("WATCHDOG_PID");
    const auto period = number(take("WATCHDOG_USEC"));
    if (!process.empty() && number(process) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
    // A day and more is no watch; a millisecond is the least that is kept here.
    constexpr std::uint64_t kMost = 24ull * 3600 * 1'000'000;
    if (!period || *period < 1'000 || *period > kMost) return std::nullopt;
    return std::chrono::duration_cast<base::milliseconds>(
        std::chrono::microseconds(static_cast<std::int64_t>(*period)));
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    manager.watchdog_ = take_watchdog();
    const std::string name = take("NOTIFY_SOCKET");
    if (name.empty()) return manager;
    // A path, or a name without a file, whose first byte is 0 and here @ (unix(7)).
    const bool known = (name.front() == '/' || name.front() == '@') && name.size() < sizeof manager.address_.sun_path;
    if (known) manager.fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (manager.fd_ < 0) {
        base::log::warn("the service manager cannot be told anything: NOTIFY_SOCKET={}", base::log::printable(name));
        return manager;
    }
    manager.address_.sun_family = AF_UNIX;
    std::memcpy(manager.address_.sun_path, name.data(), name.size());
    if (name.front() == '@') manager.address_.sun_path[0] = '\0';
    manager.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    return manager;
}

ServiceManager::~ServiceManager() {
    if (fd_ >= 0) ::close(fd_);
}

ServiceManager::ServiceManager(ServiceManager&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), address_(other.address_), length_(other.length_), watchdog_(other.watchdog_) {}

void ServiceManager::tell(std::string_view lines) const {
    if (fd_ < 0) return;
    // Not connected: the manager may be replaced, and its socket with it, while we run.
    [[maybe_unused]] const auto sent =
        ::sendto(fd_, lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address_), length_);
}

}  // namespace wshub::server
