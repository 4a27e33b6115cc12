#include "session/send_queue.h"

#include <algorithm>
#include <utility>

namespace wshub::session {
namespace {

// An empty queue keeps room for so many packets, so that one that fills and empties each turn does not allocate and an
// idle one costs little.
constexpr std::size_t kKeptCapacity = 8;
// Frames up to this size are copied to be sent together.
constexpr std::size_t kMostJoined = 512;
// Places of packets that are gone are taken back in bulk, never one by one.
constexpr std::size_t kCompactFrom = 64;

}  // namespace

void SendQueue::push(protocol::PacketRef packet) {
    bytes_ += packet->frame().size();
    packets_.push_back(std::move(packet));
}

std::size_t SendQueue::gather(std::span<iovec> pieces, std::span<char> joined) const {
    std::size_t filled = 0;
    std::size_t offset = offset_;
    bool is_joined = false;  // the last piece
    for (std::size_t i = first_; i < packets_.size(); ++i, offset = 0) {
        const std::string_view rest = packets_[i]->frame().substr(offset);
        const bool joins = size() > 1 && rest.size() <= std::min(kMostJoined, joined.size());
        if (joins && is_joined) {
            pieces[filled - 1].iov_len += rest.size();
        } else if (filled == pieces.size()) {
            break;
        } else {
            // writev() only reads, but its struct is shared with readv().
            pieces[filled++] = {joins ? joined.data() : const_cast<char*>(rest.data()), rest.size()};
        }
        is_joined = joins;
        if (!joins) continue;
        std::copy(rest.begin(), rest.end(), joined.begin());
        joined = joined.subspan(rest.size());
    }
    return filled;
}

std::size_t SendQueue::sent(std::size_t bytes) {
    bytes_ -= bytes;
    std::size_t completed = 0;
    while (first_ < packets_.size()) {
        const std::size_t rest = packets_[first_]->frame().size() - offset_;
        if (bytes < rest) {
            offset_ += bytes;
            break;
        }
        bytes -= rest;
        offset_ = 0;
        packets_[first_++].reset();
        ++completed;
    }
    forget_sent();
    return completed;
}

protocol::PacketRef SendQueue::pop() {
    protocol::PacketRef packet = std::move(packets_[first_++]);
    bytes_ -= packet->frame().size();
    forget_sent();
    return packet;
}

void SendQueue::drop_unstarted() {
    protocol::PacketRef started;
    if (offset_ > 0) started = std::move(packets_[first_]);
    packets_ = {};
    first_ = 0;
    bytes_ = 0;
    if (!started) return;
    bytes_ = started->frame().size() - offset_;
    packets_.push_back(std::move(started));
}

std::string SendQueue::take_rest() {
    std::string rest;
    if (offset_ > 0) rest = packets_[first_]->frame().substr(offset_);
    packets_ = {};
    first_ = offset_ = bytes_ = 0;
    return rest;
}

void SendQueue::forget_sent() {
    if (empty()) {
        packets_.clear();
        first_ = 0;
        if (packets_.capacity() > kKeptCapacity) packets_ = {};
    } else if (first_ >= kCompactFrom && first_ * 2 >= packets_.size()) {
        packets_.erase(packets_.begin(), packets_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

}  // namespace wshub::session
