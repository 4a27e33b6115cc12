#include "hub/users.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using wshub::hub::Users;

TEST_CASE("a name belongs to one socket of a namespace until it is released", "[users]") {
    Users users;
    CHECK(users.claim(0, "ann", 11));
    CHECK_FALSE(users.claim(0, "ann", 12));
    CHECK(users.claim(1, "ann", 12));
    CHECK(users.find(0, "ann") == 11);
    CHECK(users.find(1, "ann") == 12);
    users.release(0, "ann", 12);  // not theirs
    CHECK(users.find(0, "ann") == 11);
    users.release(0, "ann", 11);
    CHECK(users.find(0, "ann") == 0);
    CHECK(users.claim(0, "ann", 12));
}

TEST_CASE("a name that is claimed twice by its owner is free after two releases", "[users]") {
    Users users;
    CHECK(users.claim(0, "ann", 11));
    CHECK(users.claim(0, "ann", 11));
    users.release(0, "ann", 11);
    CHECK_FALSE(users.claim(0, "ann", 12));
    users.release(0, "ann", 11);
    CHECK(users.claim(0, "ann", 12));
}

TEST_CASE("a retired name is found no more, but is not free", "[users]") {
    Users users;
    CHECK(users.claim(0, "ann", 11));
    users.retire(0, "ann", 11);
    CHECK(users.find(0, "ann") == 0);
    CHECK_FALSE(users.claim(0, "ann", 12));
    users.release(0, "ann", 11);
    CHECK(users.claim(0, "ann", 12));
    CHECK(users.find(0, "ann") == 12);
}

TEST_CASE("of claims that race exactly one wins", "[users]") {
    Users users;
    for (int round = 0; round < 200; ++round) {
        const std::string name = "name" + std::to_string(round);
        std::atomic<int> won{0}, ready{0};
        std::vector<std::thread> threads;
        for (unsigned i = 1; i <= 4; ++i) {
            threads.emplace_back([&, i] {
                ++ready;
                while (ready < 4) std::this_thread::yield();
                if (users.claim(0, name, i)) ++won;
            });
        }
        for (std::thread& thread : threads) thread.join();
        REQUIRE(won == 1);
    }
}
