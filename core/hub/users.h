// Who has which username: unique within a namespace, over all loops. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "hub/name_key.h"
#include "hub/types.h"

namespace wshub::hub {

class Users {
public:
    // False if another socket has the name. A name may be claimed by its owner again; it is free when each claim has
    // been released.
    bool claim(std::size_t namespace_id, std::string_view name, SocketHandle socket);
    void release(std::size_t namespace_id, std::string_view name, SocketHandle socket);
    // Found no more from now on, but not free before it is released.
    void retire(std::size_t namespace_id, std::string_view name, SocketHandle socket);
    // 0: nobody.
    SocketHandle find(std::size_t namespace_id, std::string_view name) const;
    // Names in use, in all namespaces.
    std::size_t count() const;

private:
    struct Owner {
        SocketHandle socket = 0;
        // Renames that are still on their way to the socket's loop hold the old name and the new one at once, and may
        // come back to the old one meanwhile: hence a count.
        std::uint32_t claims = 0;
        bool retired = false;
    };
    struct alignas(64) Shelf {
        mutable std::mutex mutex;
        std::unordered_map<NameKey, Owner, NameKey::Hash, NameKey::Equal> owners;
    };

    Shelf& shelf(NameRef key) { return shelves_[NameKey::Hash{}(key) % shelves_.size()]; }
    const Shelf& shelf(NameRef key) const { return shelves_[NameKey::Hash{}(key) % shelves_.size()]; }

    std::array<Shelf, 16> shelves_;
};

}  // namespace wshub::hub
