// Which sockets of one loop are in which rooms of one namespace, both ways round. Knows nothing of clients or bytes.
// External lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/types.h"

namespace wshub::hub {

struct Room;

// What can be in rooms. Base of Socket.
class Occupant {
public:
    Occupant() = default;
    Occupant(const Occupant&) = delete;
    Occupant& operator=(const Occupant&) = delete;

private:
    friend class Rooms;
    struct Place {
        Room* room;
        std::uint32_t index;  // in the room's members
    };
    std::vector<Place> places_;
};

struct Room {
    struct Member {
        Occupant* occupant;
        std::uint32_t place;  // in the occupant's places
    };
    RoomRef name;                 // lives as long as the room
    std::size_t cell = 0;         // of the filter
    std::vector<Member> members;  // never empty
};

// Tells other threads, without a lock, that a loop has nobody in a room, so that small rooms do not wake every loop.
// May say "perhaps" of a room that is not there, never the other way round. Any thread.
class RoomFilter {
public:
    static std::size_t cell(std::size_t namespace_id, RoomRef room);

    void add(std::size_t cell) { counts_[cell].fetch_add(1, std::memory_order_relaxed); }
    void remove(std::size_t cell) { counts_[cell].fetch_sub(1, std::memory_order_relaxed); }
    bool perhaps(std::size_t cell) const { return counts_[cell].load(std::memory_order_relaxed) != 0; }

private:
    static constexpr std::size_t kCells = 16 * 1024;
    // Each counts the rooms whose names fall on it, and joins that are under way to the loop.
    std::unique_ptr<std::array<std::atomic<std::uint32_t>, kCells>> cells_ =
        std::make_unique<std::array<std::atomic<std::uint32_t>, kCells>>();
    std::array<std::atomic<std::uint32_t>, kCells>& counts_ = *cells_;
};

class Rooms {
public:
    Rooms(std::size_t namespace_id, RoomFilter& filter) : namespace_id_(namespace_id), filter_(filter) {}

    // Puts it into the room, which comes into being if it is new. False if it was there already.
    bool join(Occupant& occupant, RoomRef name);
    // False if it was not there.
    bool leave(Occupant& occupant, RoomRef name);
    void leave_all(Occupant& occupant);

    bool contains(const Occupant& occupant, RoomRef name) const;
    // Null if nobody is in it.
    const Room* find(RoomRef name) const;
    void for_each(const std::function<void(const Room&)>& visit) const;

private:
    struct Key {
        RoomSpace space;
        std::string name;
        operator RoomRef() const { return {space, name}; }
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(RoomRef room) const;
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(RoomRef a, RoomRef b) const { return a.space == b.space && a.name == b.name; }
    };
    using Index = std::unordered_map<Key, Room, Hash, Equal>;

    static const Occupant::Place* place_of(const Occupant& occupant, const Room& room);
    void take_out(Occupant& occupant, std::size_t place);
    void erase_if_empty(const Room& room);

    std::size_t namespace_id_;
    RoomFilter& filter_;
    Index rooms_;
};

}  // namespace wshub::hub
