#include "net/held_bytes.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace wshub;

namespace {

protocol::IpAddress at(const char* text) {
    return *protocol::IpAddress::parse(text);
}

}  // namespace

TEST_CASE("what is held stays within the sum", "[held]") {
    net::HeldBytes held(100, 100);
    CHECK(held.reserve(60));
    CHECK_FALSE(held.reserve(41));
    CHECK(held.reserve(40));
    held.release(60);
    CHECK(held.reserve(60));
}

TEST_CASE("each client has its share, and gives it back", "[held]") {
    net::HeldBytes held(1000, 100);
    CHECK(held.reserve_share(at("192.0.2.1"), 100));
    CHECK_FALSE(held.reserve_share(at("192.0.2.1"), 1));
    CHECK(held.reserve_share(at("192.0.2.1"), 0));
    CHECK(held.reserve_share(at("192.0.2.2"), 100));
    CHECK_FALSE(held.reserve_share(at("192.0.2.3"), 101));
    held.release_share(at("192.0.2.1"), 60);
    CHECK(held.reserve_share(at("192.0.2.1"), 60));
    held.release_share(at("192.0.2.1"), 100);
    CHECK(held.reserve_share(at("192.0.2.1"), 100));
}

TEST_CASE("for a client all or nothing is held", "[held]") {
    net::HeldBytes held(100, 60);
    CHECK(held.reserve_for(at("192.0.2.1"), 60));
    CHECK_FALSE(held.reserve_for(at("192.0.2.1"), 1));   // above its share
    CHECK_FALSE(held.reserve_for(at("192.0.2.2"), 41));  // above the sum
    CHECK(held.reserve_for(at("192.0.2.2"), 40));
    held.release_for(at("192.0.2.1"), 60);
    CHECK(held.reserve_for(at("192.0.2.2"), 20));
    CHECK(held.reserve_for(at("192.0.2.1"), 40));
}

TEST_CASE("shares keep their sums under many threads", "[held]") {
    net::HeldBytes held(1000, 1000);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&held, i] {
            const auto own = at(i % 2 == 0 ? "192.0.2.1" : "2001:db8::1");
            for (int round = 0; round < 2000; ++round) {
                if (held.reserve_share(own, 300)) held.release_share(own, 300);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(held.reserve_share(at("192.0.2.1"), 1000));
    CHECK(held.reserve_share(at("2001:db8::1"), 1000));
}
