// Who has which username: unique within a namespace, over all loops. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "hub/keyed_hash.h"
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

private:
    struct Owner {
        SocketHandle socket = 0;
        // Renames that are still on their way to the socket's loop hold the old name and the new one at once, and may
        // come back to the old one meanwhile: hence a count.
        std::uint32_t claims = 0;
        bool retired = false;
    };
    struct KeyRef {
        std::size_t namespace_id;
        std::string_view name;
    };
    struct Key {
        std::size_t namespace_id;
        std::string name;
        operator KeyRef() const { return {namespace_id, name}; }
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(KeyRef key) const { return keyed_hash(key.name, key.namespace_id); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(KeyRef a, KeyRef b) const { return a.namespace_id == b.namespace_id && a.name == b.name; }
    };
    struct alignas(64) Shelf {
        mutable std::mutex mutex;
        std::unordered_map<Key, Owner, Hash, Equal> owners;
    };

    Shelf& shelf(KeyRef key) { return shelves_[Hash{}(key) % shelves_.size()]; }
    const Shelf& shelf(KeyRef key) const { return shelves_[Hash{}(key) % shelves_.size()]; }

    std::array<Shelf, 16> shelves_;
};

}  // namespace wshub::hub
