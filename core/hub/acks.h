// The acknowledgements that clients of one loop wait for: each is given once, or goes with its socket. Loop's thread
// only.
#pragma once

#include <cstdint>
#include <optional>

#include "hub/slots.h"
#include "hub/types.h"

namespace wshub::hub {

// The kept acks of one socket, for the day it ends.
struct KeptAcks {
    AckHandle first = 0;
};

class Acks {
public:
    explicit Acks(unsigned loop) : table_(loop, kReserve) {}

    struct Owed {
        SocketHandle socket = 0;
        std::uint64_t id = 0;  // the client's
    };

    // While the event's handlers run. settle() must follow.
    AckHandle open(SocketHandle socket, std::uint64_t id);
    // The handlers have returned. What is owed if nobody has answered, nor will.
    std::optional<Owed> settle(AckHandle ack);

    // Who waits for it; null if nobody does.
    const Owed* find(AckHandle ack) const;
    // kNone: the caller answers now, nobody else may any more.
    HubError take(AckHandle ack);
    // It outlives its handlers, until take() or drop(). `kept` is its socket's.
    HubError keep(AckHandle ack, KeptAcks& kept);
    void drop(KeptAcks& kept);

private:
    // At a million acks a second a handle names another ack after four hours at the earliest.
    static constexpr std::size_t kReserve = 1024;
    struct Entry {
        Owed owed;
        bool in_handler = true;
        bool answered = false;
        KeptAcks* kept = nullptr;
        AckHandle before = 0, after = 0;  // in the list of those kept
    };
    void erase(AckHandle ack, Entry& entry);

    SlotTable<Entry> table_;
};

}  // namespace wshub::hub
