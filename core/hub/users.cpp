#include "hub/users.h"

namespace wshub::hub {

bool Users::claim(std::size_t namespace_id, std::string_view name, SocketHandle socket) {
    Shelf& on = shelf({namespace_id, name});
    const std::lock_guard lock(on.mutex);
    auto found = on.owners.find(NameRef{namespace_id, name});
    if (found == on.owners.end()) {
        found = on.owners.emplace(NameKey{namespace_id, std::string(name)}, Owner{socket, 0, false}).first;
    }
    Owner& owner = found->second;
    if (owner.socket != socket) return false;
    ++owner.claims;
    return true;
}

void Users::release(std::size_t namespace_id, std::string_view name, SocketHandle socket) {
    Shelf& on = shelf({namespace_id, name});
    const std::lock_guard lock(on.mutex);
    const auto found = on.owners.find(NameRef{namespace_id, name});
    if (found == on.owners.end() || found->second.socket != socket) return;
    if (--found->second.claims == 0) on.owners.erase(found);
}

void Users::retire(std::size_t namespace_id, std::string_view name, SocketHandle socket) {
    Shelf& on = shelf({namespace_id, name});
    const std::lock_guard lock(on.mutex);
    const auto found = on.owners.find(NameRef{namespace_id, name});
    if (found != on.owners.end() && found->second.socket == socket) found->second.retired = true;
}

SocketHandle Users::find(std::size_t namespace_id, std::string_view name) const {
    const Shelf& on = shelf({namespace_id, name});
    const std::lock_guard lock(on.mutex);
    const auto found = on.owners.find(NameRef{namespace_id, name});
    return found == on.owners.end() || found->second.retired ? 0 : found->second.socket;
}

std::size_t Users::count() const {
    std::size_t count = 0;
    for (const Shelf& each : shelves_) {
        const std::lock_guard lock(each.mutex);
        count += each.owners.size();
    }
    return count;
}

}  // namespace wshub::hub
