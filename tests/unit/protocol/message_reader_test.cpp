#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "protocol/websocket.h"

using namespace wshub::protocol;
using namespace std::literals;

namespace {

constexpr std::size_t kLimit = 1000;

struct FrameOptions {
    bool fin = true;
    bool masked = true;
    unsigned rsv = 0;
};

// A client's frame, built here by hand so that it does not rest on the code under test.
std::string frame(unsigned opcode, std::string_view payload, FrameOptions options = {}) {
    const std::string_view key = "\x37\xfa\x21\x3d";
    std::string out;
    out += static_cast<char>((options.fin ? 0x80u : 0u) | options.rsv << 4 | opcode);
    const unsigned mask = options.masked ? 0x80 : 0;
    if (payload.size() < 126) {
        out += static_cast<char>(mask | payload.size());
    } else if (payload.size() < 65536) {
        out += static_cast<char>(mask | 126u);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size());
    } else {
        out += static_cast<char>(mask | 127u);
        for (int shift = 56; shift >= 0; shift -= 8)
            out += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift);
    }
    if (!options.masked) return out + std::string(payload);
    out += key;
    for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
    return out;
}

constexpr FrameOptions kMore{false, true, 0};

// What a reader makes of a stream: "<opcode>:<payload>" for each message, "!<code>" for the error at its end.
std::vector<std::string> read(std::string bytes, std::size_t piece, std::size_t limit = kLimit) {
    MessageReader reader(limit);
    std::vector<std::string> out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string part = bytes.substr(at, piece);
        std::span<char> in(part);
        for (;;) {
            const auto message = reader.next(in);
            if (!message) {
                out.push_back("!" + std::to_string(static_cast<int>(message.error())));
                return out;
            }
            if (!*message) break;
            const auto& payload = (*message)->payload;
            out.push_back(std::to_string(static_cast<int>((*message)->opcode)) + ":" +
                          std::string(payload.data(), payload.size()));
        }
        CHECK(in.empty());
    }
    return out;
}

using Messages = std::vector<std::string>;

// The same in one piece and in pieces of several sizes.
void check_reads(const std::string& bytes, const Messages& expected, std::size_t limit = kLimit) {
    CAPTURE(bytes);
    for (const std::size_t piece : {bytes.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
        CAPTURE(piece);
        CHECK(read(bytes, piece, limit) == expected);
    }
}

std::string close_payload(unsigned code, std::string_view reason = {}) {
    std::string out;
    out += static_cast<char>(code >> 8);
    out += static_cast<char>(code);
    return out + std::string(reason);
}

}  // namespace

TEST_CASE("the RFC's masked example is read", "[message_reader]") {
    check_reads("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", {"1:Hello"});
}

TEST_CASE("messages and control frames come out in order", "[message_reader]") {
    check_reads(frame(1, "hello"), {"1:hello"});
    check_reads(frame(2, "\0\xff\x80"sv), {"2:" + std::string("\0\xff\x80"sv)});
    check_reads(frame(1, ""), {"1:"});
    check_reads(frame(2, ""), {"2:"});
    check_reads(frame(9, "ping"), {"9:ping"});
    check_reads(frame(10, ""), {"10:"});
    check_reads(frame(8, ""), {"8:"});
    check_reads(frame(1, "a") + frame(9, "p") + frame(2, "b") + frame(1, "c"), {"1:a", "9:p", "2:b", "1:c"});
}

TEST_CASE("payloads of every length form are unmasked", "[message_reader]") {
    const std::size_t size =
        GENERATE(1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 15u, 16u, 17u, 125u, 126u, 127u, 4096u, 65535u, 65536u, 70001u);
    std::string payload(size, ' ');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);
    const std::string bytes = frame(2, payload) + frame(1, "next");
    for (const std::size_t piece : {bytes.size(), std::size_t{1000}, std::size_t{13}})
        CHECK(read(bytes, piece, 100'000) == Messages{"2:" + payload, "1:next"});
}

TEST_CASE("a frame that lies whole in the buffer is given out where it lies", "[message_reader]") {
    MessageReader reader(kLimit);
    std::string bytes = frame(1, "hello") + frame(1, "again");
    std::span<char> in(bytes);
    const auto message = reader.next(in);
    REQUIRE((message && *message));
    CHECK((*message)->payload.data() == bytes.data() + 6);
    CHECK(in.size() == 11);
}

TEST_CASE("fragments are joined", "[message_reader]") {
    check_reads(frame(1, "Hel", kMore) + frame(0, "lo"), {"1:Hello"});
    check_reads(frame(2, "a", kMore) + frame(0, "b", kMore) + frame(0, "c"), {"2:abc"});
    check_reads(frame(1, "", kMore) + frame(0, "", kMore) + frame(0, ""), {"1:"});
    check_reads(frame(1, "a", kMore) + frame(0, "") + frame(1, "b"), {"1:a", "1:b"});
    check_reads(frame(1, "a", kMore) + frame(0, "b") + frame(2, "c", kMore) + frame(0, "d"), {"1:ab", "2:cd"});
}

TEST_CASE("control frames may come between fragments", "[message_reader]") {
    check_reads(frame(1, "a", kMore) + frame(9, "ping") + frame(0, "b") + frame(1, "c"), {"9:ping", "1:ab", "1:c"});
    check_reads(frame(1, "a", kMore) + frame(9, std::string(125, 'p')) + frame(10, "") + frame(0, "b"),
                {"9:" + std::string(125, 'p'), "10:", "1:ab"});
    check_reads(frame(2, "a", kMore) + frame(8, close_payload(1000)), {"8:" + close_payload(1000)});
}

TEST_CASE("a million empty fragments take no memory and end like any message", "[message_reader]") {
    MessageReader reader(kLimit);
    std::string bytes = frame(1, "a", kMore);
    std::span<char> in(bytes);
    CHECK(reader.next(in));
    const std::string empty = frame(0, "", kMore);
    for (int i = 0; i < 1'000'000; ++i) {
        std::string copy = empty;
        in = copy;
        const auto nothing = reader.next(in);
        if (!nothing || *nothing) FAIL("an empty fragment ended something");
    }
    std::string last = frame(0, "b");
    in = last;
    const auto message = reader.next(in);
    REQUIRE((message && *message));
    CHECK(std::string((*message)->payload.data(), (*message)->payload.size()) == "ab");
}

TEST_CASE("small fragments are joined without copying the message for each", "[message_reader]") {
    std::string bytes = frame(2, "", kMore);
    for (int i = 0; i < 200'000; ++i) bytes += frame(0, "x", kMore);
    bytes += frame(0, "y");
    CHECK(read(bytes, bytes.size(), 1'000'000) == Messages{"2:" + std::string(200'000, 'x') + "y"});
}

TEST_CASE("what breaks the framing is a protocol error", "[message_reader]") {
    const auto [what, bytes] = GENERATE(table<std::string, std::string>({
        {"not masked", frame(1, "a", {true, false, 0})},
        {"control not masked", frame(9, "", {true, false, 0})},
        {"RSV1", frame(1, "a", {true, true, 4})},
        {"RSV2", frame(1, "a", {true, true, 2})},
        {"RSV3", frame(2, "a", {true, true, 1})},
        {"RSV1 on a control frame", frame(9, "a", {true, true, 4})},
        {"opcode 3", frame(3, "")},
        {"opcode 7", frame(7, "")},
        {"opcode 11", frame(11, "")},
        {"opcode 15", frame(15, "")},
        {"fragmented ping", frame(9, "", kMore)},
        {"fragmented close", frame(8, "", kMore)},
        {"long ping", frame(9, std::string(126, 'x'))},
        {"long pong", frame(10, std::string(70000, 'x'))},
        {"long close", frame(8, std::string(126, 'x'))},
        {"continuation of nothing", frame(0, "a")},
        {"continuation of nothing, more to come", frame(0, "a", kMore)},
        {"16 bits for 0", "\x81\xfe\x00\x00"s},
        {"16 bits for 125", "\x81\xfe\x00\x7d"s},
        {"64 bits for 0", "\x81\xff\0\0\0\0\0\0\0\0"s},
        {"64 bits for 65535", "\x81\xff\0\0\0\0\0\0\xff\xff"s},
        {"highest bit of the length", "\x81\xff\x80\0\0\0\0\0\0\0"s},
        {"length 2^64 - 1", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff"s},
        {"close payload of one byte", frame(8, "x")},
    }));
    CAPTURE(what);
    check_reads(bytes, {"!1002"});
}

TEST_CASE("a new message inside a fragmented one is a protocol error", "[message_reader]") {
    check_reads(frame(1, "a", kMore) + frame(1, "b"), {"!1002"});
    check_reads(frame(1, "a", kMore) + frame(2, "b", kMore), {"!1002"});
    check_reads(frame(1, "a", kMore) + frame(0, "b") + frame(0, "c"), {"1:ab", "!1002"});
}

TEST_CASE("a message up to the limit is read, and one byte more is too big", "[message_reader]") {
    check_reads(frame(1, std::string(kLimit, 'x')), {"1:" + std::string(kLimit, 'x')});
    check_reads(frame(1, std::string(kLimit + 1, 'x')), {"!1009"});
    check_reads(frame(1, std::string(kLimit, 'x'), kMore) + frame(0, ""), {"1:" + std::string(kLimit, 'x')});
    check_reads(frame(1, std::string(kLimit, 'x'), kMore) + frame(0, "y"), {"!1009"});
    check_reads(frame(2, std::string(600, 'x'), kMore) + frame(0, std::string(401, 'y')), {"!1009"});
    check_reads(frame(1, ""), {"1:"}, 0);
    check_reads(frame(1, "x"), {"!1009"}, 0);
}

TEST_CASE("too big is known from the header, before mask or payload", "[message_reader]") {
    check_reads("\x82\xfe\x03\xe9"s, {"!1009"});
    check_reads("\x82\xff\0\0\0\0\0\1\0\0"s, {"!1009"});
    check_reads("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"s, {"!1009"});
    check_reads("\x82\xa0"s, {"!1009"}, 31);
}

TEST_CASE("a length near 2^63 cannot wrap around what is there", "[message_reader]") {
    check_reads(frame(2, "abc", kMore) + "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xfd"s, {"!1009"},
                static_cast<std::size_t>(1) << 62);
}

TEST_CASE("text that is not UTF-8 is refused", "[message_reader]") {
    check_reads(frame(1, "\xff"), {"!1007"});
    check_reads(frame(1, "a\xc0\x80"), {"!1007"});
    check_reads(frame(1, "\xed\xa0\x80"), {"!1007"});
    check_reads(frame(1, "cut \xe2\x82"), {"!1007"});
    check_reads(frame(1, "cut \xe2\x82", kMore) + frame(0, ""), {"!1007"});
    check_reads(frame(1, "ok", kMore) + frame(0, "\xff", kMore), {"!1007"});
    check_reads(frame(1, "\xe2", kMore) + frame(0, "x"), {"!1007"});
}

TEST_CASE("a character may be spread over fragments, with control frames between", "[message_reader]") {
    check_reads(frame(1, "\xf0\x9f", kMore) + frame(9, "\xff") + frame(0, "\x98", kMore) + frame(0, "\x80!"),
                {"9:\xff", "1:😀!"});
}

TEST_CASE("wrong text is refused before its frame is whole", "[message_reader]") {
    MessageReader reader(kLimit);
    std::string bytes = frame(1, "\xff" + std::string(500, 'x'));
    std::span<char> in(bytes.data(), 20);
    const auto message = reader.next(in);
    REQUIRE_FALSE(message);
    CHECK(message.error() == CloseCode::kInvalidPayload);
}

TEST_CASE("binary messages need not be UTF-8, not even behind a text", "[message_reader]") {
    check_reads(frame(1, "a", kMore) + frame(0, "b") + frame(2, "\xff", kMore) + frame(0, "\xfe"),
                {"1:ab", "2:\xff\xfe"});
}

TEST_CASE("close codes that may be sent are taken", "[message_reader]") {
    const unsigned code = GENERATE(1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 1012u, 1014u, 3000u,
                                   3999u, 4000u, 4999u);
    std::string bytes = frame(8, close_payload(code, "bye ✓"));
    MessageReader reader(kLimit);
    std::span<char> in(bytes);
    const auto message = reader.next(in);
    REQUIRE((message && *message));
    CHECK((*message)->opcode == Opcode::kClose);
    CHECK(reader.peer_close_code() == code);
}

TEST_CASE("close codes that may not be sent are a protocol error", "[message_reader]") {
    const unsigned code = GENERATE(0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u);
    check_reads(frame(8, close_payload(code)), {"!1002"});
}

TEST_CASE("a close without a code leaves none", "[message_reader]") {
    std::string bytes = frame(8, "");
    MessageReader reader(kLimit);
    std::span<char> in(bytes);
    REQUIRE(reader.next(in));
    CHECK_FALSE(reader.peer_close_code().has_value());
}

TEST_CASE("a close reason must be UTF-8", "[message_reader]") {
    check_reads(frame(8, close_payload(1000, "\xff")), {"!1007"});
    check_reads(frame(8, close_payload(1000, "cut \xc3")), {"!1007"});
    check_reads(frame(8, close_payload(1000, std::string(123, 'x'))),
                {"8:" + close_payload(1000, std::string(123, 'x'))});
}

TEST_CASE("a reader tells what it holds of a message", "[message_reader]") {
    MessageReader reader(1000);
    CHECK(reader.held() == 0);
    const auto feed = [&reader](std::string bytes) {
        std::span<char> in(bytes);
        for (auto message = reader.next(in); message && *message;) message = reader.next(in);
    };
    feed(frame(1, "0123456789").substr(0, 10));
    CHECK(reader.held() == 4);
    feed(frame(1, "0123456789").substr(10) + frame(2, "whole"));
    CHECK(reader.held() == 0);
}

TEST_CASE("no bytes give nothing", "[message_reader]") {
    MessageReader reader(kLimit);
    std::span<char> in;
    const auto message = reader.next(in);
    REQUIRE(message);
    CHECK_FALSE(message->has_value());
}
