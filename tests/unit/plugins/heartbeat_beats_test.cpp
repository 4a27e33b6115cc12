#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "heartbeat/beats.h"

using namespace heartbeat;
using namespace std::chrono_literals;

namespace {

constexpr Beats::Client kAlice = 1, kBob = 2;

// Ids in a row, so that tests can tell them apart.
Uuid uuid(std::uint8_t number) {
    Uuid id;
    id.bytes[15] = number;
    return id;
}

// A ring that tells what happens to its clients, step by step.
class Ring {
public:
    Ring(std::size_t slots, std::uint64_t patience) : beats({1ms, slots, patience}) {}

    // The steps until this client's next heartbeat, and its id.
    Uuid next_of(Beats::Client client, std::vector<std::uint32_t>* missed = nullptr) {
        for (;;) {
            const Beats::Step step = advance(missed);
            for (const auto& sent : step.sent) {
                if (sent.client == client) return sent.id;
            }
        }
    }
    Beats::Step advance(std::vector<std::uint32_t>* missed = nullptr) {
        Beats::Step step = beats.advance([this] { return uuid(++last_); });
        ++steps;
        if (missed) {
            for (const auto& each : step.missed) missed->push_back(each.in_a_row);
        }
        return step;
    }

    Beats beats;
    unsigned steps = 0;

private:
    std::uint8_t last_ = 0;
};

}  // namespace

TEST_CASE("the slots of a rhythm are the interval, and its patience is at least the timeout", "[heartbeat]") {
    const auto [interval, timeout] =
        GENERATE(table<std::chrono::milliseconds, std::chrono::milliseconds>({{30s, 5s},
                                                                              {1s, 5s},
                                                                              {50ms, 20ms},
                                                                              {20ms, 1h},
                                                                              {1ms, 1ms},
                                                                              {7ms, 3ms},
                                                                              {1h, 1ms},
                                                                              {1h, 1h},
                                                                              {12345ms, 6789ms}}));
    const Rhythm rhythm = rhythm_of(interval, timeout);
    CAPTURE(interval.count(), timeout.count(), rhythm.step.count(), rhythm.slots, rhythm.patience);
    REQUIRE(rhythm.slots >= 1);
    CHECK(rhythm.step <= 110ms);
    CHECK(rhythm.step * static_cast<std::int64_t>(rhythm.slots) <= interval);
    CHECK(rhythm.step * static_cast<std::int64_t>(rhythm.slots) > interval - 1ms);
    CHECK(rhythm.step * static_cast<std::int64_t>(rhythm.patience) >= timeout + rhythm.step);
    CHECK(rhythm.step * static_cast<std::int64_t>(rhythm.patience) < timeout + 2 * rhythm.step);
}

TEST_CASE("an interval of a second or more is cut into 64 parts or more", "[heartbeat]") {
    const auto interval = GENERATE(1000ms, 2500ms, 30'000ms, 3'600'000ms);
    CHECK(rhythm_of(interval, 5s).slots >= 64);
}

TEST_CASE("a client gets a heartbeat after 1 to an interval's steps, and then each interval", "[heartbeat]") {
    const auto random = GENERATE(range(0, 10));
    Ring ring(10, 3);
    for (int i = 0; i < 4; ++i) ring.advance();
    ring.beats.add(kAlice, static_cast<std::uint64_t>(random));
    const unsigned before = ring.steps;
    ring.next_of(kAlice);
    const unsigned first = ring.steps - before;
    CHECK(first >= 1);
    CHECK(first <= 10);
    for (int i = 0; i < 3; ++i) {
        const unsigned last = ring.steps;
        ring.next_of(kAlice);
        CHECK(ring.steps - last == 10);
    }
}

TEST_CASE("clients are spread over the interval as chance has it", "[heartbeat]") {
    Ring ring(10, 3);
    for (Beats::Client client = 0; client < 100; ++client) ring.beats.add(client, client);
    std::set<Beats::Client> seen;
    for (int i = 0; i < 10; ++i) {
        const Beats::Step step = ring.advance();
        CHECK(step.sent.size() == 10);
        for (const auto& sent : step.sent) CHECK(seen.insert(sent.client).second);
    }
    CHECK(seen.size() == 100);
}

TEST_CASE("who answers in time misses nothing", "[heartbeat]") {
    Ring ring(5, 3);
    std::vector<std::uint32_t> missed;
    ring.beats.add(kAlice, 0);
    for (int i = 0; i < 10; ++i) {
        const Uuid id = ring.next_of(kAlice, &missed);
        ring.advance(&missed);
        ring.advance(&missed);
        CHECK(ring.beats.acknowledge(kAlice, id));
        CHECK_FALSE(ring.beats.acknowledge(kAlice, id));
    }
    CHECK(missed.empty());
}

TEST_CASE("a heartbeat is missed when the patience is over, and can be answered until then", "[heartbeat]") {
    Ring ring(10, 3);
    ring.beats.add(kAlice, 0);
    const Uuid id = ring.next_of(kAlice);
    CHECK(ring.advance().missed.empty());
    CHECK(ring.advance().missed.empty());
    const Beats::Step step = ring.advance();
    REQUIRE(step.missed.size() == 1);
    CHECK(step.missed[0].client == kAlice);
    CHECK(step.missed[0].in_a_row == 1);
    CHECK_FALSE(ring.beats.acknowledge(kAlice, id));
}

TEST_CASE("misses are counted in a row, and an answer begins anew", "[heartbeat]") {
    Ring ring(5, 3);
    std::vector<std::uint32_t> missed;
    ring.beats.add(kAlice, 0);
    for (int i = 0; i < 3; ++i) ring.next_of(kAlice, &missed);
    CHECK(ring.beats.acknowledge(kAlice, ring.next_of(kAlice, &missed)));
    CHECK(missed == std::vector<std::uint32_t>{1, 2, 3});
    missed.clear();
    for (int i = 0; i < 3; ++i) ring.next_of(kAlice, &missed);
    CHECK(missed == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("a late answer does not begin anew", "[heartbeat]") {
    Ring ring(5, 3);
    std::vector<std::uint32_t> missed;
    ring.beats.add(kAlice, 0);
    for (int i = 0; i < 3; ++i) {
        const Uuid id = ring.next_of(kAlice, &missed);
        for (int late = 0; late < 3; ++late) ring.advance(&missed);
        CHECK_FALSE(ring.beats.acknowledge(kAlice, id));
    }
    CHECK(missed == std::vector<std::uint32_t>{1, 2, 3});
}

TEST_CASE("a timeout longer than the interval leaves each heartbeat its own time", "[heartbeat]") {
    Ring ring(2, 7);  // four are out at a time
    std::vector<std::uint32_t> missed;
    ring.beats.add(kAlice, 0);
    std::vector<Uuid> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(ring.next_of(kAlice, &missed));

    SECTION("all can be answered, in any order") {
        for (const int i : {2, 0, 1}) CHECK(ring.beats.acknowledge(kAlice, ids[static_cast<std::size_t>(i)]));
        for (int i = 0; i < 3; ++i) ring.beats.acknowledge(kAlice, ring.next_of(kAlice, &missed));
        CHECK(missed.empty());
    }
    SECTION("the answer to a later one does not answer for an earlier one") {
        CHECK(ring.beats.acknowledge(kAlice, ids[1]));
        CHECK(ring.beats.acknowledge(kAlice, ids[2]));
        for (int i = 0; i < 6; ++i) CHECK(ring.beats.acknowledge(kAlice, ring.next_of(kAlice, &missed)));
        CHECK(missed == std::vector<std::uint32_t>{1});
    }
    SECTION("the row is that in which they were sent, not that of the answers") {
        CHECK(ring.beats.acknowledge(kAlice, ids[1]));
        for (int i = 0; i < 2; ++i) ring.next_of(kAlice, &missed);  // the first one runs out
        CHECK(missed == std::vector<std::uint32_t>{1});
        for (int i = 0; i < 3; ++i) ring.next_of(kAlice, &missed);  // the third and fourth do
        CHECK(missed == std::vector<std::uint32_t>{1, 1, 2});
    }
}

TEST_CASE("clients are told apart", "[heartbeat]") {
    Ring ring(2, 3);
    ring.beats.add(kAlice, 0);
    ring.beats.add(kBob, 0);
    std::map<Beats::Client, Uuid> ids;
    while (ids.size() < 2) {
        for (const auto& sent : ring.advance().sent) ids[sent.client] = sent.id;
    }
    CHECK_FALSE(ids[kAlice] == ids[kBob]);
    CHECK_FALSE(ring.beats.acknowledge(kAlice, ids[kBob]));
    CHECK(ring.beats.acknowledge(kAlice, ids[kAlice]));
    std::vector<Beats::Client> missed;
    for (int i = 0; i < 3; ++i) {
        for (const auto& each : ring.advance().missed) missed.push_back(each.client);
    }
    CHECK(missed == std::vector<Beats::Client>{kBob});
}

TEST_CASE("a client that is gone is owed nothing and owes nothing", "[heartbeat]") {
    Ring ring(2, 3);
    for (const Beats::Client client : {kAlice, kBob}) ring.beats.add(client, 1);
    ring.beats.add(kAlice, 0);  // is in already
    CHECK(ring.beats.size() == 2);
    const Uuid id = ring.next_of(kAlice);
    ring.beats.remove(kAlice);
    ring.beats.remove(kAlice);
    CHECK(ring.beats.size() == 1);
    CHECK_FALSE(ring.beats.acknowledge(kAlice, id));
    for (int i = 0; i < 10; ++i) {
        const Beats::Step step = ring.advance();
        for (const auto& sent : step.sent) CHECK(sent.client == kBob);
        for (const auto& missed : step.missed) CHECK(missed.client == kBob);
    }
}

TEST_CASE("a new version goes on where the one before is", "[heartbeat]") {
    Ring ring(10, 3);
    ring.beats.add(kAlice, 4);
    ring.beats.add(kBob, 7);
    std::vector<std::uint32_t> missed;
    while (missed.size() < 4) ring.advance(&missed);
    const Uuid open = ring.next_of(kAlice);
    Ring next(10, 3);
    next.beats.restore(ring.beats.save(), [] { return std::uint64_t{0}; });
    CHECK(next.beats.acknowledge(kAlice, open));
    CHECK(ring.beats.acknowledge(kAlice, open));
    for (int step = 0; step < 40; ++step) {
        const Beats::Step one = ring.advance(), other = next.advance();
        REQUIRE(other.sent.size() == one.sent.size());
        REQUIRE(other.missed.size() == one.missed.size());
        for (std::size_t i = 0; i < one.sent.size(); ++i) CHECK(other.sent[i].client == one.sent[i].client);
        for (std::size_t i = 0; i < one.missed.size(); ++i) {
            CHECK(other.missed[i].client == one.missed[i].client);
            CHECK(other.missed[i].in_a_row == one.missed[i].in_a_row);
        }
    }
}

TEST_CASE("with another rhythm, a new version only knows what was missed in a row", "[heartbeat]") {
    Ring ring(10, 3);
    ring.beats.add(kAlice, 4);
    std::vector<std::uint32_t> missed;
    while (missed.size() < 2) ring.advance(&missed);
    const Uuid open = ring.next_of(kAlice);
    Ring next(5, 2);
    next.beats.restore(ring.beats.save(), [] { return std::uint64_t{3}; });
    CHECK_FALSE(next.beats.acknowledge(kAlice, open));
    missed.clear();
    while (missed.empty()) next.advance(&missed);
    CHECK(next.steps == 5);  // in the slot 3, and two for the patience
    CHECK(missed.front() == 3);
}

TEST_CASE("what is no saved state is nobody's", "[heartbeat]") {
    Ring ring(10, 3);
    ring.beats.restore(GENERATE("", "x", "1 2", "5 10 3\nx 1 1\n", "5 10 3\n1\n"), [] { return std::uint64_t{0}; });
    CHECK(ring.beats.size() == 0);
}

TEST_CASE("steps follow the clock, whenever it is looked at", "[heartbeat]") {
    const Pace::Time start{};
    Pace pace(10ms, start);
    CHECK(pace.due(start) == 0);
    CHECK(pace.due(start + 9ms) == 0);
    CHECK(pace.due(start + 10ms) == 1);
    CHECK(pace.due(start + 10ms) == 0);
    CHECK(pace.due(start + 39ms) == 2);
    CHECK(pace.due(start + 40ms) == 1);
    CHECK(pace.due(start + 1000ms) == 96);
    CHECK(pace.due(start + 999ms) == 0);
}

TEST_CASE("a hub that stood still does not make up for it", "[heartbeat]") {
    const Pace::Time start{};
    Pace pace(10ms, start);
    CHECK(pace.due(start + 20ms) == 2);
    CHECK(pace.due(start + 60s) == 1);
    CHECK(pace.due(start + 60s + 9ms) == 0);
    CHECK(pace.due(start + 60s + 10ms) == 1);
}

TEST_CASE("a UUID is version 4, and reads back", "[heartbeat]") {
    Random random;
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const Uuid id = random.uuid();
        const std::string text = text_of(id);
        CHECK(text.size() == 36);
        CHECK(text[14] == '4');
        CHECK(std::string("89ab").find(text[19]) != std::string::npos);
        CHECK(read_uuid(text) == id);
        CHECK(seen.insert(text).second);
    }
}

TEST_CASE("what is no UUID is none", "[heartbeat]") {
    const std::string good = "9f4c6b1e-0d3a-4c57-8a1b-2f6e5d7c8b90";
    CHECK(read_uuid(good));
    CHECK(read_uuid("9F4C6B1E-0D3A-4C57-8A1B-2F6E5D7C8B90") == read_uuid(good));
    const std::string bad = GENERATE("", "9f4c6b1e", "9f4c6b1e-0d3a-4c57-8a1b-2f6e5d7c8b9",
                                     "9f4c6b1e-0d3a-4c57-8a1b-2f6e5d7c8b900", "9f4c6b1e00d3a-4c57-8a1b-2f6e5d7c8b90",
                                     "9f4c6b1e-0d3a-4c57-8a1b-2f6e5d7c8bg0", "-f4c6b1e-0d3a-4c57-8a1b-2f6e5d7c8b90");
    CHECK_FALSE(read_uuid(bad));
}
