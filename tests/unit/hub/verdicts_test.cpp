// CONNECTs whose verdict comes later.
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "base/log.h"
#include "hub/hub.h"
#include "world.h"

using namespace wshub;
using namespace wshub::test;
using hub::ConnectRequest;
using hub::ConnectVerdict;
using hub::HubError;
using hub::RoomRef;
using hub::RoomSpace;
using hub::SocketHandle;

namespace {

constexpr std::uint32_t kOwner = 7;
constexpr RoomRef kDen{RoomSpace::kClient, "den"};
const ConnectVerdict kYes, kNo = ConnectVerdict::refusal("no", R"({"code":"NO"})");

// Everything that connects to a namespace named "/held..." or "/" is held by one owner, once for each place.
struct Door : World {
    explicit Door(unsigned loop_count = 1, hub::HubSettings settings = with_namespaces(), std::uint32_t places = 1)
        : World(loop_count, std::move(settings)) {
        sink.on_connect_do = [this, places](const ConnectRequest& request) {
            last = request.socket;
            asked.push_back(request.behind.place);
            if (request.nsp == "/open" || request.behind.place == places) return kYes;
            CHECK(hub.hold(request.socket, {kOwner, request.behind.place + 1}) == HubError::kNone);
            if (on_hold_do) on_hold_do(request);
            return ConnectVerdict{ConnectVerdict::Answer::kHold, {}, {}};
        };
    }
    static hub::HubSettings with_namespaces() {
        hub::HubSettings settings;
        settings.namespaces = {"/", "/open", "/held"};
        return settings;
    }
    // A client whose CONNECT to / waits.
    FakeSession& waiting(unsigned loop = 0) {
        FakeSession& client = session(loop);
        client.text("0");
        CHECK(client.packets.empty());
        return client;
    }
    HubError decide(ConnectVerdict verdict, std::uint32_t owner = kOwner) {
        return hub.decide(last, owner, std::move(verdict));
    }

    SocketHandle last = 0;
    std::vector<std::uint32_t> asked;  // behind whom
    std::function<void(const ConnectRequest&)> on_hold_do;
};

}  // namespace

TEST_CASE("a held connect is answered when the verdict comes, from any thread", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    CHECK(door.hub.socket_count("/") == 0);
    CHECK(door.sink.take() == Lines{"connect /"});
    std::thread([&] { CHECK(door.decide(kYes) == HubError::kNone); }).join();
    CHECK(client.packets.empty());  // in a later turn
    door.turn();
    const auto answer = client.received();
    REQUIRE(answer.size() == 1);
    CHECK(answer[0].rfind(R"(40{"sid":")", 0) == 0);
    CHECK(door.sink.take() == Lines{"connect /", "connected /"});
    CHECK(door.asked == std::vector<std::uint32_t>{0, 1});
    CHECK(door.hub.socket_count("/") == 1);
    client.text(R"(2["e"])");
    CHECK(door.sink.take() == Lines{"event / e []"});
}

TEST_CASE("a held connect is refused as if at once", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    CHECK(door.decide(kNo) == HubError::kNone);
    door.turn();
    CHECK(client.received() == Lines{R"(44{"message":"no","data":{"code":"NO"}})"});
    CHECK(door.sink.take() == Lines{"connect /"});
    CHECK_FALSE(door.hub.read(door.last, [](const hub::SocketRecord&) {}));
    CHECK(door.metrics.text().find("wshub_connects_total{result=\"refused\"} 1\n") != std::string::npos);
    client.text("0");  // may try again
    CHECK(door.decide(kYes) == HubError::kNone);
    door.turn();
    CHECK(client.received().size() == 1);
}

TEST_CASE("several may hold, one after the other", "[verdicts]") {
    Door door(1, Door::with_namespaces(), 3);
    FakeSession& client = door.waiting();
    for (int i = 0; i < 3; ++i) {
        CHECK(client.packets.empty());
        CHECK(door.decide(kYes) == HubError::kNone);
        door.turn();
    }
    CHECK(client.received().size() == 1);
    CHECK(door.asked == std::vector<std::uint32_t>{0, 1, 2, 3});
}

TEST_CASE("of several verdicts one counts", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    CHECK(door.decide(kNo) == HubError::kNone);
    CHECK(door.decide(kYes) == HubError::kNoSuchSocket);
    door.turn();
    CHECK(client.received() == Lines{R"(44{"message":"no","data":{"code":"NO"}})"});
    CHECK(door.decide(kYes) == HubError::kNoSuchSocket);
}

TEST_CASE("only its holder decides on a connect", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    CHECK(door.decide(kYes, kOwner + 1) == HubError::kNoSuchSocket);
    CHECK(door.decide(kYes, 0) == HubError::kNoSuchSocket);
    CHECK(door.hub.decide(0, kOwner, kYes) == HubError::kNoSuchSocket);
    CHECK(door.hub.decide(~SocketHandle{0}, kOwner, kYes) == HubError::kNoSuchSocket);
    door.turn();
    CHECK(client.packets.empty());
    CHECK(door.decide(kYes) == HubError::kNone);
    door.turn();
    CHECK(client.packets.size() == 1);
    CHECK(door.decide(kNo) == HubError::kNoSuchSocket);  // it is in
}

TEST_CASE("the verdict may come before the handler that holds has returned", "[verdicts]") {
    Door door;
    const bool here = GENERATE(true, false);
    door.on_hold_do = [&](const ConnectRequest& request) {
        const auto decide = [&] { CHECK(door.hub.decide(request.socket, kOwner, kYes) == HubError::kNone); };
        here ? decide() : std::thread(decide).join();
    };
    FakeSession& client = door.session();
    client.text("0");
    CHECK(client.packets.empty());
    door.turn();
    CHECK(client.packets.size() == 1);
    CHECK(door.sink.take() == Lines{"connect /", "connect /", "connected /"});
}

TEST_CASE("a hold is for the socket that is being asked about, once, on its loop", "[verdicts]") {
    Door door(2);
    const SocketHandle other = [&] {
        FakeSession& client = door.session();
        return door.join(client, "/open");
    }();
    door.on_hold_do = [&](const ConnectRequest& request) {
        CHECK(door.hub.hold(request.socket, {kOwner, 1}) == HubError::kTaken);
        CHECK(door.hub.hold(request.socket, {kOwner + 1, 1}) == HubError::kTaken);
        CHECK(door.hub.hold(other, {kOwner, 1}) == HubError::kNoSuchSocket);
        std::thread([&] { CHECK(door.hub.hold(request.socket, {kOwner, 1}) == HubError::kNoSuchSocket); }).join();
    };
    door.waiting();
    door.on(0, [&] { CHECK(door.hub.hold(door.last, {kOwner, 1}) == HubError::kNoSuchSocket); });
}

TEST_CASE("a hold is void when the answer is another one", "[verdicts]") {
    Door door;
    const ConnectVerdict answer = GENERATE(kYes, kNo);
    const bool decided = GENERATE(true, false);
    door.sink.on_connect_do = [&](const ConnectRequest& request) {
        door.last = request.socket;
        CHECK(door.hub.hold(request.socket, {kOwner, 1}) == HubError::kNone);
        if (decided) CHECK(door.decide(kNo) == HubError::kNone);
        return answer;
    };
    FakeSession& client = door.session();
    client.text("0");
    CHECK(door.decide(kNo) == HubError::kNoSuchSocket);
    door.pass(base::milliseconds{60'000});
    const auto got = client.received();
    REQUIRE(got.size() == 1);
    CHECK(got[0].substr(0, 2) == (answer.answer == kYes.answer ? "40" : "44"));
}

TEST_CASE("what is emitted to a socket that waits goes out behind the answer", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    hub::Emit emit;
    emit.event = "e";
    emit.sockets = {&door.last, 1};
    door.on(0, [&] {
        CHECK(door.hub.emit(emit) == HubError::kNone);
        emit.is_volatile = true;
        CHECK(door.hub.emit(emit) == HubError::kNone);
    });
    door.decide(kYes);
    door.turn();
    const auto got = client.received();
    REQUIRE(got.size() == 2);
    CHECK(got[0].substr(0, 2) == "40");
    CHECK(got[1] == R"(42["e"])");
}

TEST_CASE("what waits for a socket is bounded", "[verdicts]") {
    hub::HubSettings settings = Door::with_namespaces();
    settings.max_held_bytes = 1000;
    Door door(1, settings);
    FakeSession& client = door.waiting();
    hub::Emit emit;
    emit.event = "e";
    emit.sockets = {&door.last, 1};
    door.on(0, [&] {
        for (int i = 0; i < 13; ++i) door.hub.emit(emit);  // 70 bytes each
        CHECK_FALSE(client.closing());
        for (int i = 0; i < 3; ++i) door.hub.emit(emit);
    });
    CHECK(client.close_reason() == session::CloseReason::kQueueFull);
    door.turn();
    CHECK(door.sink.take() == Lines{"connect /"});
}

TEST_CASE("rooms joined while waiting are told of when the socket is in", "[verdicts]") {
    Door door;
    door.waiting();
    const bool accepted = GENERATE(true, false);
    door.on(0, [&] { CHECK(door.hub.join(door.last, kDen) == HubError::kNone); });
    CHECK(door.hub.join(door.last, {RoomSpace::kClient, "other"}) == HubError::kNone);
    door.turn();
    door.hub.leave(door.last, {RoomSpace::kClient, "other"});
    door.turn();
    CHECK(door.sink.take() == Lines{"connect /"});
    CHECK(door.hub.in_room(door.last, kDen));
    door.decide(accepted ? kYes : kNo);
    door.turn();
    CHECK(door.sink.take() ==
          (accepted ? Lines{"connect /", "connected /", "join / den", "join / other", "leave / other"} : Lines{}));
    CHECK(door.hub.members("/", kDen).size() == (accepted ? 1 : 0));
}

TEST_CASE("a second CONNECT for a namespace that waits changes nothing", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    client.text("0");
    CHECK_FALSE(client.close_reason());
    CHECK(door.decide(kYes) == HubError::kNone);
    door.turn();
    CHECK(client.packets.size() == 1);
    CHECK(door.sink.take() == Lines{"connect /", "connect /", "connected /"});  // asked again behind the holder
}

TEST_CASE("a client that wants in no more while it waits is forgotten, and may ask again", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    client.text("1");
    CHECK_FALSE(client.close_reason());
    CHECK(door.decide(kYes) == HubError::kNoSuchSocket);
    door.turn();
    CHECK(client.packets.empty());
    client.text("0");
    CHECK(door.sink.take() == Lines{"connect /", "connect /"});
}

TEST_CASE("a username that is given before the socket is in stays", "[verdicts]") {
    Door door;
    door.waiting();
    CHECK(door.hub.set_username(door.last, "ann") == HubError::kNone);
    CHECK(door.hub.find_user("/", "ann") == 0);  // not in yet
    CHECK(door.hub.set_username(door.last, "amy") == HubError::kNone);
    door.decide(kYes);
    door.turn();
    CHECK(door.hub.find_user("/", "amy") == door.last);
    CHECK(door.hub.set_username(door.last, "bob") == HubError::kFixed);
    CHECK(door.hub.set_username(door.last, "") == HubError::kFixed);
    CHECK(door.hub.set_username(door.last, "amy") == HubError::kNone);
    CHECK(door.hub.find_user("/", "bob") == 0);
}

TEST_CASE("packets for a namespace that waits break the protocol", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    client.text(GENERATE(R"(2["e"])", "30[]"));
    CHECK(client.close_reason() == session::CloseReason::kParseError);
}

TEST_CASE("other namespaces can be joined and used meanwhile", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    const SocketHandle held = door.last;
    client.text("0/open,");
    CHECK(client.received().size() == 1);
    client.text(R"(2/open,["e"])");
    CHECK(door.sink.take() == Lines{"connect /", "connect /open", "connected /open", "event /open e []"});
    client.text("0/held,");
    CHECK(client.packets.empty());
    CHECK(door.decide(kYes) == HubError::kNone);
    CHECK(door.hub.decide(held, kOwner, kNo) == HubError::kNone);
    door.turn();
    const auto got = client.received();
    REQUIRE(got.size() == 2);
    CHECK(got[0].rfind("40/held,", 0) == 0);
    CHECK(got[1].rfind("44{", 0) == 0);
}

TEST_CASE("a client that goes is forgotten, and so is its connect", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    door.hub.join(door.last, kDen);
    door.hub.set_username(door.last, "ann");
    door.hub.set_following(door.last, R"(["bob"])");
    door.turn();
    CHECK(door.hub.followers("/", "bob").size() == 1);
    client.drop();
    CHECK(door.decide(kYes) == HubError::kNoSuchSocket);
    door.turn();
    CHECK(door.sink.take() == Lines{"connect /"});
    CHECK(door.hub.find_user("/", "ann") == 0);
    CHECK(door.hub.followers("/", "bob").empty());
    CHECK(door.hub.rooms("/").empty());
    door.pass(base::milliseconds{60'000});
}

TEST_CASE("a client that goes while the verdict is on its way is never in", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    CHECK(door.decide(kYes) == HubError::kNone);
    client.drop();
    door.turn();
    CHECK(door.sink.take() == Lines{"connect /"});
    CHECK(door.hub.socket_count("/") == 0);
}

TEST_CASE("without a verdict in time the connect is refused", "[verdicts]") {
    Door door;
    FakeSession& client = door.session();
    const bool in_another = GENERATE(true, false);
    if (in_another) door.join(client, "/open");
    door.pass(base::milliseconds{30'000});  // its own time to join something runs out meanwhile
    client.text("0");
    door.pass(base::milliseconds{44'900});
    CHECK(client.packets.empty());
    CHECK_FALSE(client.closing());
    door.pass(base::milliseconds{200});
    CHECK(client.received() == Lines{R"(44{"message":"Connection timed out"})"});
    CHECK(door.decide(kYes) == HubError::kNoSuchSocket);
    CHECK_FALSE(client.closing());
    door.pass(base::milliseconds{45'100});
    CHECK(client.closing() == !in_another);  // it is in no namespace
}

TEST_CASE("the time is for all holders together", "[verdicts]") {
    Door door(1, Door::with_namespaces(), 3);
    FakeSession& client = door.waiting();
    door.pass(base::milliseconds{40'000});
    CHECK(door.decide(kYes) == HubError::kNone);
    door.pass(base::milliseconds{5'100});
    CHECK(client.received() == Lines{R"(44{"message":"Connection timed out"})"});
}

TEST_CASE("a verdict that is on its way when the time is up counts, a further hold does not", "[verdicts]") {
    const std::uint32_t places = GENERATE(1u, 2u);
    Door door(1, Door::with_namespaces(), places);
    FakeSession& client = door.waiting();
    door.clock.advance(base::milliseconds{45'100});
    CHECK(door.decide(kYes) == HubError::kNone);
    door.turn();
    door.pass(base::milliseconds{10});
    const auto got = client.received();
    REQUIRE(got.size() == 1);
    CHECK(got[0].substr(0, 2) == (places == 1 ? "40" : "44"));
}

TEST_CASE("without a connect_timeout a verdict may take its time", "[verdicts]") {
    hub::HubSettings settings = Door::with_namespaces();
    settings.connect_timeout = base::milliseconds{0};
    Door door(1, settings);
    FakeSession& client = door.waiting();
    door.pass(base::milliseconds{3'600'000});
    CHECK(door.decide(kYes) == HubError::kNone);
    door.turn();
    CHECK(client.received().size() == 1);
}

TEST_CASE("a socket that waits can be sent away", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    const bool here = GENERATE(true, false);
    if (here) {
        door.on(0, [&] { CHECK(door.hub.disconnect(door.last) == HubError::kNone); });
    } else {
        CHECK(door.hub.disconnect(door.last) == HubError::kNone);
        door.turn();
    }
    CHECK(client.received() == Lines{R"(44{"message":"Connection rejected by server"})"});
    CHECK(door.decide(kYes) == HubError::kNoSuchSocket);
}

TEST_CASE("an owner that goes refuses all that it holds, and no more", "[verdicts]") {
    Door door(2);
    FakeSession &one = door.waiting(0), &two = door.waiting(1);
    door.sink.on_connect_do = [&](const ConnectRequest& request) {
        door.last = request.socket;
        door.hub.hold(request.socket, {kOwner + 1, 1});
        return ConnectVerdict{ConnectVerdict::Answer::kHold, {}, {}};
    };
    FakeSession& other = door.waiting(1);
    door.hub.refuse_held(kOwner, ConnectVerdict::refusal("gone"));
    door.turn();
    CHECK(one.received() == Lines{R"(44{"message":"gone"})"});
    CHECK(two.received() == Lines{R"(44{"message":"gone"})"});
    CHECK(other.packets.empty());
    door.hub.refuse_held(kOwner + 1, ConnectVerdict::refusal("gone"));
    door.turn();
    CHECK(other.packets.size() == 1);
}

TEST_CASE("a reply that is asked of a socket that waits is lost with it", "[verdicts]") {
    Door door;
    FakeSession& client = door.waiting();
    hub::Emit emit;
    emit.event = "q";
    emit.sockets = {&door.last, 1};
    emit.reply = hub::Emit::ReplyWanted{base::milliseconds{1000}, 1, 2};
    door.on(0, [&] { CHECK(door.hub.emit(emit) == HubError::kNone); });
    if (GENERATE(true, false)) {
        client.drop();
    } else {
        door.decide(kNo);
    }
    door.turn();
    CHECK(door.sink.take() == Lines{"connect /", "reply disconnected owner=1 cookie=2"});
}
