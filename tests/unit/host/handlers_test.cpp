// What clients see of handlers, by way of a real hub.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "host/call_scope.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;

namespace {

struct Running {
    explicit Running(std::vector<std::string> plugins = {"good"}, unsigned loops = 1)
        : directory(plugins), world(directory, plugins, loops) {}
    PluginDirectory directory;
    HostWorld world;
};

}  // namespace

TEST_CASE("an event reaches its handler, and the answer its client", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    CHECK(it.world.say(client, R"(27["echo",{"n":1.0},"é"])") == Packets{R"(37[{"n":1.0},"é"])"});
    CHECK(it.world.say(client, R"(2["echo",1])").empty());
    CHECK(it.world.say(client, R"(28["silent"])") == Packets{R"(38[{"status":"ok"}])"});
    CHECK(it.world.say(client, R"(29["nobody"])") ==
          Packets{R"(2["system:error",{"code":"UNKNOWN_EVENT","message":"Unknown event: nobody"}])",
                  R"(39[{"status":"error","code":"UNKNOWN_EVENT","message":"Unknown event: nobody"}])"});
}

TEST_CASE("attachments go along with what is said back or passed on", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession &one = it.world.client(), &two = it.world.client();
    one.text(R"(51-3["echo",{"_placeholder":true,"num":0}])");
    one.binary("xyz");
    CHECK(got(one) == Packets{R"(61-3[{"_placeholder":true,"num":0}])", "b:xyz"});
    one.text(R"(52-["forward",{"left":{"_placeholder":true,"num":0},"part":[{"_placeholder":true,"num":1}]}])");
    one.binary("left");
    one.binary("part");
    CHECK(got(two) == Packets{R"(51-["forwarded",[{"_placeholder":true,"num":0}]])", "b:part"});
    got(one);
    CHECK(it.world.say(two, R"(2["bytes"])") == Packets{R"(51-["bytes",{"_placeholder":true,"num":0}])", "b:abc"});
}

TEST_CASE("a refused request gets the error and the answer", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    const std::string error = R"(2["system:error",{"code":"NO","message":"not today"}])";
    CHECK(it.world.say(client, R"(2["refuse"])") == Packets{error});
    CHECK(it.world.say(client, R"(21["refuse"])") ==
          Packets{error, R"(31[{"status":"error","code":"NO","message":"not today"}])"});
    CHECK(it.world.say(client, R"(22["refuse_with"])") == Packets{error, R"(32[{"ok":false}])"});
}

TEST_CASE("a handler that throws costs that event, and its reason stays in the log", "[handlers]") {
    LogCapture log;
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    const std::string error = R"(2["system:error",{"code":"INTERNAL","message":"internal error"}])";
    CHECK(it.world.say(client, R"(21["boom"])") ==
          Packets{error, R"(31[{"status":"error","code":"INTERNAL","message":"internal error"}])"});
    CHECK_THAT(log.text(), Catch::Contains("error plugin handler failed plugin=good handler=event name=boom code=-7 "
                                           "reason=\"secret: hunter2\" left_out=0"));
    CHECK(it.world.say(client, R"(2["boom_int"])") == Packets{error});
    CHECK(it.world.say(client, R"(22["echo",1])") == Packets{"32[1]"});
    CHECK_THAT(log.text(), !Catch::Contains("name=boom_int"));  // a line a second
    it.world.pass(base::milliseconds{1001});
    got(client);
    it.world.say(client, R"(2["boom_int"])");
    CHECK_THAT(log.text(), Catch::Contains("name=boom_int code=-7 reason=\"unknown exception\" left_out=1"));
    CHECK_THAT(it.world.metrics.text(), Catch::Contains("wshub_plugin_errors_total{plugin=\"good\"} 3"));
    CHECK_THAT(it.world.metrics.text(), Catch::Contains("wshub_plugin_events_in_total{plugin=\"good\"} 4"));
}

TEST_CASE("handlers of one event run in order until one stops it", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    CHECK(it.world.say(client, R"(21["chain",false])") == Packets{R"(31["first"])", R"(2["last"])"});
    CHECK(it.world.say(client, R"(22["chain",true])") == Packets{R"(32["first"])"});
    CHECK(it.world.say(client, R"(2["chained"])") == Packets{R"(2["last"])"});
}

TEST_CASE("a handler that fails ends the chain, so that what it was to look at is not passed by", "[handlers]") {
    const LogCapture log;
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    const std::string error = R"({"code":"INTERNAL","message":"internal error"})";
    CHECK(it.world.say(client, R"(21["chain","throw"])") ==
          Packets{R"(2["system:error",)" + error + "]",
                  R"(31[{"status":"error","code":"INTERNAL","message":"internal error"}])"});
    CHECK(it.world.say(client, R"(21["chain",false])") == Packets{R"(31["first"])", R"(2["last"])"});
}

TEST_CASE("a handler that takes longer than it may is named", "[handlers]") {
    LogCapture log;
    Running it;
    it.world.settings.slow_handler = base::milliseconds{-1};  // the clock stands still
    it.world.run();
    it.world.say(it.world.client(), R"(2["echo"])");
    CHECK_THAT(log.text(), Catch::Contains("warning plugin handler was slow plugin=good handler="));
}

TEST_CASE("slow handlers are counted by the names that the plugin gave them", "[handlers]") {
    Running it;
    it.world.settings.slow_handler = base::milliseconds{-1};
    it.world.run();
    const auto calls = [&](const std::string& handler) {
        return it.world.metrics.total("wshub_plugin_slow_total", handler);
    };
    const auto figure = [](const std::string& handler, const std::string& name) {
        return "{plugin=\"good\",handler=\"" + handler + "\",name=\"" + name + "\"} ";
    };
    const std::string before = it.world.metrics.text();
    CHECK_THAT(before, Catch::Contains("wshub_plugin_slow_total" + figure("event", "chain*") + "0\n"));
    CHECK_THAT(before, Catch::Contains("wshub_plugin_slow_seconds_total" + figure("event", "chain*") + "0\n"));
    FakeSession& client = it.world.client();
    it.world.say(client, R"(2["chain:\"a\""])");
    it.world.say(client, R"(2["chain b"])");
    it.world.say(client, R"(2["echo"])");
    const std::string after = it.world.metrics.text();
    CHECK_THAT(after, Catch::Contains("wshub_plugin_slow_total" + figure("event", "chain*") + "2\n"));
    CHECK_THAT(after, Catch::Contains("wshub_plugin_slow_total" + figure("event", "echo") + "1\n"));
    CHECK_THAT(after, !Catch::Contains("chain b"));
    CHECK(calls("handler=\"event\"") == 3);
    CHECK(calls("handler=\"connect\"") == 1);
    CHECK(calls("handler=\"timer\"") == 0);
    it.world.pass(base::milliseconds{1001});
    CHECK_THAT(it.world.metrics.text(), Catch::Contains("wshub_plugin_slow_total" + figure("timer", "") + "1\n"));
    CHECK(calls("plugin=\"good\"") ==
          static_cast<double>(it.world.metrics.total_histogram("wshub_handler_seconds").count));
}

TEST_CASE("each call of a handler is counted by how long it took, failed ones too", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    const auto calls = [&] { return it.world.metrics.total_histogram("wshub_handler_seconds").count; };
    const std::int64_t before = calls();
    it.world.say(client, R"(2["echo"])");
    CHECK(calls() == before + 1);
    it.world.say(client, R"(2["boom"])");
    CHECK(calls() == before + 2);
    CHECK_THAT(it.world.metrics.text(), Catch::Contains("wshub_handler_seconds_bucket{plugin=\"good\",le=\"0.05\"} " +
                                                        std::to_string(before + 2)));
}

TEST_CASE("a plugin may refuse a session, and one that fails at that refuses it too", "[handlers]") {
    LogCapture log;
    Running it;
    it.world.run();
    CHECK(got(it.world.connect(R"({"banned":true})")) ==
          Packets{R"(4{"message":"you are banned","data":{"code":"banned","message":"you are banned"}})"});
    CHECK(got(it.world.connect(R"({"throw":true})")) ==
          Packets{R"(4{"message":"Internal error","data":{"code":"INTERNAL","message":"internal error"}})"});
    const Packets packets = got(it.world.connect());
    REQUIRE(packets.size() == 2);
    CHECK_THAT(packets[0], Catch::StartsWith(R"(0{"sid":)"));
    CHECK(packets[1] == R"(2["welcome",20])");
}

TEST_CASE("rooms: joining and leaving are told once", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    CHECK(it.world.say(client, R"(21["join","r1"])") == Packets{"31[true]", R"(2["joined","r1"])"});
    CHECK(it.world.say(client, R"(22["join","r1"])") == Packets{"32[false]"});
    CHECK(it.world.say(client, R"(23["leave","r1"])") == Packets{"33[true]", R"(2["left","r1"])"});
    CHECK(it.world.say(client, R"(24["leave","r1"])") == Packets{"34[false]"});
    CHECK(it.world.say(client, R"(25["join","s"])") == Packets{"35[true]", R"(2["joined","s"])"});
    CHECK(it.world.say(client, R"(26["leave","s"])") == Packets{"36[true]"});  // on_leave is for r*
}

TEST_CASE("private rooms are reached by their plugin alone", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession &one = it.world.client(), &two = it.world.client();
    CHECK(it.world.say(one, R"(21["hide"])") == Packets{"31[true,true,false,false,[]]"});
    it.world.say(two, R"(2["join","x"])");
    it.world.say(two, R"(2["join","good/x"])");
    CHECK(it.world.say(two, R"(2["to_hidden"])").empty());
    CHECK(got(one) == Packets{R"(2["psst"])"});
}

TEST_CASE("what is known of sessions, users and variables", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& one = it.world.client(R"({"token":1})");
    FakeSession& two = it.world.client();
    CHECK(it.world.say(one, R"(21["name","ann"])") == Packets{"31[true,true]"});
    CHECK(it.world.say(two, R"(21["name","ann"])") == Packets{"31[false,false]"});
    CHECK(it.world.say(one, R"(22["vars",{"a":[1.0]}])") == Packets{R"(32[{"a":[1.0]},{"a":[1.0]},""])"});
    CHECK(it.world.say(one, R"(23["who"])") == Packets{R"(33[2,2,2,1,["/"]])"});
    CHECK(it.world.say(one, R"(24["fields"])") == Packets{R"(34["/","127.0.0.1",null,{"token":1},{},"polling"])"});
    CHECK(it.world.say(two, R"(25["fields"])") == Packets{R"(35["/","127.0.0.1",null,null,{},"polling"])"});
}

TEST_CASE("what a session leaves behind is told when it goes", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession &one = it.world.client(), &two = it.world.client();
    it.world.say(one, R"(2["name","ann"])");
    it.world.say(one, R"(2["echo"])");
    it.world.say(one, R"(2["echo"])");
    one.drop();
    it.world.turn();
    CHECK(got(two) == Packets{R"(2["gone","ann","transport close",2])"});
}

TEST_CASE("a client that is asked answers, or is late, or goes", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession &one = it.world.client(), &two = it.world.client();
    CHECK(it.world.say(one, R"(2["ask"])") == Packets{R"(20["question"])"});
    it.world.say(one, R"(30["yes"])");
    CHECK(got(two) == Packets{R"(2["replied",true,false,"yes"])"});
    it.world.say(one, R"(2["ask"])");
    it.world.pass(base::milliseconds{1010});
    const Packets late = got(two);
    CHECK(std::count(late.begin(), late.end(), R"(2["replied",false,true,null])") == 1);
    it.world.say(one, R"(2["ask"])");
    one.drop();
    it.world.turn();
    const Packets gone = got(two);
    CHECK(std::count(gone.begin(), gone.end(), R"(2["replied",false,false,null])") == 1);
}

TEST_CASE("a plugin's namespaces are apart from each other", "[handlers]") {
    Running it;
    it.world.set("good", "namespaces", "/a, /b").run();
    CHECK(it.world.host->serves("/a"));
    CHECK_FALSE(it.world.host->serves("/"));
    FakeSession &a = it.world.client({}, "/a"), &b = it.world.client({}, "/b");
    CHECK(it.world.say(a, R"(2/a,["here"])") == Packets{R"(2/a,["here"])"});
    CHECK(got(b).empty());
    CHECK(it.world.say(a, R"(2/a,1["who"])") == Packets{R"(3/a,1[1,1,1,0,["/a","/b"]])"});
    it.world.say(a, R"(2/a,["join","lobby"])");
    it.world.say(b, R"(2/b,["join","lobby"])");
    // A post without a session speaks to each namespace, and the sender, named and in the room, gets it once.
    CHECK(it.world.say(a, R"(2/a,["everywhere"])") == Packets{R"(2/a,["everywhere"])"});
    CHECK(got(b) == Packets{R"(2/b,["everywhere"])"});
    // One with a session speaks to that session's.
    CHECK(it.world.say(a, R"(2/a,["post"])") == Packets{R"(2/a,["posted"])"});
    CHECK(got(b).empty());
}

TEST_CASE("a plugin in plain C works like others", "[handlers]") {
    Running it({"plain"});
    it.world.run();
    FakeSession& client = it.world.client();
    CHECK(it.world.say(client, R"(21["c:echo",1e3])") == Packets{"31[1e3]"});
    client.text(R"(51-2["c:echo",{"_placeholder":true,"num":0}])");
    client.binary("b");
    CHECK(got(client) == Packets{R"(61-2[{"_placeholder":true,"num":0}])", "b:b"});
    const auto info = it.world.host->plugins().front();
    CHECK(info.version == "0.9.0");
}

TEST_CASE("nothing of a plugin is called after it was stopped", "[handlers]") {
    Running it;
    it.world.run();
    FakeSession& client = it.world.client();
    it.world.say(client, R"(2["later"])");
    it.world.host->stop();
    it.world.pass(base::milliseconds{5000});
    CHECK(got(client).empty());
    CHECK(it.world.say(client, R"(21["echo",1])").size() == 2);  // nobody's event
    it.world.host->stop();                                       // once more does nothing
}

TEST_CASE("outside of plugins no call is under way", "[handlers]") {
    CHECK(host::current_call() == nullptr);
}
