// The echo plugin, tested without a hub: clients, rooms, settings, time and HTTP requests are made up.
#include <wshub/testing.h>

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

using namespace std::chrono_literals;
namespace json = wshub::json;

TEST_CASE("an echo counts per session, and the room hears of it") {
    wshub::FakeHost host;
    host.load({{"room", "den"}});
    wshub::FakeClient alice = host.connect(), bob = host.connect();
    bob.session().join("den");
    CHECK(alice.ask("echo", "hi") == R"([{"text":"hi","nth":1}])");
    CHECK(alice.ask("echo", "again") == R"([{"text":"again","nth":2}])");
    CHECK(bob.ask("echo", "me too") == R"([{"text":"me too","nth":1}])");
    CHECK(bob.received() ==
          "echo:seen [{\"from\":\"sid-1\",\"text\":\"hi\"}]\n"
          "echo:seen [{\"from\":\"sid-1\",\"text\":\"again\"}]");
    CHECK(host.metric("echo_messages_total") == 3);
}

TEST_CASE("a text that is too long is refused") {
    wshub::FakeHost host;
    host.load({{"max_length", "3"}});
    wshub::FakeClient alice = host.connect();
    CHECK(alice.ask("echo", "four")[0]["code"].str() == "TOO_LONG");
    CHECK(alice.received() == R"(system:error [{"code":"TOO_LONG","message":"the text is too long"}])");
}

TEST_CASE("who is banned does not come in") {
    wshub::FakeHost host;
    host.load();
    wshub::FakeConnect eve;
    eve.auth = R"({"banned":true})";
    CHECK(host.connect(eve).state() == "refused");
    CHECK(host.connect().connected());
}

TEST_CASE("the room hears the time") {
    wshub::FakeHost host;
    host.load({{"tick", "10s"}});
    wshub::FakeClient alice = host.connect();
    alice.session().join("lobby");
    host.advance(9s);
    CHECK(alice.received().empty());
    host.advance(1s);
    CHECK(alice.received() == R"(echo:tick [{"at":"2023-11-14T22:13:30.000Z"}])");
}

TEST_CASE("the route answers") {
    wshub::FakeHost host;
    host.load();
    CHECK(host.http("GET /echo") == "200 echo is here\n");
}

TEST_CASE("a wrong setting is refused as the operator would see it") {
    wshub::FakeHost host;
    CHECK_THROWS_WITH(host.load({{"max_length", "many"}}), Catch::Contains("max_length"));
}
