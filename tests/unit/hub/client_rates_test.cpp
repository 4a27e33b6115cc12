// The rates that the hub holds clients to, beside that of a client's own events (client_test.cpp).
#include <catch2/catch.hpp>

#include "session/address_book.h"
#include "world.h"

using namespace wshub;
using namespace wshub::test;
using namespace std::chrono_literals;
using session::CloseReason;

namespace {

const std::string kTooMany = R"("code":"RATE_LIMIT","message":"Too many events"})";
const std::string kTooManyConnects =
    R"({"message":"Too many connects","data":{"code":"RATE_LIMIT","message":"Too many connects"}})";

std::string limited(std::string_view limit, int times) {
    return "wshub_limited_total{limit=\"" + std::string(limit) + "\"} " + std::to_string(times) + "\n";
}
std::string tried(std::string_view limit, int times) {
    return "wshub_limited_dry_run_total{limit=\"" + std::string(limit) + "\"} " + std::to_string(times) + "\n";
}
bool shows(const World& world, const std::string& line) {
    return world.metrics.text().find(line) != std::string::npos;
}

// What the engine gives the sessions of one address.
struct SharedAddress {
    explicit SharedAddress(base::Rate events) { limits.events = events; }
    session::AddressLimits limits;
    session::Address address{limits};
};

}  // namespace

TEST_CASE("clients of one address share its rate of events, and another address has its own", "[client]") {
    World world;
    SharedAddress here({1, 5}), there({1, 5});
    world.address = &here.address;
    auto [alice, alices] = world.client();
    auto [bob, bobs] = world.client();
    world.address = &there.address;
    auto [carol, carols] = world.client();
    world.sink.take();
    for (int i = 0; i < 3; ++i) alice->text(R"(2["a"])");
    for (int i = 0; i < 2; ++i) bob->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 5);
    bob->text(R"(27["a"])");
    CHECK(bob->received() ==
          Lines{R"(42["system:error",{)" + kTooMany + "]", R"(437[{"status":"error",)" + kTooMany + "]"});
    alice->text(R"(2["a"])");
    CHECK(alice->received().size() == 1);
    CHECK(world.sink.take().empty());
    carol->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 1);
    world.pass(1s);
    bob->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 1);
    CHECK(shows(world, limited("events_per_address", 2)));
    CHECK(shows(world, limited("events", 0)));
}

TEST_CASE("a client's own rate comes before its address's, which it then does not use up", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 2};
    World world(1, settings);
    SharedAddress here({1, 3});
    world.address = &here.address;
    auto [alice, alices] = world.client();
    auto [bob, bobs] = world.client();
    world.sink.take();
    for (int i = 0; i < 10; ++i) alice->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 2);
    bob->text(R"(2["a"])");
    CHECK(world.sink.take().size() == 1);
    CHECK(shows(world, limited("events", 8)));
}

TEST_CASE("who goes on above the address's rate is put out", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {0, 0};
    World world(1, settings);
    SharedAddress here({1, 1});
    world.address = &here.address;
    auto [alice, alices] = world.client();
    for (int i = 0; i < 2000; ++i) alice->text(R"(2["a"])");
    CHECK_FALSE(alice->closing());
    alice->text(R"(2["a"])");
    CHECK(alice->close_reason() == CloseReason::kRateLimit);
    CHECK(alice->close_mode() == session::Session::CloseMode::kFlush);
}

TEST_CASE("above connects_per_second a CONNECT is refused, says why, and the client may try again", "[client]") {
    hub::HubSettings settings;
    settings.limits.connects = {1, 2};
    World world(1, settings);
    FakeSession& client = world.session();
    for (int i = 0; i < 2; ++i) client.text("0/zz,");
    client.packets.clear();
    client.text("0");
    CHECK(client.received() == Lines{"44" + kTooManyConnects});
    CHECK(world.sink.take().empty());
    CHECK(shows(world, limited("connects", 1)));
    world.pass(1s);
    client.text("0");
    CHECK(world.sink.take() == Lines{"connect /", "connected /"});
}

TEST_CASE("connects_per_second may allow more than the bound that follows the events", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 3};
    settings.limits.connects = {100, 50};
    World world(1, settings);
    FakeSession& client = world.session();
    for (int i = 0; i < 50; ++i) client.text("0/zz,");
    client.packets.clear();
    client.text("0");
    CHECK(client.received() == Lines{"44" + kTooManyConnects});
}

TEST_CASE("in dry-run events and connects above the rates are counted and served", "[client]") {
    hub::HubSettings settings;
    settings.limits.events = {1, 3};
    settings.limits.events_mode = settings.limits.events_per_address_mode = settings.limits.connects_mode =
        base::LimitMode::kDryRun;
    settings.limits.connects = {1, 1};
    World world(1, settings);
    SharedAddress here({1, 2});
    world.address = &here.address;
    FakeSession& client = world.session();
    client.text("0/zz,");
    world.join(client);
    world.sink.take();
    for (int i = 0; i < 100; ++i) client.text(R"(2["a"])");
    CHECK(world.sink.take().size() == 100);
    CHECK(client.received().empty());
    CHECK_FALSE(client.closing());
    CHECK(shows(world, tried("events", 97)));
    CHECK(shows(world, tried("events_per_address", 98)));
    CHECK(shows(world, tried("connects", 1)));
    SECTION("but the bound on connects that follows the events holds") {
        for (int i = 0; i < 18; ++i) client.text("0/zz,");
        client.packets.clear();
        client.text("0/zz,");
        CHECK(client.received() == Lines{"44/zz," + kTooManyConnects});
        CHECK(shows(world, limited("connects", 1)));
    }
}
