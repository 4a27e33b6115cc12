// What waits to be sent to one client, in order: references to shared packets, and how much of the first one is gone.
// Knows no transport. One thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "protocol/encoded_packet.h"

namespace wshub::session {

class SendQueue {
public:
    // Memory that an entry takes besides the packet's bytes, roughly. Without it, a client that does not read could
    // make us hold forty times its limit in packets of two bytes.
    static constexpr std::size_t kEntryCost = 64;

    void push(protocol::PacketRef packet);

    bool empty() const { return first_ == packets_.size(); }
    std::size_t size() const { return packets_.size() - first_; }
    // Of the frames that are still to be sent.
    std::size_t bytes() const { return bytes_; }
    std::size_t cost() const { return bytes_ + size() * kEntryCost; }

    // Points `pieces` at what is to be sent next; how many it filled. Small frames that follow each other are copied
    // into `joined`, as far as there is room, and are one piece: the system takes that for less than each by itself.
    std::size_t gather(std::span<iovec> pieces, std::span<char> joined) const;
    // So many of the bytes gathered have been taken. How many packets that completed.
    std::size_t sent(std::size_t bytes);

    // Whole packets; only while no frame has been sent in part. Not when empty.
    const protocol::PacketRef& front() const { return packets_[first_]; }
    protocol::PacketRef pop();

    // Drops everything but a frame that was sent in part: nothing else can be sent before its rest.
    void drop_unstarted();
    // Empties the queue and gives back that rest.
    std::string take_rest();

private:
    void forget_sent();

    std::vector<protocol::PacketRef> packets_;
    std::size_t first_ = 0;   // packets before it are gone
    std::size_t offset_ = 0;  // bytes of the first one that are gone
    std::size_t bytes_ = 0;
};

}  // namespace wshub::session
