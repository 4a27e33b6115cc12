#include "session/transport.h"

#include <utility>

namespace wshub::session {

const protocol::PacketRef& Transport::ping_packet() const {
    static const protocol::PacketRef packet = protocol::EncodedPacket::text("2");
    return packet;
}

void Transport::send(protocol::PacketRef packet) {
    if (parting()) return;
    enqueue(std::move(packet));
    account();
    if (ready()) schedule();
}

void Transport::part(Parting parting) {
    if (parting <= parting_ || parted_) return;
    parting_ = parting;
    if (parting != Parting::kFlush) queue_.drop_unstarted();
    account();
    schedule();
}

void Transport::account() {
    const std::size_t bytes = queue_.bytes();
    if (bytes == accounted_) return;
    context_.queued_bytes.add(static_cast<std::ptrdiff_t>(bytes) - static_cast<std::ptrdiff_t>(accounted_));
    accounted_ = bytes;
}

void Transport::parted() {
    if (!std::exchange(parted_, true)) owner_->on_parted(*this);
}

}  // namespace wshub::session
