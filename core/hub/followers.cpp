#include "hub/followers.h"

#include <algorithm>
#include <utility>

namespace wshub::hub {

void Followers::follow(std::size_t namespace_id, SocketHandle socket, Following& following,
                       std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());

    std::vector<Following::Place> places;
    places.reserve(names.size());
    auto old = following.places_.begin();
    const auto end = following.places_.end();
    for (std::string& name : names) {
        for (; old != end && old->name() < name; ++old) remove(*old);
        const bool is_kept = old != end && old->name() == name;
        places.push_back(is_kept ? *old++ : add(namespace_id, std::move(name), socket));
    }
    for (; old != end; ++old) remove(*old);
    following.places_ = std::move(places);
}

void Followers::follow_nobody(Following& following) {
    for (const Following::Place& place : std::exchange(following.places_, {})) remove(place);
}

std::vector<SocketHandle> Followers::find(std::size_t namespace_id, std::string_view name) const {
    const NameRef key{namespace_id, name};
    const Shelf& on = shelf(key);
    const std::lock_guard lock(on.mutex);
    const auto found = on.index.find(key);
    if (found == on.index.end()) return {};
    return {found->second.begin(), found->second.end()};
}

Followers::Following::Place Followers::add(std::size_t namespace_id, std::string name, SocketHandle socket) {
    Shelf& on = shelf({namespace_id, name});
    const std::lock_guard lock(on.mutex);
    Index::value_type& entry = *on.index.try_emplace(NameKey{namespace_id, std::move(name)}).first;
    entry.second.push_front(socket);
    return {&entry, entry.second.begin()};
}

void Followers::remove(const Following::Place& place) {
    const NameRef key = place.entry->first;
    Shelf& on = shelf(key);
    const std::lock_guard lock(on.mutex);
    place.entry->second.erase(place.at);
    if (place.entry->second.empty()) on.index.erase(on.index.find(key));
}

}  // namespace wshub::hub
