#include "session/handshake.h"

#include <algorithm>

#include "base/ascii.h"
#include "protocol/websocket.h"

namespace wshub::session {
namespace {

constexpr std::size_t kMaxSubprotocol = 128;

// A browser whose script named subprotocols gives up unless one of them is chosen; we take the first, as Node does.
std::optional<std::string> chosen_subprotocol(const protocol::HttpHead& head) {
    const auto offered = head.header("Sec-WebSocket-Protocol");
    if (!offered) return std::nullopt;
    std::string_view first = offered->substr(0, offered->find(','));
    while (!first.empty() && (first.back() == ' ' || first.back() == '\t')) first.remove_suffix(1);
    if (first.size() > kMaxSubprotocol || !base::is_token(first)) return std::nullopt;
    return std::string(first);
}

}  // namespace

EngineQuery parse_engine_query(std::string_view query) {
    EngineQuery parsed;
    if (const auto transport = protocol::query_parameter(query, "transport")) {
        if (*transport == "polling") parsed.transport = TransportKind::kPolling;
        if (*transport == "websocket") parsed.transport = TransportKind::kWebSocket;
    }
    parsed.protocol_4 = protocol::query_parameter(query, "EIO") == "4";
    const auto base64 = protocol::query_parameter(query, "b64");
    parsed.base64 = base64 && !base64->empty();
    if (auto sid = protocol::query_parameter(query, "sid")) parsed.sid = std::move(*sid);
    return parsed;
}

std::shared_ptr<const Handshake> make_handshake(const protocol::HttpHead& head, const net::Peer& peer,
                                                base::WallTime now) {
    auto handshake = std::make_shared<Handshake>();
    handshake->remote = peer.address;
    handshake->head = head.text();
    const std::string_view kept = handshake->head;
    // The same part of our copy. An empty one may lie nowhere.
    const auto ours = [&](std::string_view part) {
        if (part.empty()) return std::string_view();
        return kept.substr(static_cast<std::size_t>(part.data() - head.text().data()), part.size());
    };
    handshake->target = ours(head.target());
    if (const auto user_agent = head.header("User-Agent")) {
        handshake->user_agent = ours(*user_agent);
        handshake->has_user_agent = true;
    }
    handshake->secure = peer.secure;
    handshake->opened_at = now;
    return handshake;
}

base::Result<HttpHeaders, OfferError> accept_websocket(const protocol::HttpHead& head) {
    if (head.method() != "GET" || head.minor_version() < 1 || !head.has_token("Connection", "upgrade") ||
        !head.has_token("Upgrade", "websocket"))
        return base::Failure<OfferError>(OfferError::kNoOffer);
    if (head.header("Sec-WebSocket-Version") != "13") return base::Failure<OfferError>(OfferError::kVersion);
    auto accept = protocol::websocket_accept(head.header("Sec-WebSocket-Key").value_or(""));
    if (!accept) return base::Failure<OfferError>(OfferError::kNoOffer);

    HttpHeaders headers{{"Upgrade", "websocket"}, {"Connection", "Upgrade"}};
    headers.emplace_back("Sec-WebSocket-Accept", std::move(*accept));
    if (auto subprotocol = chosen_subprotocol(head))
        headers.emplace_back("Sec-WebSocket-Protocol", std::move(*subprotocol));
    return headers;
}

}  // namespace wshub::session
