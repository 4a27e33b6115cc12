#include "protocol/websocket.h"

#include <catch2/catch.hpp>

#include "protocol/base64.h"

using namespace wshub::protocol;
using namespace std::literals;

TEST_CASE("the accept value is that of the RFC's example", "[websocket]") {
    CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("a key that is not 16 bytes in base64 is refused", "[websocket]") {
    const std::string_view key = GENERATE(values<std::string_view>({
        "",
        "dGhlIHNhbXBsZSBub25jZQ",      // without padding
        "dGhlIHNhbXBsZSBub25jZQ=",     //
        "dGhlIHNhbXBsZSBub25jZQ== ",   // more behind it
        "dGhlIHNhbXBsZSBub25jZQA=",    // 17 bytes
        "dGhlIHNhbXBsZSBub25jZQAA",    // 18 bytes
        "dGhlIHNhbXBsZSBub25j",        // 15 bytes
        "dGhlIHNhbXBsZSBub25jZ!==",    // no base64
        "dGhlIHNhbXBsZSBub25j\nZQ==",  //
        "not a key at all, is it?",    //
    }));
    CAPTURE(key);
    CHECK_FALSE(websocket_accept(key).has_value());
}

TEST_CASE("a payload length takes the shortest form that can hold it", "[websocket]") {
    const auto [payload, header] = GENERATE(table<std::size_t, std::string_view>({
        {0, "\x81\x00"sv},
        {1, "\x81\x01"sv},
        {125, "\x81\x7d"sv},
        {126, "\x81\x7e\x00\x7e"sv},
        {127, "\x81\x7e\x00\x7f"sv},
        {256, "\x81\x7e\x01\x00"sv},
        {65535, "\x81\x7e\xff\xff"sv},
        {65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"sv},
        {0x12345678, "\x81\x7f\x00\x00\x00\x00\x12\x34\x56\x78"sv},
        {0x123456789abcdef0, "\x81\x7f\x12\x34\x56\x78\x9a\xbc\xde\xf0"sv},
    }));
    CHECK(frame_header(Opcode::kText, payload) == header);
}

TEST_CASE("a frame's first byte is FIN and the opcode", "[websocket]") {
    CHECK(frame_header(Opcode::kBinary, 0) == "\x82\x00"sv);
    CHECK(frame_header(Opcode::kClose, 0) == "\x88\x00"sv);
    CHECK(frame_header(Opcode::kPing, 4) == "\x89\x04"sv);
    CHECK(frame_header(Opcode::kPong, 4) == "\x8a\x04"sv);
}

TEST_CASE("a close frame carries code and reason, or nothing", "[websocket]") {
    CHECK(close_frame() == "\x88\x00"sv);
    CHECK(close_frame(CloseCode::kNormal) == "\x88\x02\x03\xe8"sv);
    CHECK(close_frame(CloseCode::kTooBig, "too big") == "\x88\x09\x03\xf1too big"sv);
    CHECK(close_frame(std::nullopt, "dropped") == "\x88\x00"sv);
}

TEST_CASE("a reason that is too long is cut between characters", "[websocket]") {
    CHECK(close_frame(CloseCode::kNormal, std::string(123, 'x')).size() == 2 + 125);
    CHECK(close_frame(CloseCode::kNormal, std::string(124, 'x')).size() == 2 + 125);
    // 122 bytes and an é: it does not fit any more.
    const std::string cut = close_frame(CloseCode::kNormal, std::string(122, 'x') + "éé");
    CHECK(cut.size() == 2 + 2 + 122);
    CHECK(is_utf8(std::string_view(cut).substr(4)));
    CHECK(cut[1] == 124);
    CHECK(close_frame(CloseCode::kNormal, std::string(121, 'x') + "éé").size() == 2 + 2 + 123);
}
