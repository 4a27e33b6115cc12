#include "protocol/engine_packet.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wshub::protocol;
using namespace std::literals;

namespace {

// A payload's packets as "<type>:<data>", binary ones as "b:<data>", errors as "empty" and "unknown".
std::vector<std::string> read(std::string_view payload) {
    std::vector<std::string> out;
    PayloadReader reader(payload);
    while (!reader.at_end()) {
        const auto packet = reader.next();
        if (!packet) {
            out.push_back(packet.error() == EngineError::kEmpty ? "empty" : "unknown");
        } else if (packet->binary) {
            CHECK(packet->type == EngineType::kMessage);
            out.push_back("b:" + std::string(packet->data));
        } else {
            out.push_back(std::to_string(static_cast<int>(packet->type)) + ":" + std::string(packet->data));
        }
    }
    return out;
}

using Packets = std::vector<std::string>;

}  // namespace

TEST_CASE("a text packet is a digit and its data", "[engine_packet]") {
    const auto [text, type, data] = GENERATE(table<std::string_view, EngineType, std::string_view>({
        {"0{}", EngineType::kOpen, "{}"},
        {"1", EngineType::kClose, ""},
        {"2", EngineType::kPing, ""},
        {"2probe", EngineType::kPing, "probe"},
        {"3probe", EngineType::kPong, "probe"},
        {"4hello", EngineType::kMessage, "hello"},
        {"4", EngineType::kMessage, ""},
        {"44", EngineType::kMessage, "4"},
        {"5", EngineType::kUpgrade, ""},
        {"6", EngineType::kNoop, ""},
        {"4a\x1e"
         "b",
         EngineType::kMessage,
         "a\x1e"
         "b"},
    }));
    const auto packet = decode_engine_text(text);
    REQUIRE(packet);
    CHECK(packet->type == type);
    CHECK(packet->data == data);
    CHECK_FALSE(packet->binary);
}

TEST_CASE("a text packet of no known type is refused", "[engine_packet]") {
    CHECK(decode_engine_text("").error() == EngineError::kEmpty);
    const std::string_view text = GENERATE(values<std::string_view>(
        {"7"sv, "9"sv, "a"sv, "b"sv, "bAQID"sv, " 4"sv, "-1"sv, "/"sv, ":"sv, "\0"sv, "\xff"sv, "\x1e"sv}));
    CHECK(decode_engine_text(text).error() == EngineError::kUnknownType);
}

TEST_CASE("a payload is walked packet by packet", "[engine_packet]") {
    CHECK(read("4hello") == Packets{"4:hello"});
    CHECK(read("4hello\x1e"
               "2\x1e"
               "4world") == Packets{"4:hello", "2:", "4:world"});
    CHECK(read("4hello\x1e"
               "bAQIDBA==") == Packets{"4:hello", "b:AQIDBA=="});
    CHECK(read("b\x1e"
               "b") == Packets{"b:", "b:"});
    CHECK(read("1\x1e"
               "6") == Packets{"1:", "6:"});
}

TEST_CASE("an empty packet in a payload is an error, wherever it stands", "[engine_packet]") {
    CHECK(read("") == Packets{"empty"});
    CHECK(read("\x1e") == Packets{"empty", "empty"});
    CHECK(read("4a\x1e") == Packets{"4:a", "empty"});
    CHECK(read("\x1e"
               "4a") == Packets{"empty", "4:a"});
    CHECK(read("4a\x1e\x1e"
               "4b") == Packets{"4:a", "empty", "4:b"});
}

TEST_CASE("an unknown packet in a payload is an error", "[engine_packet]") {
    CHECK(read("4a\x1e"
               "x") == Packets{"4:a", "unknown"});
    CHECK(read("garbage") == Packets{"unknown"});
}

TEST_CASE("a payload of a million packets is walked to its end", "[engine_packet]") {
    std::string payload(2'000'000, '\x1e');
    for (std::size_t i = 0; i < payload.size(); i += 2) payload[i] = '2';
    payload.pop_back();
    std::size_t packets = 0;
    for (PayloadReader reader(payload); !reader.at_end(); ++packets) {
        if (!reader.next()) break;
    }
    CHECK(packets == 1'000'000);
}

TEST_CASE("the open packet is written as the protocol document shows it", "[engine_packet]") {
    CHECK(encode_open({"yA-DhKwt8s-fTtWDAAAA", true, 25000, 20000, 1000000}) ==
          R"(0{"sid":"yA-DhKwt8s-fTtWDAAAA","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,)"
          R"("maxPayload":1000000})");
    CHECK(encode_open({"x", false, 300, 200, 1}) ==
          R"(0{"sid":"x","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1})");
}
