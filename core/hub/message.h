// Who gets a message, and a message on its way to other loops.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/types.h"
#include "protocol/socket_packet.h"

namespace wshub::hub {

struct Namespace;

// All within one namespace.
struct Audience {
    Namespace* nsp = nullptr;
    bool all = false;
    bool is_volatile = false;
    std::span<const RoomRef> rooms;
    std::span<const SocketHandle> sockets;
    std::span<const RoomRef> except_rooms;
    std::span<const SocketHandle> except_sockets;
    base::Counter* counted = nullptr;  // counts the receivers, beside the hub's own figure
};

// Names of rooms that outlive the call they came with.
class RoomList {
public:
    explicit RoomList(std::span<const RoomRef> rooms);
    RoomList(const RoomList&) = delete;
    RoomList& operator=(const RoomList&) = delete;
    std::span<const RoomRef> refs() const { return refs_; }

private:
    std::string names_;
    std::vector<RoomRef> refs_;
};

// Packets with their audience, shared by the loops they go to. Immutable.
class Message {
public:
    Message(const Audience& audience, std::span<const protocol::PacketRef> packets);

    // Points into the message.
    Audience audience() const;
    std::span<const protocol::PacketRef> packets() const { return packets_; }

private:
    Namespace* nsp_;
    bool all_, is_volatile_;
    base::Counter* counted_;
    RoomList rooms_, except_rooms_;
    std::vector<SocketHandle> sockets_, except_sockets_;
    std::vector<protocol::PacketRef> packets_;
};

// The packets of a message with a reference count of this loop's own, since one count for all loops would travel from
// core to core with every receiver.
class LocalPackets {
public:
    explicit LocalPackets(std::shared_ptr<const Message> message);
    std::span<const protocol::PacketRef> packets() const { return {refs_.data(), count_}; }

private:
    std::array<protocol::PacketRef, protocol::kMaxAttachments + 1> refs_;
    std::size_t count_ = 0;
};

// An emit that asks each of its sockets for a reply, on its way to their loop.
class Question {
public:
    Question(const Emit& emit, std::vector<SocketHandle> sockets);

    const std::string& event() const { return event_; }
    const std::string& args() const { return args_; }
    std::span<const std::string_view> attachments() const { return attachments_; }
    std::span<const SocketHandle> sockets() const { return sockets_; }
    std::span<const RoomRef> except_rooms() const { return except_rooms_.refs(); }
    const Emit::ReplyWanted& wanted() const { return wanted_; }
    base::Counter* counted() const { return counted_; }

private:
    std::string event_, args_, bytes_;
    std::vector<std::string_view> attachments_;
    std::vector<SocketHandle> sockets_;
    RoomList except_rooms_;
    Emit::ReplyWanted wanted_;
    base::Counter* counted_;
};

}  // namespace wshub::hub
