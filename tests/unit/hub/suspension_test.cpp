// Events that are handled elsewhere: what waits behind them, and in which order it goes on.
#include <catch2/catch.hpp>

#include "world.h"

using namespace wshub;
using namespace wshub::test;
using namespace std::chrono_literals;
using hub::HubError;
using Lines = std::vector<std::string>;

namespace {

// Suspends at events called "slow".
struct Suspending {
    explicit Suspending(hub::HubSettings settings = {}) : world(1, std::move(settings)) {
        std::tie(client, socket) = world.client();
        world.sink.take();
        world.sink.on_event_do = [this](const hub::IncomingEvent& event) {
            if (event.name != "slow") return true;
            CHECK(world.hub.suspend(event.socket) == HubError::kNone);
            CHECK(world.hub.suspend(event.socket) == HubError::kNoSuchSocket);
            ack = event.ack;
            return true;
        };
    }
    void done(hub::Hub::EventEnd end = {}) {
        world.hub.event_done(socket, ack, "slow", end);
        world.turn();
    }

    World world;
    FakeSession* client = nullptr;
    hub::SocketHandle socket = 0;
    hub::AckHandle ack = 0;
};

}  // namespace

TEST_CASE("nothing else of a socket is handed up while an event is handled elsewhere", "[suspension]") {
    Suspending at;
    at.client->text(R"(20["slow",1])");
    at.client->text(R"(21["quick",2])");
    at.client->text(R"(52-2["quick",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
    at.client->binary("x");
    at.client->binary("y");
    at.world.on(0, [&] { at.world.hub.join(at.socket, {hub::RoomSpace::kClient, "den"}); });
    at.world.turn();
    CHECK(at.world.sink.take() == Lines{"event / slow [1]"});
    CHECK(at.client->received().empty());
    at.done();
    CHECK(at.world.sink.take() ==
          Lines{"join / den", "event / quick [2]",
                R"(event / quick [{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}] b:x b:y)"});
    CHECK(at.client->received() ==
          Lines{R"(430[{"status":"ok"}])", R"(431[{"status":"ok"}])", R"(432[{"status":"ok"}])"});
}

TEST_CASE("other sockets go on meanwhile", "[suspension]") {
    Suspending at;
    const auto [other, its_socket] = at.world.client();
    at.world.sink.take();
    at.client->text(R"(2["slow"])");
    other->text(R"(2["quick"])");
    CHECK(at.world.sink.take() == Lines{"event / slow []", "event / quick []"});
    at.done();
}

TEST_CASE("each event may be handled elsewhere in turn", "[suspension]") {
    Suspending at;
    for (const char* name : {"0[\"slow\",1]", "1[\"quick\"]", "2[\"slow\",2]", "3[\"quick\"]"})
        at.client->text("2" + std::string(name));
    CHECK(at.world.sink.take() == Lines{"event / slow [1]"});
    at.done();
    CHECK(at.world.sink.take() == Lines{"event / quick []", "event / slow [2]"});
    at.done();
    CHECK(at.world.sink.take() == Lines{"event / quick []"});
    CHECK(at.client->received().size() == 4);
}

TEST_CASE("what was answered meanwhile, or kept, is not answered by the end", "[suspension]") {
    Suspending at;
    at.client->text(R"(20["slow"])");
    CHECK(at.world.hub.ack(at.ack, "[7]") == HubError::kNone);
    at.world.turn();
    at.done();
    CHECK(at.client->received() == Lines{"430[7]"});
    at.client->text(R"(21["slow"])");
    at.done({true, true});
    CHECK(at.client->received().empty());
    CHECK(at.world.hub.ack(at.ack, "[8]") == HubError::kNone);
    at.world.turn();
    CHECK(at.client->received() == Lines{"431[8]"});
    at.client->text(R"(22["slow"])");
    at.done({false, false});
    const Lines unknown = at.client->received();
    REQUIRE(unknown.size() == 2);
    CHECK(unknown[0].find("UNKNOWN_EVENT") != std::string::npos);
    CHECK(unknown[1].starts_with("432["));
}

TEST_CASE("a socket that goes takes its events along, and its hooks wait", "[suspension]") {
    const bool whole = GENERATE(true, false);
    Suspending at;
    at.client->text(R"(20["slow"])");
    at.client->text(R"(21["quick"])");
    if (whole) {
        at.client->drop();
        at.world.turn();
        at.world.sessions.clear();
    } else {
        at.client->text("1");
    }
    at.world.turn();
    CHECK(at.world.sink.take() == Lines{"event / slow []"});
    // Its client may be gone by now.
    at.world.on(0, [&] { at.world.hub.close_transport(at.socket); });
    at.world.turn();
    at.done();
    CHECK(at.world.sink.take() ==
          Lines{whole ? "disconnect / transport close" : "disconnect / client namespace disconnect"});
    CHECK_FALSE(at.world.hub.read(at.socket, [](const hub::SocketRecord&) {}));
    at.done();  // once too often: nothing
    CHECK(at.world.sink.take().empty());
}

TEST_CASE("replies wait behind the event, and are not lost with the socket", "[suspension]") {
    Suspending at;
    hub::Emit emit;
    emit.event = "question";
    emit.sockets = {&at.socket, 1};
    emit.reply = hub::Emit::ReplyWanted{10s, 1, 2};
    at.world.on(0, [&] { CHECK(at.world.hub.emit(emit) == HubError::kNone); });
    at.client->text(R"(2["slow"])");
    at.client->text(R"(30["yes"])");
    at.world.turn();
    CHECK(at.world.sink.take() == Lines{"event / slow []"});
    const bool goes = GENERATE(true, false);
    if (goes) at.client->text("1");
    at.done();
    Lines expected{R"(reply answered owner=1 cookie=2 ["yes"])"};
    if (goes) expected.push_back("disconnect / client namespace disconnect");
    CHECK(at.world.sink.take() == expected);
}

TEST_CASE("only so much waits", "[suspension]") {
    hub::HubSettings settings;
    settings.limits.max_event_bytes = 1000;
    settings.limits.events = {};
    Suspending at(settings);
    at.client->text(R"(2["slow"])");
    for (int i = 0; i < 100; ++i) at.client->text("2" + std::to_string(i) + R"(["quick"])");
    const std::size_t refused = at.client->received().size();  // an error and an ack for each
    CHECK(refused % 2 == 0);
    CHECK(refused / 2 > 80);
    const std::string counted = "wshub_limited_total{limit=\"events_waiting\"} " + std::to_string(refused / 2) + "\n";
    CHECK(at.world.metrics.text().find(counted) != std::string::npos);
    at.world.sink.take();
    at.done();
    CHECK(at.world.sink.take().size() == 100 - refused / 2);
}
