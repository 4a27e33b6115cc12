#include "hub/followers.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace wshub::hub;
using Sockets = std::vector<SocketHandle>;

namespace {

Sockets sorted(Sockets sockets) {
    std::sort(sockets.begin(), sockets.end());
    return sockets;
}

}  // namespace

TEST_CASE("followers are found by the name that they follow", "[followers]") {
    Followers followers;
    Followers::Following one, two, elsewhere;
    followers.follow(0, 1, one, {"ann", "bob"});
    followers.follow(0, 2, two, {"ann"});
    followers.follow(1, 3, elsewhere, {"ann"});
    CHECK(sorted(followers.find(0, "ann")) == Sockets{1, 2});
    CHECK(followers.find(0, "bob") == Sockets{1});
    CHECK(followers.find(1, "ann") == Sockets{3});
    CHECK(followers.find(0, "cat").empty());
    followers.follow_nobody(one);
    followers.follow_nobody(two);
    followers.follow_nobody(elsewhere);
}

TEST_CASE("a name that is given twice counts once", "[followers]") {
    Followers followers;
    Followers::Following one;
    followers.follow(0, 1, one, {"ann", "bob", "ann", "ann"});
    CHECK(followers.find(0, "ann") == Sockets{1});
    followers.follow_nobody(one);
    CHECK(followers.find(0, "ann").empty());
}

TEST_CASE("new names take the place of the old ones", "[followers]") {
    Followers followers;
    Followers::Following one;
    followers.follow(0, 1, one, {"ann", "bob", "cat"});
    followers.follow(0, 1, one, {"dan", "bob", "abe"});
    CHECK(followers.find(0, "ann").empty());
    CHECK(followers.find(0, "cat").empty());
    for (const char* const name : {"abe", "bob", "dan"}) CHECK(followers.find(0, name) == Sockets{1});
    followers.follow(0, 1, one, {});
    CHECK(one.empty());
    CHECK(followers.find(0, "bob").empty());
}

TEST_CASE("a name that stays is followed all along", "[followers]") {
    Followers followers;
    Followers::Following one;
    followers.follow(0, 1, one, {"m"});
    std::atomic<bool> done{false};
    std::thread changing([&] {
        for (int i = 0; i < 2000; ++i) followers.follow(0, 1, one, {"m", i % 2 == 0 ? "a" : "z"});
        done = true;
    });
    bool always = true;
    while (!done) always = always && followers.find(0, "m") == Sockets{1};
    changing.join();
    CHECK(always);
    followers.follow_nobody(one);
}

TEST_CASE("sockets that follow and go in many threads leave nothing behind", "[followers]") {
    Followers followers;
    std::vector<std::thread> threads;
    for (unsigned thread = 1; thread <= 4; ++thread) {
        threads.emplace_back([&, thread] {
            Followers::Following own;
            for (unsigned i = 0; i < 500; ++i) {
                std::vector<std::string> names;
                for (unsigned name = 0; name < 8; ++name) {
                    if ((i * thread + name) % 3 != 0) names.push_back("name" + std::to_string(name));
                }
                followers.follow(0, thread, own, names);
                followers.find(0, "name" + std::to_string(i % 8));
            }
            followers.follow_nobody(own);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (unsigned name = 0; name < 8; ++name) CHECK(followers.find(0, "name" + std::to_string(name)).empty());
}
