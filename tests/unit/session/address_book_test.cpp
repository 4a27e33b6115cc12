#include "session/address_book.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace wshub;
using namespace std::chrono_literals;
using session::AddressBook;
using session::AddressLimits;

namespace {

AddressLimits slow_connects() {
    AddressLimits limits;
    limits.connects = {1, 2};
    return limits;
}

}  // namespace

TEST_CASE("without a limit on addresses the book stays empty", "[address_book]") {
    const AddressLimits limits;
    AddressBook book(limits);
    const auto entry = book.find("192.0.2.1", base::ManualClock().steady());
    CHECK_FALSE(entry);
    CHECK(entry.get() == nullptr);
    CHECK(book.size() == 0);
}

TEST_CASE("who counts as one client", "[address_book]") {
    const auto [one, other, same] = GENERATE(table<std::string, std::string, bool>({
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
        {"2001:db8:0:1::1", "2001:db8:0:2::1", false},
        {"fe80::1%eth0", "fe80::2", true},
        {"somebody", "somebody else", true},
        {"somebody", "192.0.2.1", false},
    }));
    const AddressLimits limits = slow_connects();
    AddressBook book(limits);
    const auto now = base::ManualClock().steady();
    const auto first = book.find(one, now);
    const auto second = book.find(other, now);
    CHECK((first.get() == second.get()) == same);
    CHECK(book.size() == (same ? 1 : 2));
}

TEST_CASE("an entry that nobody holds is kept until its buckets are full again", "[address_book]") {
    base::ManualClock clock;
    AddressLimits limits;
    limits.connects = {1, 2};
    limits.events = {1, 10};
    AddressBook book(limits);
    { CHECK(book.find("192.0.2.1", clock.steady())->take_connect(clock.steady())); }
    {
        const auto again = book.find("192.0.2.1", clock.steady());
        CHECK(again->take_connect(clock.steady()));
        CHECK_FALSE(again->take_connect(clock.steady()));
        for (int i = 0; i < 5; ++i) CHECK(again->take_event(clock.steady()));
    }
    clock.advance(4s);  // the connects are back, the events are not
    {
        const auto again = book.find("192.0.2.1", clock.steady());
        int left = 0;
        while (again->take_event(clock.steady())) ++left;
        CHECK(left == 9);
    }
    clock.advance(20s);
    CHECK(book.size() == 1);
    // Any look-up at the same shelf clears it away; this one makes it anew.
    const auto anew = book.find("192.0.2.1", clock.steady());
    CHECK(book.size() == 1);
}

TEST_CASE("however many addresses come and go, few are kept", "[address_book]") {
    base::ManualClock clock;
    const AddressLimits limits = slow_connects();
    AddressBook book(limits);
    const auto held = book.find("10.255.255.255", clock.steady());
    std::size_t most = 0;
    for (int i = 0; i < 50'000; ++i) {
        const std::string remote =
            "10." + std::to_string(i >> 16) + "." + std::to_string((i >> 8) & 255) + "." + std::to_string(i & 255);
        book.find(remote, clock.steady())->take_connect(clock.steady());
        clock.advance(1ms);
        most = std::max(most, book.size());
    }
    // Each one's buckets are full after a second, which is a thousand others.
    CHECK(most < 3'000);
    CHECK(book.find("10.255.255.255", clock.steady()).get() == held.get());
}

TEST_CASE("many threads may come and go at one address", "[address_book]") {
    AddressLimits limits;
    limits.max_sessions = 1;
    AddressBook book(limits);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&book, i] {
            const base::ManualClock clock;
            for (int k = 0; k < 5'000; ++k) {
                const auto entry = book.find("192.0.2." + std::to_string((k + i) % 3), clock.steady());
                entry->add_session();
                entry->remove_session();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(book.size() <= 3);
    CHECK(book.find("192.0.2.0", base::ManualClock().steady())->add_session() == 1);
}
