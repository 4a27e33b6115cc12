#include "session/address_book.h"

#include <tuple>

namespace wshub::session {
namespace {

// Of those left: more than one for each that a look-up may add, so that they come to an end.
constexpr int kClearedAtOnce = 4;

// What is no address (there should be none) counts as one, rather than as nobody.
protocol::IpAddress site_of(std::string_view remote) {
    // A zone names an interface of ours: fe80::1%eth0
    const auto address = protocol::IpAddress::parse(remote.substr(0, remote.find('%')));
    return address.value_or(protocol::IpAddress()).site();
}

}  // namespace

AddressBook::Entry AddressBook::find(std::string_view remote, base::SteadyTime now) {
    if (!limits_.any()) return {};
    const protocol::IpAddress site = site_of(remote);
    Shelf& shelf = shelf_of(site);
    const std::lock_guard lock(shelf.mutex);
    clear_away(shelf, now);
    Entry::Pair& entry =
        *shelf.entries.emplace(std::piecewise_construct, std::forward_as_tuple(site), std::forward_as_tuple(limits_))
             .first;
    ++entry.second.holders_;
    return {*this, entry};
}

void AddressBook::release(Entry::Pair& entry) {
    Shelf& shelf = shelf_of(entry.first);
    const std::lock_guard lock(shelf.mutex);
    Address& address = entry.second;
    if (--address.holders_ == 0 && !std::exchange(address.left_, true)) shelf.left.push_back(&entry);
}

void AddressBook::clear_away(Shelf& shelf, base::SteadyTime now) {
    for (int i = 0; i < kClearedAtOnce && !shelf.left.empty(); ++i) {
        Entry::Pair& entry = *shelf.left.front();
        const Address& address = entry.second;
        shelf.left.pop_front();
        if (address.holders_ > 0) {
            entry.second.left_ = false;
        } else if (address.events_.is_full(now) && address.connects_.is_full(now)) {
            shelf.entries.erase(entry.first);
        } else {
            shelf.left.push_back(&entry);
        }
    }
}

std::size_t AddressBook::size() const {
    std::size_t sum = 0;
    for (const Shelf& shelf : shelves_) {
        const std::lock_guard lock(shelf.mutex);
        sum += shelf.entries.size();
    }
    return sum;
}

AddressBook::Shelf& AddressBook::shelf_of(const protocol::IpAddress& address) {
    // Other bits than those that choose the entry's place in the table.
    return shelves_[std::hash<protocol::IpAddress>{}(address) >> 32 & (shelves_.size() - 1)];
}

}  // namespace wshub::session
