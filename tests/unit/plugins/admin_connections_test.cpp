#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "admin/connections.h"

using namespace admin;

namespace {

// 2026-02-20T12:00:00.999Z
constexpr std::int64_t kTime = 1'771'588'800'999;

std::string shown(const Facts& facts, const std::vector<std::string>& rooms = {}) {
    return Card(facts).with_rooms(rooms).text;
}

}  // namespace

TEST_CASE("a connection is shown as documented", "[admin]") {
    CHECK(shown({"sid1", kTime, "Mozilla/5.0", "127.0.0.1", R"({"a":1})"}, {"room1", "room \"2\""}) ==
          R"({"sid":"sid1","connected_at":"2026-02-20T12:00:00","rooms":["room1","room \"2\""],)"
          R"("client_info":{"user_agent":"Mozilla/5.0","remote_addr":"127.0.0.1","auth":{"a":1}}})");
    CHECK(shown({"sid1", kTime, {}, "::1", {}}) ==
          R"({"sid":"sid1","connected_at":"2026-02-20T12:00:00","rooms":[],)"
          R"("client_info":{"user_agent":null,"remote_addr":"::1","auth":null}})");
}

TEST_CASE("a list is answered as documented", "[admin]") {
    const Card card({"s", kTime, {}, "::1", {}});
    const std::string each = card.with_rooms({"r"}).text;
    ListAnswer none(ListAnswer::To::admin_get_connections, 0);
    CHECK(std::move(none).finish() == R"([{"connections":[],"total":0}])");
    ListAnswer two(ListAnswer::To::admin_subscribe, 1000);
    for (int i = 0; i < 2; ++i) two.add(card, {"r"});
    CHECK(std::move(two).finish() ==
          R"([{"status":"subscribed","connections":[)" + each + "," + each + R"(],"total":2}])");
}

TEST_CASE("secrets of a connection are not shown", "[admin]") {
    CHECK(shown({"s", kTime, {}, "::1", R"({"token":"sesame"})"}).find("sesame") == std::string::npos);
}

TEST_CASE("a user agent is cut between characters", "[admin]") {
    const std::string ascii(600, 'x');
    CHECK(shown({"s", kTime, ascii, "::1", {}}).find('"' + ascii.substr(0, 512) + '"') != std::string::npos);
    const std::string two = 'x' + std::string(510, 'y') + "\u00e9\u00e9";
    CHECK(shown({"s", kTime, two, "::1", {}}).find('"' + two.substr(0, 511) + '"') != std::string::npos);
    CHECK(shown({"s", kTime, std::string(600, '\x80'), "::1", {}}).find("\"user_agent\":\"") != std::string::npos);
}

TEST_CASE("of very many rooms the first 32 KB are shown", "[admin]") {
    const std::string all = shown({"s", kTime, {}, "::1", {}}, std::vector<std::string>(1000, std::string(97, 'r')));
    CHECK(std::count(all.begin(), all.end(), 'r') / 97 == 328);
    CHECK(wshub::json::View::parse(all));
}

TEST_CASE("a session that goes leaves its rooms in the order joined", "[admin]") {
    using Rooms = std::vector<std::string>;
    Leaver leaver({"a", "b", "c"});
    CHECK(leaver.left("a") == Rooms{"b", "c"});
    CHECK(leaver.left("d") == Rooms{"b", "c"});
    CHECK(leaver.left("c").empty());

    Leaver of_many(Rooms(1000, std::string(100, 'x')));
    CHECK(of_many.left(std::string(100, 'x')).size() * 100 < Card::kRoomsOfLeaver + 200);
}
