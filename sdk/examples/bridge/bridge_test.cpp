// The bridge, and who may use it.
#include <wshub/testing.h>

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

namespace {

const char* const kSecret = "Authorization: Bearer open sesame\r\n";

}  // namespace

TEST_CASE("who knows the secret sees who is online") {
    wshub::FakeHost host;
    host.load({{"secret", "open sesame"}});
    CHECK(host.http("GET /bridge", "", kSecret) == R"(200 {"online":[]})");
    host.connect().session().set_username("alice");
    CHECK(host.http("GET /bridge", "", kSecret) == R"(200 {"online":[{"sid":"sid-1","username":"alice"}]})");
}

TEST_CASE("an event goes to everybody, or to a room") {
    wshub::FakeHost host;
    host.load({{"secret", "open sesame"}});
    wshub::FakeClient alice = host.connect(), bob = host.connect();
    bob.session().join("den");
    CHECK(host.http("POST /bridge", R"({"event":"news","args":[1]})", kSecret).status() == 200);
    CHECK(host.http("POST /bridge", R"({"event":"news","room":"den"})", kSecret).status() == 200);
    CHECK(alice.received() == "news [1]");
    CHECK(bob.received() == "news [1]\nnews []");
    CHECK(host.metric("bridge_events_total") == 2);
}

TEST_CASE("without the secret nothing happens") {
    wshub::FakeHost host;
    host.load({{"secret", "open sesame"}});
    wshub::FakeClient alice = host.connect();
    for (const char* headers : {"", "Authorization: open sesame\r\n", "Authorization: Bearer open\r\n"}) {
        CHECK(host.http("POST /bridge", R"({"event":"news"})", headers).status() == 401);
        CHECK(host.http("GET /bridge", "", headers).status() == 401);
    }
    CHECK(alice.received().empty());
}
