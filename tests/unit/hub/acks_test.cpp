#include "hub/acks.h"

#include <catch2/catch.hpp>

using namespace wshub::hub;

TEST_CASE("an ack that nobody answered is owed when its handlers are done", "[acks]") {
    Acks acks(0);
    const AckHandle ack = acks.open(5, 12);
    const auto owed = acks.settle(ack);
    REQUIRE(owed);
    CHECK(owed->socket == 5);
    CHECK(owed->id == 12);
    CHECK(acks.take(ack) == HubError::kNoSuchAck);
}

TEST_CASE("the first answer counts", "[acks]") {
    Acks acks(0);
    const AckHandle ack = acks.open(5, 12);
    CHECK(acks.take(ack) == HubError::kNone);
    CHECK(acks.take(ack) == HubError::kAlreadyAcked);
    CHECK_FALSE(acks.settle(ack));
    CHECK(acks.take(ack) == HubError::kNoSuchAck);
}

TEST_CASE("a kept ack outlives its handlers and is answered once", "[acks]") {
    Acks acks(0);
    KeptAcks kept;
    const AckHandle ack = acks.open(5, 12);
    CHECK(acks.keep(ack, kept) == HubError::kNone);
    CHECK(acks.keep(ack, kept) == HubError::kNone);
    CHECK_FALSE(acks.settle(ack));
    CHECK(acks.take(ack) == HubError::kNone);
    CHECK(acks.take(ack) == HubError::kNoSuchAck);
    CHECK(kept.first == 0);
}

TEST_CASE("a kept ack that is answered by its own handler is gone afterwards", "[acks]") {
    Acks acks(0);
    KeptAcks kept;
    const AckHandle ack = acks.open(5, 12);
    acks.keep(ack, kept);
    CHECK(acks.take(ack) == HubError::kNone);
    CHECK_FALSE(acks.settle(ack));
    CHECK(acks.find(ack) == nullptr);
    CHECK(kept.first == 0);
}

TEST_CASE("kept acks go with their socket, in whatever order they were answered", "[acks]") {
    Acks acks(0);
    KeptAcks kept;
    std::vector<AckHandle> handles;
    for (std::uint64_t i = 0; i < 5; ++i) {
        handles.push_back(acks.open(5, i));
        acks.keep(handles.back(), kept);
        acks.settle(handles.back());
    }
    const auto answered = GENERATE(0u, 2u, 4u);
    CHECK(acks.take(handles[answered]) == HubError::kNone);
    acks.drop(kept);
    for (const AckHandle ack : handles) CHECK(acks.find(ack) == nullptr);
    CHECK(kept.first == 0);
}

TEST_CASE("an ack whose socket goes while the handler runs is not owed", "[acks]") {
    Acks acks(0);
    KeptAcks kept;
    const AckHandle ack = acks.open(5, 12);
    acks.keep(ack, kept);
    acks.drop(kept);
    CHECK_FALSE(acks.settle(ack));
    CHECK(acks.take(ack) == HubError::kNoSuchAck);
}
