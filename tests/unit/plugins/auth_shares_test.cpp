#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "auth/shares.h"

using auth::network_of;
using auth::Shares;

TEST_CASE("one asker alone may take all places") {
    Shares shares(3);
    for (int i = 0; i < 3; ++i) CHECK(shares.take("a").given);
    CHECK_FALSE(shares.take("a").given);
    shares.give_back("a");
    const Shares::Place again = shares.take("a");
    CHECK(again.given);
    CHECK(again.instead_of.empty());
}

TEST_CASE("a newcomer is given a place of whoever holds the most") {
    Shares shares(4);
    for (int i = 0; i < 3; ++i) shares.take("many");
    shares.take("one");
    const Shares::Place place = shares.take("new");
    CHECK(place.given);
    CHECK(place.instead_of == "many");
    CHECK(shares.taken() == 5);
    CHECK(shares.must_leave("many"));
    shares.give_back("many");
    CHECK(shares.taken() == 4);
    CHECK_FALSE(shares.must_leave("many"));
}

TEST_CASE("nobody is put out for one who would hold as many") {
    Shares shares(2);
    shares.take("a");
    shares.take("b");
    CHECK_FALSE(shares.take("c").given);
    CHECK_FALSE(shares.take("a").given);
}

TEST_CASE("a place that is to be left anyway counts no longer") {
    Shares shares(3);
    for (int i = 0; i < 3; ++i) shares.take("many");
    CHECK(shares.take("b").instead_of == "many");
    // "many" keeps two, "b" has one: the next newcomer takes one of two, the one after it nothing.
    CHECK(shares.take("c").instead_of == "many");
    CHECK_FALSE(shares.take("d").given);
}

TEST_CASE("what ends by itself need not be made to leave") {
    Shares shares(2);
    shares.take("a");
    shares.take("a");
    CHECK(shares.take("b").instead_of == "a");
    CHECK(shares.must_leave("a"));
    shares.give_back("a");
    CHECK_FALSE(shares.must_leave("a"));
    CHECK(shares.taken() == 2);
}

TEST_CASE("whatever is taken and given back, the places stay within their number and shares are even") {
    constexpr std::size_t kMost = 8;
    std::minstd_rand random(7);
    Shares shares(kMost);
    std::map<std::string, std::size_t> held;
    for (int step = 0; step < 20'000; ++step) {
        const std::string asker(1, static_cast<char>('a' + random() % 12));
        if (random() % 3 == 0) {
            if (held[asker] == 0) continue;
            --held[asker];
            shares.give_back(asker);
            continue;
        }
        const Shares::Place place = shares.take(asker);
        if (!place.given) continue;
        ++held[asker];
        if (place.instead_of.empty()) continue;
        REQUIRE(held[place.instead_of] >= held[asker]);
        REQUIRE(shares.must_leave(place.instead_of));
        --held[place.instead_of];
        shares.give_back(place.instead_of);
        REQUIRE(shares.taken() <= kMost);
    }
}

TEST_CASE("the network of an address is what one user has") {
    CHECK(network_of("192.0.2.7") == "192.0.2.7");
    CHECK(network_of("2001:db8:1:2::7") == network_of("2001:db8:1:2:ffff::1"));
    CHECK(network_of("2001:db8:1:2::7") != network_of("2001:db8:1:3::7"));
    CHECK(network_of("fe80::1%eth0") == network_of("fe80::2"));
    CHECK(network_of("") == "");
}
