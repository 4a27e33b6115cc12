// Verdicts that come later, roles, and what else plugins ask of sessions and of the server, by way of a real hub.
#include <wshub/abi.h>

#include <catch2/catch.hpp>
#include <string>

#include "host_world.h"

using namespace wshub;
using namespace wshub::test;

namespace {

struct Doors {
    explicit Doors(std::vector<std::string> enabled = {"door_a", "door_b"})
        : directory({"door_a", "door_b"}), world(directory, std::move(enabled)) {}

    // A client that is in, to give orders.
    FakeSession& porter() { return world.client(); }
    Packets say(FakeSession& client, std::string_view event) {
        return world.say(client, "21[\"" + std::string(event) + "\"]");
    }

    PluginDirectory directory;
    HostWorld world;
};

bool is_in(const Packets& packets) {
    return !packets.empty() && packets.front().rfind(R"(0{"sid":)", 0) == 0;
}

const std::string kNotYou = R"(4{"message":"not you","data":{"code":"NO","message":"not you"}})";
const std::string kInternal = R"(4{"message":"Internal error","data":{"code":"INTERNAL","message":"internal error"}})";

}  // namespace

TEST_CASE("a plugin may keep a client waiting and let it in later", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    it.world.turn();
    CHECK(got(client).empty());
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[true]"});
    const Packets answer = got(client);
    CHECK(is_in(answer));
    CHECK(answer.size() == 3);  // and both welcome it
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[false]"});
}

TEST_CASE("a plugin may keep a client waiting and send it away", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    CHECK(it.say(porter, "door_a:reject") == Packets{"31[true]"});
    CHECK(got(client) == Packets{kNotYou});
}

TEST_CASE("plugins behind the one that holds are asked when it has accepted", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& refused = it.world.connect(R"({"door_a":"hold","door_b":"refuse"})");
    FakeSession& held = it.world.connect(R"({"door_a":"hold","door_a2":"hold","door_b":"hold"})");
    CHECK(got(refused).empty());
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[true]"});
    CHECK(got(refused) == Packets{kNotYou});
    CHECK(it.say(porter, "door_b:accept") == Packets{"31[false]"});  // not asked yet
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[true]"});
    CHECK(it.say(porter, "door_b:accept") == Packets{"31[true]"});
    CHECK(got(held).empty());
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[true]"});  // its second handler, the last of all
    CHECK(is_in(got(held)));
}

TEST_CASE("a verdict may come from a thread, and before the handler has returned", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& early = it.world.connect(R"({"door_a":"hold_early"})");
    it.world.turn();
    CHECK(is_in(got(early)));
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    it.say(porter, "door_a:later");
    Packets packets;
    while ((packets = got(client)).empty()) it.world.turn();
    CHECK(is_in(packets));
}

TEST_CASE("what goes wrong after hold() refuses at once", "[doors]") {
    const auto [wish, answer] = GENERATE(table<std::string, std::string>({
        {"hold_throw", kInternal},
        {"hold_twice", kInternal},
        {"hold_refuse", kNotYou},
        {"hold_after_refusal", kInternal},
    }));
    CAPTURE(wish);
    LogCapture log;
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":")" + wish + R"("})");
    CHECK(got(client) == Packets{answer});
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[false]"});
    it.world.pass(base::milliseconds{60'000});
    const Packets later = got(client);
    CHECK(later.empty());
}

TEST_CASE("a plugin decides on what it holds itself alone", "[doors]") {
    Doors it({"door_b", "door_a"});
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    CHECK(it.say(porter, "door_b:steal") == Packets{"31[false,false]"});
    CHECK(got(client).empty());
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[true]"});
    CHECK(it.say(porter, "door_a:steal") == Packets{"31[false,false]"});  // it is in
}

TEST_CASE("a verdict that makes no sense is none", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    CHECK(it.say(porter, "door_a:bad") == Packets{"31[" + std::to_string(WSHUB_EINVAL) + "]"});
    CHECK(got(client).empty());
    CHECK(it.say(porter, "door_a:steal") == Packets{"31[true,false]"});
    CHECK(is_in(got(client)));
}

TEST_CASE("a client that gives up while it waits is forgotten", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    it.world.connect(R"({"door_a":"hold"})").drop();
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[false]"});
}

TEST_CASE("without a verdict the client is refused when its time is up", "[doors]") {
    LogCapture log;
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    it.world.pass(base::milliseconds{45'100});
    CHECK(got(client) == Packets{R"(4{"message":"Connection timed out"})"});
    CHECK_THAT(log.text(), Catch::Contains("debug no verdict on a connect in time namespace=/ sid="));
    CHECK(it.say(porter, "door_a:accept") == Packets{"31[false]"});
}

TEST_CASE("what a plugin holds is refused when it stops", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession &one = it.world.connect(R"({"door_a":"hold"})"), &two = it.world.connect(R"({"door_b":"hold"})");
    it.world.host->stop();
    it.world.turn();
    for (FakeSession* const client : {&one, &two})
        CHECK(got(*client) == Packets{R"(4{"message":"Server is shutting down"})"});
}

TEST_CASE("a verdict that is on its way when the plugins stop lets nobody in", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& porter = it.porter();
    FakeSession& client = it.world.connect(R"({"door_a":"hold"})");
    porter.text(R"(21["door_a:accept"])");
    it.world.host->stop();
    it.world.turn();
    CHECK(got(client) == Packets{R"(4{"message":"Server is shutting down"})"});
}

// ---- roles

TEST_CASE("events of a plugin with roles are for those who have one", "[doors]") {
    Doors it;
    it.world.set("door_a", "roles", "admin, editor").run();
    FakeSession &guest = it.world.client(), &editor = it.world.client(R"({"roles":["x","editor"]})");
    const std::string message = "This needs a role that you do not have";
    const std::string error = R"(2["system:error",{"code":"FORBIDDEN","message":")" + message + R"("}])";
    CHECK(it.say(guest, "door_a:name") ==
          Packets{error, R"(31[{"status":"error","code":"FORBIDDEN","message":")" + message + R"("}])"});
    CHECK(it.world.say(guest, R"(2["door_a:name"])") == Packets{error});
    CHECK(it.say(editor, "door_a:name") == Packets{R"(31[0,""])"});
    CHECK(it.say(guest, "door_b:name") == Packets{R"(31[0,""])"});

    // Other plugins' handlers run, whichever comes first; what was refused is answered.
    CHECK(it.say(guest, "both") ==
          Packets{error, R"(31[{"status":"error","code":"FORBIDDEN","message":")" + message + R"("}])"});
    CHECK(it.say(editor, "both") == Packets{R"(31["door_a"])"});

    // A role counts from the moment it is given.
    CHECK(it.world.say(guest, R"(22["door_b:roles",["admin"]])") == Packets{R"(32[["admin"],true])"});
    CHECK(it.say(guest, "door_a:name") == Packets{R"(31[0,""])"});
    CHECK(it.world.host->plugins().front().roles == std::vector<std::string>{"admin", "editor"});
}

TEST_CASE("handlers of plugins without roles run for everybody", "[doors]") {
    Doors it({"door_b", "door_a"});
    it.world.set("door_a", "roles", "admin").run();
    FakeSession& guest = it.porter();
    CHECK(it.say(guest, "both") ==
          Packets{R"(31["door_b"])",
                  R"(2["system:error",{"code":"FORBIDDEN","message":"This needs a role that you do not have"}])"});
}

// ---- fields, rooms and the server

TEST_CASE("following, roles and names can be set and read", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession &one = it.world.client(), &two = it.world.client();
    CHECK(it.world.say(one, R"(21["door_a:follow",["ann","bob"]])") == Packets{R"(31[true,["ann","bob"],1])"});
    CHECK(it.world.say(two, R"(22["door_a:follow",["ann","ann"]])") == Packets{R"(32[true,["ann","ann"],2])"});
    CHECK(it.world.say(two, R"(23["door_a:follow",[]])") == Packets{R"(33[true,[],0])"});
    CHECK(it.world.say(one, R"(24["door_a:roles",[]])") == Packets{"34[[],false]"});
    CHECK(it.world.say(one, "25[\"door_a:name\",\"Rene\xcc\x81\"]") == Packets{"35[0,\"Rene\xcc\x81\"]"});
    CHECK(it.world.say(two, "26[\"door_a:name\",\"Ren\xc3\xa9\"]") == Packets{R"(36[1,""])"});
    CHECK(it.world.say(two, R"(27["door_a:name","\u0007"])") == Packets{R"(37[2,""])"});
}

TEST_CASE("a client that is in too many rooms joins no further one", "[doors]") {
    Doors it;
    it.world.run();
    FakeSession& client = it.porter();
    const auto join = [&](int room) {
        return it.world.say(client, "21[\"door_a:rooms\",\"" + std::to_string(room) + "\"]");
    };
    for (int room = 1; room <= 1000; ++room) {
        if (room % 100 == 0) it.world.pass(base::milliseconds{1000});  // as fast as events may come
        REQUIRE(join(room) == Packets{"31[1]"});
    }
    CHECK(join(1001) == Packets{"31[" + std::to_string(WSHUB_ELIMIT) + "]"});
    CHECK(join(1) == Packets{"31[0]"});
}

TEST_CASE("plugins can ask for the server's version, address and state directory", "[doors]") {
    Doors it;
    it.world.settings.server_version = "1.2.3";
    it.world.settings.state_directory = "/state";
    REQUIRE(it.world.load().empty());
    it.world.host->set_url("http://[::1]:3000");
    it.world.host->start();
    CHECK(it.say(it.porter(), "door_a:server") ==
          Packets{R"(31["1.2.3","http://[::1]:3000","/state","http://[::1]:3000"])"});
}
