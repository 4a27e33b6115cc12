#include "net/held_bytes.h"

#include <cassert>

namespace wshub::net {

bool HeldBytes::reserve(std::size_t bytes) {
    const std::size_t before = sum_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= most_) return true;
    release(bytes);
    return false;
}

bool HeldBytes::reserve_share(const protocol::IpAddress& site, std::size_t bytes) {
    if (bytes == 0) return true;
    Shelf& shelf = shelf_of(site);
    const std::lock_guard lock(shelf.mutex);
    const auto found = shelf.held.find(site);
    const std::size_t before = found == shelf.held.end() ? 0 : found->second;
    if (bytes > share_ || before > share_ - bytes) return false;
    if (found == shelf.held.end())
        shelf.held.emplace(site, bytes);
    else
        found->second += bytes;
    return true;
}

void HeldBytes::release_share(const protocol::IpAddress& site, std::size_t bytes) {
    if (bytes == 0) return;
    Shelf& shelf = shelf_of(site);
    const std::lock_guard lock(shelf.mutex);
    const auto found = shelf.held.find(site);
    assert(found != shelf.held.end() && found->second >= bytes);
    if ((found->second -= bytes) == 0) shelf.held.erase(found);
}

bool HeldBytes::reserve_for(const protocol::IpAddress& site, std::size_t bytes) {
    if (!reserve(bytes)) return false;
    if (reserve_share(site, bytes)) return true;
    release(bytes);
    return false;
}

void HeldBytes::release_for(const protocol::IpAddress& site, std::size_t bytes) {
    release_share(site, bytes);
    release(bytes);
}

}  // namespace wshub::net
