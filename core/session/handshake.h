// What a request asks of the engine, and what a session keeps of the request that opened it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/stream.h"
#include "protocol/http_request.h"
#include "session/cors.h"
#include "session/session.h"

namespace wshub::session {

// The query of an engine request.
struct EngineQuery {
    std::optional<TransportKind> transport;  // nothing: missing or unknown
    bool protocol_4 = false;                 // EIO=4
    bool base64 = false;                     // b64: no binary frames, please
    std::string sid;                         // empty: none
};
EngineQuery parse_engine_query(std::string_view query);

std::shared_ptr<const Handshake> make_handshake(const protocol::HttpHead& head, const net::Peer& peer,
                                                base::WallTime now);

enum class OfferError : std::uint8_t {
    kNoOffer,  // no WebSocket handshake, or a broken one
    kVersion,  // of another version than 13
};
// The headers of "101 Switching Protocols" for this request (RFC 6455, section 4.2), those that are ours to add not
// counted.
base::Result<HttpHeaders, OfferError> accept_websocket(const protocol::HttpHead& head);

}  // namespace wshub::session
