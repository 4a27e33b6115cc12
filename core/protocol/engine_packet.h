// Engine.IO protocol 4: packets, and the payload of long polling that joins them.
//
//   packet over WebSocket, text      <type digit><data>           4hello
//   packet over WebSocket, binary    <data>                       always a message
//   payload over polling             packets joined by 0x1e; a binary message is 'b' + base64, without a type digit
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wshub::protocol {

enum class EngineType : std::uint8_t {
    kOpen = 0,
    kClose = 1,
    kPing = 2,
    kPong = 3,
    kMessage = 4,
    kUpgrade = 5,
    kNoop = 6
};

inline constexpr char kPayloadSeparator = '\x1e';

// One packet taken apart. `data` points into what was decoded; that of a binary packet of a payload is still base64.
struct EnginePacket {
    EngineType type = EngineType::kNoop;
    std::string_view data;
    bool binary = false;
};

enum class EngineError : std::uint8_t { kEmpty, kUnknownType };

// A text packet, without any notion of base64 (WebSocket).
base::Result<EnginePacket, EngineError> decode_engine_text(std::string_view packet);

// Walks a polling payload packet by packet, so that a payload of a million packets costs no memory.
class PayloadReader {
public:
    explicit PayloadReader(std::string_view payload) : rest_(payload) {}
    bool at_end() const { return done_; }
    // The next packet; 'b' packets come with binary = true and data still in base64. Call only while !at_end().
    base::Result<EnginePacket, EngineError> next();

private:
    std::string_view rest_;
    bool done_ = false;
};

// The OPEN packet's data, in the field order of the protocol document.
struct OpenPacket {
    std::string_view sid;
    bool offer_websocket = false;
    std::int64_t ping_interval_ms = 0;
    std::int64_t ping_timeout_ms = 0;
    std::int64_t max_payload = 0;
};
std::string encode_open(const OpenPacket& open);  // with its leading '0'

}  // namespace wshub::protocol
