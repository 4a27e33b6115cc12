// What happened to a socket lately: the last few things, with names of events and rooms, never payloads. Costs a copy
// of at most 26 bytes each, and memory only as far as something has happened. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace wshub::hub {

enum class Happening : std::uint8_t {
    kConnected,
    kUpgraded,  // to WebSocket
    kEvent,     // the client sent it
    kJoined,
    kLeft,
    kNamed,    // got a username
    kRefused,  // the code that it was told
};
std::string_view happening_name(Happening what);

class Story {
public:
    static constexpr std::size_t kLength = 32;

    void begin(base::SteadyTime now) { begin_ = now; }
    void add(base::SteadyTime now, Happening what, std::string_view detail = {});

    struct Item {
        base::milliseconds since_begin;
        Happening what;
        std::string detail;  // what did not fit ends in "..."
    };
    // The oldest first.
    std::vector<Item> read() const;

private:
    struct Entry {
        std::uint32_t age = 0;  // since the beginning, in units of 10 ms
        Happening what = Happening::kConnected;
        std::uint8_t length = 0;  // its highest bit: there was more
        std::array<char, 26> detail;
    };
    static constexpr std::uint8_t kMost = 26;

    base::SteadyTime begin_{};
    std::vector<Entry> entries_;  // grows to kLength, then goes round
    std::size_t next_ = 0;
};

}  // namespace wshub::hub
