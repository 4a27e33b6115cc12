// The service manager that started us, as sd_notify(3) describes it: a datagram socket, named in $NOTIFY_SOCKET, that
// takes lines such as READY=1; and a watchdog that wants to hear from us ($WATCHDOG_USEC). The protocol is spoken here
// rather than through libsystemd, which would bring decompressors and a cryptographic library into a process that faces
// the network, for one sendto(). Main thread.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace wshub::server {

class ServiceManager {
public:
    // Nobody listens.
    ServiceManager() = default;
    // Who the environment names, if it names us; what it said is removed from there, so that children are not taken for
    // us. Before other threads start.
    static ServiceManager from_environment();
    ~ServiceManager();
    ServiceManager(ServiceManager&& other) noexcept;
    ServiceManager& operator=(ServiceManager&&) = delete;

    bool listens() const { return fd_ >= 0; }
    // How long it waits for WATCHDOG=1 before it ends us. Nothing if it does not wait.
    std::optional<base::milliseconds> watchdog() const { return watchdog_; }

    // Lines of NAME=VALUE. Never blocks; what cannot be sent is lost.
    void tell(std::string_view lines) const;

private:
    int fd_ = -1;
    sockaddr_un address_ = {};
    socklen_t length_ = 0;
    std::optional<base::milliseconds> watchdog_;
};

}  // namespace wshub::server
