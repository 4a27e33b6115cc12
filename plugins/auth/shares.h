// Who may wait for the backend, when not everybody can: places are taken from those who hold the most. External lock.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace auth {

// The part of an address that one user of the network has: the address, and of IPv6 the first 64 bits.
std::string network_of(std::string_view address);

class Shares {
public:
    // `most`: places in all.
    explicit Shares(std::size_t most) : most_(most) {}

    struct Place {
        bool given = false;
        std::string instead_of;  // whoever has to leave one of its places for it; empty: there was room
    };
    // Refused if all places are taken and nobody holds more than `asker` would.
    Place take(const std::string& asker);
    // A place that `asker` was given is free again; if one was promised to somebody else, it is that one.
    void give_back(const std::string& asker);
    // Whether `asker` holds a place that was promised to somebody else.
    bool must_leave(const std::string& asker) const;

    std::size_t taken() const { return taken_; }

private:
    struct Share {
        std::size_t held = 0;
        std::size_t leaving = 0;  // of these, which others were given already
    };
    const std::size_t most_;
    std::size_t taken_ = 0;  // those that are to be left included, so it may be above `most_` for a while
    std::size_t leaving_ = 0;
    std::unordered_map<std::string, Share> shares_;
};

}  // namespace auth
