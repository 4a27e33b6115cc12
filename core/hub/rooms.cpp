#include "hub/rooms.h"

#include <algorithm>
#include <cassert>

#include "base/keyed_hash.h"

namespace wshub::hub {

std::size_t RoomFilter::cell(std::size_t namespace_id, RoomRef room) {
    return base::keyed_hash(room.name, namespace_id << 8 | static_cast<unsigned char>(room.space)) % kCells;
}

std::size_t Rooms::Hash::operator()(RoomRef room) const {
    return base::keyed_hash(room.name, static_cast<unsigned char>(room.space));
}

bool Rooms::join(Occupant& occupant, RoomRef name) {
    auto found = rooms_.find(name);
    if (found == rooms_.end()) {
        found = rooms_.emplace(Key{name.space, std::string(name.name)}, Room{}).first;
        found->second.name = found->first;
        found->second.cell = RoomFilter::cell(namespace_id_, name);
        filter_.add(found->second.cell);
    } else if (place_of(occupant, found->second)) {
        return false;
    }
    Room& room = found->second;
    room.members.push_back({&occupant, static_cast<std::uint32_t>(occupant.places_.size())});
    occupant.places_.push_back({&room, static_cast<std::uint32_t>(room.members.size() - 1)});
    return true;
}

bool Rooms::leave(Occupant& occupant, RoomRef name) {
    const auto found = rooms_.find(name);
    if (found == rooms_.end()) return false;
    const Occupant::Place* place = place_of(occupant, found->second);
    if (!place) return false;
    take_out(occupant, static_cast<std::size_t>(place - occupant.places_.data()));
    return true;
}

void Rooms::leave_all(Occupant& occupant) {
    while (!occupant.places_.empty()) take_out(occupant, occupant.places_.size() - 1);
    occupant.places_.shrink_to_fit();
}

bool Rooms::contains(const Occupant& occupant, RoomRef name) const {
    const Room* room = find(name);
    return room && place_of(occupant, *room);
}

const Room* Rooms::find(RoomRef name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : &found->second;
}

void Rooms::for_each(const std::function<void(const Room&)>& visit) const {
    for (const auto& [name, room] : rooms_) visit(room);
}

const Occupant::Place* Rooms::place_of(const Occupant& occupant, const Room& room) {
    // Whichever list is shorter: a socket may be in a hundred thousand rooms, and a room may hold as many sockets.
    if (room.members.size() < occupant.places_.size()) {
        const auto member = std::find_if(room.members.begin(), room.members.end(),
                                         [&](const Room::Member& at) { return at.occupant == &occupant; });
        return member == room.members.end() ? nullptr : &occupant.places_[member->place];
    }
    const auto place = std::find_if(occupant.places_.begin(), occupant.places_.end(),
                                    [&](const Occupant::Place& at) { return at.room == &room; });
    return place == occupant.places_.end() ? nullptr : &*place;
}

// The last of each list moves into the gap, and is told so in the other list.
void Rooms::take_out(Occupant& occupant, std::size_t place) {
    const Occupant::Place gone = occupant.places_[place];
    std::vector<Room::Member>& members = gone.room->members;
    assert(members[gone.index].occupant == &occupant);

    members[gone.index] = members.back();
    members[gone.index].occupant->places_[members[gone.index].place].index = gone.index;
    members.pop_back();

    occupant.places_[place] = occupant.places_.back();
    occupant.places_.pop_back();
    if (place < occupant.places_.size()) {
        const Occupant::Place& moved = occupant.places_[place];
        moved.room->members[moved.index].place = static_cast<std::uint32_t>(place);
    }
    erase_if_empty(*gone.room);
}

void Rooms::erase_if_empty(const Room& room) {
    if (!room.members.empty()) return;
    filter_.remove(room.cell);
    rooms_.erase(rooms_.find(room.name));
}

}  // namespace wshub::hub
