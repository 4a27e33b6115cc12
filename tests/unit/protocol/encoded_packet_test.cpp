#include "protocol/encoded_packet.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "protocol/base64.h"

using namespace wshub::protocol;
using namespace std::literals;

namespace {

std::string polled(const EncodedPacket& packet) {
    std::string out = "before";
    packet.append_polling(out);
    return out.substr(6);
}

}  // namespace

TEST_CASE("a text packet is its frame, and its payload alone over polling", "[encoded_packet]") {
    const PacketRef packet = EncodedPacket::text("4hello");
    CHECK_FALSE(packet->is_binary());
    CHECK(packet->frame() ==
          "\x81\x06"
          "4hello");
    CHECK(packet->payload() == "4hello");
    CHECK(packet->polling_size() == 6);
    CHECK(polled(*packet) == "4hello");
}

TEST_CASE("a binary packet is its frame, and base64 over polling", "[encoded_packet]") {
    const PacketRef packet = EncodedPacket::binary("\1\2\3\4");
    CHECK(packet->is_binary());
    CHECK(packet->frame() == "\x82\x04\1\2\3\4");
    CHECK(packet->payload() == "\1\2\3\4");
    CHECK(packet->polling_size() == 9);
    CHECK(polled(*packet) == "bAQIDBA==");
}

TEST_CASE("a packet of any size knows its three forms", "[encoded_packet]") {
    const auto [size, header] = GENERATE(table<std::size_t, std::size_t>(
        {{0, 2}, {1, 2}, {2, 2}, {3, 2}, {125, 2}, {126, 4}, {127, 4}, {65535, 4}, {65536, 10}, {100000, 10}}));
    const std::string bytes(size, 'x');
    for (const PacketRef& packet : {EncodedPacket::text(bytes), EncodedPacket::binary(bytes)}) {
        CHECK(packet->frame().size() == header + size);
        CHECK(packet->frame().substr(header) == bytes);
        CHECK(packet->payload() == bytes);
        CHECK(polled(*packet).size() == packet->polling_size());
    }
}

TEST_CASE("a packet built in place is the same, however wrong the guess of its size", "[encoded_packet]") {
    const std::size_t guess = GENERATE(0u, 5u, 1000u, 100'000u);
    // The larger ones are not copied any more.
    const std::size_t size = GENERATE(0u, 1u, 124u, 125u, 200u, 16'383u, 16'384u, 65'534u, 65'535u, 100'000u);
    const std::string payload = "4" + std::string(size, 'y');
    EncodedPacket::Builder builder(guess), inner(guess);
    inner.bytes() += "4other";
    builder.bytes() += "4";
    const PacketRef other = inner.text();
    builder.bytes() += std::string(size, 'y');
    const PacketRef packet = builder.text();
    CHECK(packet->frame() == EncodedPacket::text(payload)->frame());
    CHECK(packet->payload() == payload);
    CHECK(other->payload() == "4other");
}

TEST_CASE("a packet outlives what it was made of, and the thread that made it", "[encoded_packet]") {
    PacketRef small, large, view;
    std::thread([&] {
        const auto built = [](const std::string& payload) {
            EncodedPacket::Builder builder(payload.size());
            builder.bytes() += payload;
            return builder.binary();
        };
        small = built("small");
        large = built(std::string(50'000, 'z'));
        view = EncodedPacket::binary(std::string(50'000, 'v'));
        built("overwritten");
    }).join();
    CHECK(small->payload() == "small");
    CHECK(large->payload() == std::string(50'000, 'z'));
    CHECK(view->payload() == std::string(50'000, 'v'));
}
