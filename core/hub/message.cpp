#include "hub/message.h"

#include <cassert>
#include <numeric>

namespace wshub::hub {

RoomList::RoomList(std::span<const RoomRef> rooms) {
    const std::size_t size =
        std::accumulate(rooms.begin(), rooms.end(), std::size_t{0},
                        [](std::size_t sum, const RoomRef& room) { return sum + room.name.size(); });
    names_.reserve(size);  // so that the views hold
    refs_.reserve(rooms.size());
    for (const RoomRef& room : rooms) {
        const std::size_t at = names_.size();
        names_ += room.name;
        refs_.push_back({room.space, std::string_view(names_).substr(at)});
    }
}

Message::Message(const Audience& audience, std::span<const protocol::PacketRef> packets)
    : nsp_(audience.nsp),
      all_(audience.all),
      is_volatile_(audience.is_volatile),
      counted_(audience.counted),
      rooms_(audience.rooms),
      except_rooms_(audience.except_rooms),
      sockets_(audience.sockets.begin(), audience.sockets.end()),
      except_sockets_(audience.except_sockets.begin(), audience.except_sockets.end()),
      packets_(packets.begin(), packets.end()) {}

Audience Message::audience() const {
    Audience out;
    out.nsp = nsp_;
    out.all = all_;
    out.is_volatile = is_volatile_;
    out.rooms = rooms_.refs();
    out.sockets = sockets_;
    out.except_rooms = except_rooms_.refs();
    out.except_sockets = except_sockets_;
    out.counted = counted_;
    return out;
}

LocalPackets::LocalPackets(std::shared_ptr<const Message> message) {
    const std::span<const protocol::PacketRef> shared = message->packets();
    assert(shared.size() <= refs_.size());
    const auto holder = std::make_shared<const std::shared_ptr<const Message>>(std::move(message));
    for (const protocol::PacketRef& packet : shared) refs_[count_++] = protocol::PacketRef(holder, packet.get());
}

Question::Question(const Emit& emit, std::vector<SocketHandle> sockets)
    : event_(emit.event),
      args_(emit.args),
      sockets_(std::move(sockets)),
      except_rooms_(emit.except_rooms),
      wanted_(*emit.reply),
      counted_(emit.counted) {
    std::size_t size = 0;
    for (const std::string_view bytes : emit.attachments) size += bytes.size();
    bytes_.reserve(size);
    for (const std::string_view bytes : emit.attachments) {
        const std::size_t at = bytes_.size();
        bytes_ += bytes;
        attachments_.push_back(std::string_view(bytes_).substr(at));
    }
}

}  // namespace wshub::hub
