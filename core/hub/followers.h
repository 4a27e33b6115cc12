// Whose news which sockets want, for all loops: by name to the sockets, and back. Any thread, but for what a socket
// follows, which is its loop's.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/name_key.h"
#include "hub/types.h"

namespace wshub::hub {

class Followers {
    using Sockets = std::list<SocketHandle>;
    using Index = std::unordered_map<NameKey, Sockets, NameKey::Hash, NameKey::Equal>;

public:
    // What one socket follows; empty again before it goes. Its loop's thread.
    class Following {
    public:
        bool empty() const { return places_.empty(); }

    private:
        friend class Followers;
        struct Place {
            Index::value_type* entry;
            Sockets::iterator at;
            const std::string& name() const { return entry->first.name; }
        };
        std::vector<Place> places_;  // by name
    };

    // From now on the socket follows these names and no others. It is a follower all along of those that it followed
    // before. `names` are keys (username_key()); double ones count once.
    void follow(std::size_t namespace_id, SocketHandle socket, Following& following, std::vector<std::string> names);
    void follow_nobody(Following& following);

    // Each once.
    std::vector<SocketHandle> find(std::size_t namespace_id, std::string_view name) const;

private:
    struct alignas(64) Shelf {
        mutable std::mutex mutex;
        Index index;  // never an empty list
    };

    const Shelf& shelf(NameRef name) const { return shelves_[NameKey::Hash{}(name) % shelves_.size()]; }
    Shelf& shelf(NameRef name) { return shelves_[NameKey::Hash{}(name) % shelves_.size()]; }
    Following::Place add(std::size_t namespace_id, std::string name, SocketHandle socket);
    void remove(const Following::Place& place);

    std::array<Shelf, 16> shelves_;
};

}  // namespace wshub::hub
