#include "session/handshake.h"

#include <catch2/catch.hpp>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::session;

TEST_CASE("the query of a request is read as clients write it", "[handshake]") {
    const auto query = parse_engine_query("EIO=4&transport=polling&t=Oabc&sid=AbC-_123&b64=1");
    CHECK(query.transport == TransportKind::kPolling);
    CHECK(query.protocol_4);
    CHECK(query.base64);
    CHECK(query.sid == "AbC-_123");

    const auto nothing = parse_engine_query("");
    CHECK_FALSE(nothing.transport);
    CHECK_FALSE(nothing.protocol_4);
    CHECK_FALSE(nothing.base64);
    CHECK(nothing.sid.empty());

    CHECK(parse_engine_query("transport=websocket").transport == TransportKind::kWebSocket);
    CHECK_FALSE(parse_engine_query("transport=webtransport").transport);
    CHECK_FALSE(parse_engine_query("transport=Polling").transport);
    CHECK_FALSE(parse_engine_query("EIO=3").protocol_4);
    CHECK_FALSE(parse_engine_query("EIO=44").protocol_4);
    CHECK_FALSE(parse_engine_query("b64=").base64);
}

TEST_CASE("a session remembers a request without a word about its client", "[handshake]") {
    const auto nobody = make_handshake(test::make_head("GET", "/"), {}, {});
    CHECK_FALSE(nobody->has_user_agent);
    CHECK(nobody->user_agent.empty());
    CHECK(nobody->target == "/");
    const auto empty = make_handshake(test::make_head("GET", "/", {"User-Agent:"}), {}, {});
    CHECK(empty->has_user_agent);
    CHECK(empty->user_agent.empty());
}

TEST_CASE("a session remembers the request that opened it", "[handshake]") {
    const auto head = test::make_head("GET", "/socket.io/?EIO=4&x=1", {"User-Agent: browser/1", "Cookie: a=b"});
    const auto handshake = make_handshake(head, {"203.0.113.9", 4711, true}, base::WallTime(base::milliseconds(5)));
    CHECK(handshake->remote == "203.0.113.9");
    CHECK(handshake->target == "/socket.io/?EIO=4&x=1");
    CHECK(handshake->user_agent == "browser/1");
    CHECK(handshake->has_user_agent);
    CHECK(handshake->secure);
    CHECK(handshake->head == head.text());
    CHECK(handshake->opened_at == base::WallTime(base::milliseconds(5)));
    CHECK_FALSE(make_handshake(test::make_head("GET", "/"), {}, {})->has_user_agent);
}

TEST_CASE("a WebSocket handshake is accepted or refused for what it lacks", "[handshake]") {
    const auto accept = [](std::vector<std::string> lines, std::string_view method = "GET") {
        return accept_websocket(test::make_head(method, "/", lines));
    };
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", version = "Sec-WebSocket-Version: 13";
    CHECK(accept({"Connection: keep-alive, Upgrade", "Upgrade: WebSocket", key, version}) ==
          HttpHeaders{{"Upgrade", "websocket"},
                      {"Connection", "Upgrade"},
                      {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}});
    CHECK(accept({"Upgrade: websocket", key, version}).error() == OfferError::kNoOffer);
    CHECK(accept({"Connection: Upgrade", key, version}).error() == OfferError::kNoOffer);
    CHECK(accept({"Connection: Upgrade", "Upgrade: h2c", key, version}).error() == OfferError::kNoOffer);
    CHECK(accept({"Connection: Upgrade", "Upgrade: websocket", version}).error() == OfferError::kNoOffer);
    CHECK(accept({"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: short", version}).error() ==
          OfferError::kNoOffer);
    CHECK(accept({"Connection: Upgrade", "Upgrade: websocket", key}).error() == OfferError::kVersion);
    CHECK(accept({"Connection: Upgrade", "Upgrade: websocket", key, "Sec-WebSocket-Version: 8"}).error() ==
          OfferError::kVersion);
    CHECK(accept({"Connection: Upgrade", "Upgrade: websocket", key, version}, "POST").error() == OfferError::kNoOffer);
}

TEST_CASE("of the subprotocols that a client offers the first is chosen if it is a token", "[handshake]") {
    auto [offered, chosen] = GENERATE(table<std::string, std::string>({
        {"chat, superchat", "chat"},
        {"chat", "chat"},
        {"chat ,x", "chat"},
        {"a b", ""},
        {"\"x\"", ""},
        {std::string(129, 'x'), ""},
    }));
    const auto headers =
        accept_websocket(test::make_head("GET", "/", test::websocket_headers({"Sec-WebSocket-Protocol: " + offered})));
    REQUIRE(headers);
    std::string found;
    for (const auto& [name, value] : *headers)
        if (name == "Sec-WebSocket-Protocol") found = value;
    CHECK(found == chosen);
}
