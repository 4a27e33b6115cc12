// What a socket remembers of itself, and the log of those that have gone.
#include "hub/story.h"

#include <catch2/catch.hpp>

#include "hub/close_log.h"

using namespace wshub;
using namespace wshub::hub;
using namespace std::chrono_literals;

namespace {

base::SteadyTime at(std::chrono::milliseconds since_begin) {
    return base::SteadyTime(1h) + since_begin;
}

}  // namespace

TEST_CASE("a story tells what happened, and when, the oldest first", "[story]") {
    Story story;
    story.begin(at(0ms));
    story.add(at(0ms), Happening::kConnected, "polling");
    story.add(at(1230ms), Happening::kEvent, "message");
    const auto items = story.read();
    REQUIRE(items.size() == 2);
    CHECK(items[0].what == Happening::kConnected);
    CHECK(items[1].since_begin == 1230ms);
    CHECK(items[1].detail == "message");
}

TEST_CASE("a story keeps the last things only", "[story]") {
    Story story;
    story.begin(at(0ms));
    const int count = GENERATE(32, 33, 64, 100);
    for (int i = 0; i < count; ++i) story.add(at(10ms * i), Happening::kEvent, std::to_string(i));
    const auto items = story.read();
    REQUIRE(items.size() == Story::kLength);
    for (std::size_t i = 0; i < items.size(); ++i) {
        CHECK(items[i].detail == std::to_string(static_cast<std::size_t>(count) - Story::kLength + i));
    }
}

TEST_CASE("names are cut between characters, and show that they were", "[story]") {
    auto [name, shown] = GENERATE(table<std::string, std::string>({
        {std::string(26, 'a'), std::string(26, 'a')},
        {std::string(27, 'a'), std::string(26, 'a') + "..."},
        {std::string(25, 'a') + "ö", std::string(25, 'a') + "..."},
        {"", ""},
    }));
    Story story;
    story.begin(at(0ms));
    story.add(at(0ms), Happening::kJoined, name);
    CHECK(story.read().front().detail == shown);
}

TEST_CASE("the log of closes is bounded, the newest first", "[story]") {
    CloseLog log;
    for (std::size_t i = 0; i < CloseLog::kMost + 5; ++i) {
        ClosedSocket closed;
        closed.sid = std::to_string(i);
        log.add(std::move(closed));
    }
    CHECK(log.size() == CloseLog::kMost);
    const auto page = log.read(1, 2);
    REQUIRE(page.size() == 2);
    CHECK(page[0].sid == std::to_string(CloseLog::kMost + 3));
    CHECK(log.read(CloseLog::kMost, 10).empty());
}
