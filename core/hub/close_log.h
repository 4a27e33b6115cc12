// The sockets that have gone lately, for those who ask why. Bounded. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "session/session.h"

namespace wshub::hub {

struct ClosedSocket {
    base::WallTime at;
    std::string sid, nsp, username, address;
    session::TransportKind transport = session::TransportKind::kPolling;
    std::string reason;  // "ping_timeout", "client_namespace_disconnect", "kicked: ..."
    base::milliseconds lasted{0};
};

class CloseLog {
public:
    static constexpr std::size_t kMost = 1000;

    void add(ClosedSocket closed) {
        const std::lock_guard lock(mutex_);
        closed_.push_front(std::move(closed));
        if (closed_.size() > kMost) closed_.pop_back();
    }

    std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return closed_.size();
    }
    // The newest first.
    std::vector<ClosedSocket> read(std::size_t offset, std::size_t limit) const {
        std::vector<ClosedSocket> page;
        const std::lock_guard lock(mutex_);
        for (std::size_t at = offset; at < closed_.size() && page.size() < limit; ++at) page.push_back(closed_[at]);
        return page;
    }

private:
    mutable std::mutex mutex_;
    std::deque<ClosedSocket> closed_;
};

}  // namespace wshub::hub
