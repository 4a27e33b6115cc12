// Which client gets a heartbeat when, and which answers it owes. Knows no server and no clock.
//
// The interval is a ring of slots, and a client stays in the slot that chance gave it: that alone spreads the
// heartbeats over the interval, and no client needs a timer. A hand moves on one slot a step. It sends to the clients
// of its slot, and finds those who have not answered in the slot that it was in `patience` steps ago.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "uuid.h"

namespace heartbeat {

struct Rhythm {
    std::chrono::nanoseconds step;
    std::size_t slots;       // `slots` steps are the interval, exactly
    std::uint64_t patience;  // steps; never less than the timeout
};
// Both above zero.
Rhythm rhythm_of(std::chrono::milliseconds interval, std::chrono::milliseconds timeout);

// How many steps are due. External lock.
class Pace {
public:
    using Time = std::chrono::steady_clock::time_point;

    Pace(std::chrono::nanoseconds step, Time start) : step_(step), start_(start) {}

    // Since the last call. They follow the clock, whenever this is called, so that lateness does not add up. But after
    // a second in which nobody asked the hub itself stood still: its clients are not to blame, and the ring stood still
    // with it.
    std::uint64_t due(Time now);

private:
    const std::chrono::nanoseconds step_;
    Time start_;
    std::uint64_t done_ = 0;
};

// External lock.
class Beats {
public:
    using Client = std::uint64_t;

    explicit Beats(const Rhythm& rhythm);

    // Its first heartbeat comes after 1 to `slots` steps, as `random` says. Nothing if it is in.
    void add(Client client, std::uint64_t random);
    void remove(Client client);
    std::size_t size() const { return clients_.size(); }

    // False: not one that the client may still answer.
    bool acknowledge(Client client, const Uuid& id);

    struct Sent {
        Client client;
        Uuid id;
    };
    struct Missed {
        Client client;
        std::uint32_t in_a_row;  // this one included
    };
    struct Step {
        std::vector<Sent> sent;
        std::vector<Missed> missed;
    };
    Step advance(const std::function<Uuid()>& fresh_id);

    // For the next version of the plugin: it goes on where this one is. If its rhythm is another one, only what clients
    // have missed in a row is kept, and `random` says where each begins.
    std::string save() const;
    void restore(std::string_view saved, const std::function<std::uint64_t()>& random);

private:
    // A heartbeat whose time has not run out, or that waits for an older one to be settled.
    struct Owed {
        Uuid id;
        std::uint64_t sent_at;  // the step
        bool answered;
    };
    struct State {
        std::size_t slot = 0;
        std::uint32_t missed = 0;  // in a row, up to the last one that was settled
        std::vector<Owed> owed;    // oldest first
    };

    void settle(Client client, State& state, std::uint64_t sent_until, std::vector<Missed>& missed);
    static void forget_answered(State& state);

    const std::uint64_t patience_;
    std::vector<std::vector<Client>> slots_;
    std::unordered_map<Client, State> clients_;
    std::uint64_t now_ = 0;
};

}  // namespace heartbeat
