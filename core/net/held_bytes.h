// Bytes that are held for clients until they are whole: so many in all, and for each client (an address, of IPv6 a /64)
// a share of that, so that one that sends halves of everything leaves room for the others. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "protocol/ip_address.h"

namespace wshub::net {

class HeldBytes {
public:
    HeldBytes(std::size_t most, std::size_t share) : most_(most), share_(share) {}
    HeldBytes(const HeldBytes&) = delete;
    HeldBytes& operator=(const HeldBytes&) = delete;

    // Adds them to the sum. False if they would be too many; then nothing is added.
    bool reserve(std::size_t bytes);
    void release(std::size_t bytes) { sum_.fetch_sub(bytes, std::memory_order_relaxed); }

    // The same for what a client holds; these bytes are in the sum already. Takes a lock, so that it is only for bytes
    // that must wait for more.
    bool reserve_share(const protocol::IpAddress& site, std::size_t bytes);
    void release_share(const protocol::IpAddress& site, std::size_t bytes);

    // Both at once: all or nothing.
    bool reserve_for(const protocol::IpAddress& site, std::size_t bytes);
    void release_for(const protocol::IpAddress& site, std::size_t bytes);

private:
    // Clients whose addresses differ rarely meet at the same lock.
    struct Shelf {
        std::mutex mutex;
        std::unordered_map<protocol::IpAddress, std::size_t> held;  // never 0
    };
    Shelf& shelf_of(const protocol::IpAddress& site) {
        return shelves_[std::hash<protocol::IpAddress>{}(site) % shelves_.size()];
    }

    const std::size_t most_, share_;
    std::atomic<std::size_t> sum_{0};
    std::array<Shelf, 16> shelves_;
};

}  // namespace wshub::net
