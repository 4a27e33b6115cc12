#include "wire.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "histogram.h"
#include "marked_payload.h"

namespace wshub::bench {
namespace {

// A server's frame, unmasked.
std::string frame(Opcode opcode, std::string_view payload, bool fin = true) {
    std::string out(1, static_cast<char>((fin ? 0x80U : 0U) | static_cast<unsigned>(opcode)));
    if (payload.size() < 126) {
        out.push_back(static_cast<char>(payload.size()));
    } else if (payload.size() < 65536) {
        out.push_back(126);
        for (const unsigned shift : {8U, 0U}) out.push_back(static_cast<char>((payload.size() >> shift) & 0xffU));
    } else {
        out.push_back(127);
        for (unsigned shift = 64; shift > 0; shift -= 8) {
            out.push_back(static_cast<char>((payload.size() >> (shift - 8)) & 0xffU));
        }
    }
    return out.append(payload);
}

using Messages = std::vector<std::pair<Opcode, std::string>>;

// Feeds `bytes` in pieces of `step`.
std::pair<bool, Messages> read_all(std::string_view bytes, std::size_t step) {
    FrameReader reader;
    Messages messages;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const bool good = reader.feed(bytes.substr(at, step), [&](Opcode opcode, std::string_view payload) {
            messages.emplace_back(opcode, payload);
            return true;
        });
        if (!good) return {false, messages};
    }
    return {true, messages};
}

TEST_CASE("frames come out the same however the bytes are cut", "[bench]") {
    const std::string middle(300, 'm');
    const std::string big(70'000, 'b');
    const std::string bytes = frame(Opcode::kText, "2") + frame(Opcode::kText, middle) + frame(Opcode::kPing, "p") +
                              frame(Opcode::kText, "frag", false) + frame(Opcode::kPong, "") +
                              frame(Opcode::kContinuation, "ment") + frame(Opcode::kBinary, big);
    const Messages expected{{Opcode::kText, "2"}, {Opcode::kText, middle},     {Opcode::kPing, "p"},
                            {Opcode::kPong, ""},  {Opcode::kText, "fragment"}, {Opcode::kBinary, big}};
    const auto step = GENERATE(std::size_t{1}, 2U, 7U, 4096U, 1'000'000U);
    CHECK(read_all(bytes, step) == std::pair(true, expected));
}

TEST_CASE("a server that breaks the WebSocket protocol is noticed", "[bench]") {
    const auto bytes = GENERATE(std::string("\xC1\x00", 2),                                    // a reserved bit
                                std::string("\x81\x80", 2),                                    // masked
                                std::string("\x83\x00", 2),                                    // a reserved opcode
                                std::string("\x09\x00", 2),                                    // a ping in pieces
                                std::string("\x80\x00", 2),                                    // continues nothing
                                std::string("\x01\x01\x61\x81\x01\x62", 6),                    // a text within a text
                                std::string("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10));  // 2^64-1 bytes
    CHECK_FALSE(read_all(bytes, bytes.size()).first);
}

TEST_CASE("a client's frame is masked and takes the shortest length", "[bench]") {
    auto [size, header] =
        GENERATE(table<std::size_t, std::size_t>({{0, 6}, {125, 6}, {126, 8}, {65535, 8}, {65536, 14}}));
    std::string out;
    append_masked_frame(out, Opcode::kText, std::string(size, 'a'), 0x01020304U);
    REQUIRE(out.size() == header + size);
    CHECK((static_cast<unsigned char>(out[1]) & 0x80U) != 0);
    const std::string_view mask = std::string_view(out).substr(header - 4, 4);
    for (std::size_t i = 0; i < size; ++i) REQUIRE((out[header + i] ^ mask[i % 4]) == 'a');
}

TEST_CASE("an HTTP answer is whole when its body is, and what follows it is kept", "[bench]") {
    const std::string text = "HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nConnection: Close\r\n\r\nhellorest";
    HttpReader reader;
    HttpAnswer answer;
    for (std::size_t i = 0; i + 5 < text.size(); ++i) {
        REQUIRE(reader.feed(text.substr(i, 1), answer) == HttpReader::Step::kNeedMore);
    }
    REQUIRE(reader.feed(text.substr(text.size() - 5), answer) == HttpReader::Step::kAnswer);
    CHECK(answer.status == 200);
    CHECK(answer.body == "hello");
    CHECK_FALSE(answer.keep_alive);
    CHECK(reader.rest() == "rest");
}

TEST_CASE("an HTTP answer without a length or with a bad one is refused", "[bench]") {
    const auto head = GENERATE("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "garbage in here\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n");
    HttpReader reader;
    HttpAnswer answer;
    CHECK(reader.feed(head, answer) == HttpReader::Step::kBroken);
}

TEST_CASE("a marked payload is found behind a sid that looks like one", "[bench]") {
    std::string body = R"(["broadcast",{"from":"w00001.0000000002.xx","data":)";
    append_marked_payload(body, Mark{123, 4'000'000'000U}, 64);
    body += "}]";
    const auto mark = find_marked_payload(body, 64);
    REQUIRE(mark.has_value());
    CHECK(mark->sender == 123);
    CHECK(mark->number == 4'000'000'000U);
}

TEST_CASE("a payload that is not as it was sent is not taken for one", "[bench]") {
    std::string text;
    append_marked_payload(text, Mark{1, 2}, 40);
    CHECK(find_marked_payload(text, 40).has_value());
    CHECK_FALSE(find_marked_payload(text, 41).has_value());
    CHECK_FALSE(find_marked_payload(text.substr(0, text.size() - 1), 40).has_value());
    text[30] = 'y';
    CHECK_FALSE(find_marked_payload(text, 40).has_value());
    CHECK_FALSE(find_marked_payload("", 40).has_value());
}

TEST_CASE("a percentile is right within a thirtieth", "[bench]") {
    Histogram histogram;
    CHECK(histogram.at(0.5).count() == 0);
    for (int i = 1; i <= 100'000; ++i) histogram.add(std::chrono::microseconds(i));
    CHECK(histogram.at(0.50).count() == Approx(50'000'000.0).epsilon(1.0 / 30));
    CHECK(histogram.at(0.99).count() == Approx(99'000'000.0).epsilon(1.0 / 30));
    CHECK(histogram.at(1.0) == histogram.max());
    CHECK(histogram.max() == std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace wshub::bench
