// Socket.IO protocol 5: packets inside Engine.IO messages.
//
//   <type>[<attachments>-][<namespace>,][<ack id>][<JSON>]
//   2["name",1]      2/admin,12["name"]      451-... is Engine.IO's 4 and then
//   51-["name",{"_placeholder":true,"num":0}]
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/encoded_packet.h"
#include "protocol/json_scan.h"

namespace wshub::protocol {

enum class SocketType : std::uint8_t {
    kConnect = 0,
    kDisconnect = 1,
    kEvent = 2,
    kAck = 3,
    kConnectError = 4,
    kBinaryEvent = 5,
    kBinaryAck = 6,
};

// As in socket.io-parser 4.2.6 and later, both ways: a packet with more ends the connection.
inline constexpr std::size_t kMaxAttachments = 10;

// One packet taken apart. Views point into the text that was decoded, or to constants.
struct SocketPacket {
    SocketType type = SocketType::kEvent;
    std::size_t attachments = 0;  // binary messages that follow
    std::string_view nsp = "/";
    std::optional<std::uint64_t> ack_id;
    std::string_view json;  // validated, exactly one value; empty if there was none, and of an event
    // Events: the name's JSON text (a string with quotes, or a number), and the arguments as a JSON array without the
    // name.
    std::string_view name_json;
    std::string_view args;
};

enum class SocketError : std::uint8_t {
    kUnknownType,
    kAttachments,   // no number, no '-', more than kMaxAttachments, none in a binary packet, or some in another
    kNamespace,     // does not end, is too long (kMaxNamespaceLength), not UTF-8, or has control characters
    kAckId,         // more than 2^53 - 1, where none may stand, or none in an ack
    kJson,          // not JSON, too deep, or not UTF-8
    kPayload,       // JSON of another form than the type needs (see section 8 of the wire facts)
    kReservedName,  // connect, connect_error, disconnect, disconnecting, newListener, removeListener
    kPlaceholder,   // a placeholder whose num is no attachment (an integer without sign, fraction or exponent)
};

inline constexpr std::size_t kMaxNamespaceLength = 256;
// A name that a namespace can be given so that the official client reaches it: begins with '/', not too long, without
// blanks, control characters, ',' (ends the name in a packet) or '?' (the client takes what follows for a query).
bool is_namespace_name(std::string_view name);
inline constexpr std::uint64_t kMaxAckId = (std::uint64_t{1} << 53) - 1;

// `text` is the Engine.IO message without its '4'. It may be changed: the comma behind an event's name becomes the '['
// of `args`. Every type is checked in full, placeholders of binary packets included. A namespace's query string stays
// in it. A CONNECT_ERROR is decoded too, though no client has a reason to send one.
base::Result<SocketPacket, SocketError> decode_socket_packet(std::span<char> text,
                                                             std::size_t max_depth = kDefaultJsonDepth);

// The name of an event as text: unescaped string, or the number's text.
std::string event_name(std::string_view name_json);
// One of the names that end a client's connection when they are sent as events.
bool is_reserved_event(std::string_view name);

// A packet with what follows it: the text packet first, then its attachments. One without attachments, as most are,
// allocates nothing for the list. To be passed on as a span.
class EncodedMessage : private boost::container::small_vector<PacketRef, 1> {
    using Base = boost::container::small_vector<PacketRef, 1>;

public:
    using Base::Base;
    using Base::begin, Base::end, Base::size, Base::at, Base::front, Base::push_back, Base::reserve;
    operator std::span<const PacketRef>() const { return {data(), size()}; }
};

// Attachments that are named by placeholders in `args` are numbered anew from 0 in the order met and sent; others are
// left out, and a packet without any left is sent as the plain type. `args` is a validated JSON array of arguments.
// Fails (kPlaceholder) if a placeholder names no attachment while `attachments` is not empty, or more than
// kMaxAttachments would be sent (kAttachments).
base::Result<EncodedMessage, SocketError> encode_event(std::string_view nsp, std::string_view name,
                                                       std::string_view args, std::optional<std::uint64_t> ack_id,
                                                       std::span<const std::string_view> attachments);
base::Result<EncodedMessage, SocketError> encode_ack(std::string_view nsp, std::uint64_t ack_id, std::string_view args,
                                                     std::span<const std::string_view> attachments);
// A client's CONNECT. `auth` is a JSON object or empty.
PacketRef encode_connect_request(std::string_view nsp, std::string_view auth);
PacketRef encode_connect(std::string_view nsp, std::string_view sid);
// `data` is JSON or empty.
PacketRef encode_connect_error(std::string_view nsp, std::string_view message, std::string_view data);
PacketRef encode_disconnect(std::string_view nsp);

}  // namespace wshub::protocol
