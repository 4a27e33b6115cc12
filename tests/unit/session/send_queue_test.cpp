#include "session/send_queue.h"

#include <array>
#include <catch2/catch.hpp>
#include <random>

using namespace wshub::session;
using wshub::protocol::EncodedPacket;

namespace {

std::string take(SendQueue& queue, std::size_t most, std::size_t pieces, std::size_t joined = 0) {
    std::vector<iovec> room(pieces);
    std::vector<char> room_for_joined(joined);
    const std::size_t filled = queue.gather(room, room_for_joined);
    std::string all;
    for (std::size_t i = 0; i < filled; ++i) all.append(static_cast<const char*>(room[i].iov_base), room[i].iov_len);
    all.resize(std::min(most, all.size()));
    queue.sent(all.size());
    return all;
}

}  // namespace

TEST_CASE("a queue gives out each byte once and in order, however it is taken", "[send_queue]") {
    const std::size_t most = GENERATE(1u, 2u, 3u, 7u, 64u, 100000u);
    const std::size_t pieces = GENERATE(1u, 2u, 1024u);
    const std::size_t joined = GENERATE(0u, 10u, 100u, 100000u);
    SendQueue queue;
    std::string expected;
    for (int i = 0; i < 200; ++i) {
        const auto packet = EncodedPacket::text(
            "4" + std::string(i % 7 == 6 ? 600u : static_cast<std::size_t>(i % 5), 'x') + std::to_string(i));
        expected += packet->frame();
        queue.push(packet);
    }
    CHECK(queue.bytes() == expected.size());
    CHECK(queue.cost() == expected.size() + 200 * SendQueue::kEntryCost);
    std::string got;
    while (!queue.empty()) {
        got += take(queue, most, pieces, joined);
        REQUIRE(queue.bytes() == expected.size() - got.size());
    }
    CHECK(got == expected);
    CHECK(queue.size() == 0);
}

TEST_CASE("small frames that follow each other are one piece, others are pointed at", "[send_queue]") {
    SendQueue queue;
    std::vector<iovec> pieces(8);
    std::vector<char> joined(64);
    const auto push = [&queue](std::size_t size) {
        const auto packet = EncodedPacket::text(std::string(size, 'x'));
        queue.push(packet);
        return packet;
    };
    const auto points_at = [&](std::size_t piece, const auto& packet) {
        return pieces[piece].iov_base == packet->frame().data() && pieces[piece].iov_len == packet->frame().size();
    };
    const auto alone = push(4);
    REQUIRE(queue.gather(pieces, joined) == 1);
    CHECK(points_at(0, alone));
    push(8);
    const auto large = push(600);
    push(18);
    push(18);
    const auto no_room = push(18);
    REQUIRE(queue.gather(pieces, joined) == 4);
    CHECK(pieces[0].iov_base == joined.data());
    CHECK(pieces[0].iov_len == 6 + 10);
    CHECK(points_at(1, large));
    CHECK(pieces[2].iov_base == joined.data() + 16);
    CHECK(pieces[2].iov_len == 20 + 20);
    CHECK(points_at(3, no_room));
    SECTION("the first one, sent in part, with what is left of it") {
        queue.sent(1);
        REQUIRE(queue.gather(pieces, joined) == 4);
        CHECK(pieces[0].iov_len == 5 + 10);
    }
    SECTION("no more pieces than there is room for") {
        CHECK(queue.gather(std::span(pieces).first(1), joined) == 1);
        CHECK(pieces[0].iov_len == 16);
    }
}

TEST_CASE("the packets that a write completes are counted once", "[send_queue]") {
    SendQueue queue;
    for (int i = 0; i < 3; ++i) queue.push(EncodedPacket::text("4abc"));  // frames of 6 bytes
    CHECK(queue.sent(5) == 0);
    CHECK(queue.sent(1) == 1);
    CHECK(queue.sent(12) == 2);
    CHECK(queue.empty());
}

TEST_CASE("of a frame that was sent in part the rest is kept when the others are dropped", "[send_queue]") {
    SendQueue queue;
    queue.push(EncodedPacket::text("4first"));
    queue.push(EncodedPacket::text("4second"));
    SECTION("in part") {
        queue.sent(4);
        queue.drop_unstarted();
        CHECK(queue.size() == 1);
        CHECK(queue.bytes() == 4);
        CHECK(queue.take_rest() == "irst");
    }
    SECTION("not at all") {
        queue.drop_unstarted();
        CHECK(queue.take_rest().empty());
    }
    SECTION("whole") {
        queue.sent(8);
        queue.drop_unstarted();
        CHECK(queue.take_rest().empty());
    }
    CHECK(queue.empty());
    CHECK(queue.bytes() == 0);
    queue.push(EncodedPacket::text("4again"));
    CHECK(take(queue, 100, 8) == EncodedPacket::text("4again")->frame());
}

TEST_CASE("whole packets can be taken from the front", "[send_queue]") {
    SendQueue queue;
    queue.push(EncodedPacket::text("4a"));
    queue.push(EncodedPacket::binary("b"));
    CHECK(queue.front()->payload() == "4a");
    CHECK(queue.pop()->payload() == "4a");
    CHECK(queue.bytes() == 3);
    CHECK(queue.pop()->payload() == "b");
    CHECK(queue.empty());
}

TEST_CASE("a queue that never runs empty gives its used places back", "[send_queue]") {
    SendQueue queue;
    const auto packet = EncodedPacket::text("4x");
    queue.push(packet);
    for (int i = 0; i < 100000; ++i) {
        queue.push(packet);
        queue.sent(packet->frame().size());
    }
    CHECK(queue.size() == 1);
    // Two: ours and the queue's one entry.
    CHECK(packet.use_count() == 2);
}
