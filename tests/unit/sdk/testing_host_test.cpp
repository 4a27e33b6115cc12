// FakeHost where the real host has nothing to compare with: its own interface. That it does what the hub does is for
// tests/unit/scenarios.
#include <wshub/testing.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
namespace json = wshub::json;

namespace {

struct Echo : wshub::Plugin {
    explicit Echo(wshub::Host host) : Plugin(host) {
        on_connect([](wshub::Connect& connect) {
            if (connect.auth()["banned"].boolean()) connect.reject("banned", "you are banned");
        });
        on("echo", [this](wshub::Event& event) {
            echoed.inc();
            all().except(event.session()).emit("echo:seen", event[0]);
            event.ack_raw(event.raw_args());
        });
        on("later", [this](wshub::Event& event) { after(2s, [ack = event.take_ack()] { ack("late"); }); });
        on("hidden", [](wshub::Event& event) { event.session().join_private("hidden"); });
        on("boom", [](wshub::Event&) { throw std::runtime_error("as it was told"); });
        every(30s, [this] { all().volatile_().emit("tick", now_ms()); });
        http("GET /greeting", [](wshub::Http& request) {
            request.reply(200, "text/plain", "hello " + std::string(request.header("X-Name")));
        });
    }
    int limit = config("limit", 10, "How many.", {1, 100});
    wshub::Counter echoed = counter("echoed_total", "Events echoed");
    bool started = false;
    int stopped = 0;

protected:
    void on_start() override { started = true; }
    void on_stop() override { ++stopped; }
};

struct Worker : wshub::Plugin {
    explicit Worker(wshub::Host host) : Plugin(host) {}
    std::atomic<int> turns{0};

protected:
    void on_start() override {
        thread([this](wshub::StopToken token) {
            while (token.sleep(1ms)) {
                ++turns;
                all().emit("turn", sessions().size());
                for (const wshub::Session& session : sessions()) session.join("worked");
            }
        });
    }
};

struct Endless : wshub::Plugin {
    explicit Endless(wshub::Host host) : Plugin(host) {
        on("endless", [this](wshub::Event&) { again(); });
    }
    void again() {
        post([this] { again(); });
    }
};

template <class Thrown, class Act>
std::string what_is_thrown(Act act) {
    try {
        act();
    } catch (const Thrown& thrown) {
        return thrown.what();
    }
    return "nothing";
}

struct RefusesToBe : wshub::Plugin {
    explicit RefusesToBe(wshub::Host host) : Plugin(host) { throw std::runtime_error("no words\nto say"); }
};
struct FailsToStart : wshub::Plugin {
    explicit FailsToStart(wshub::Host host) : Plugin(host) {}

protected:
    void on_start() override { throw std::runtime_error("port 9 is taken"); }
};
struct SameRoute : wshub::Plugin {
    explicit SameRoute(wshub::Host host) : Plugin(host) {
        http("GET /greeting", [](wshub::Http&) {});
    }
};

}  // namespace

TEST_CASE("the shortest test of a plugin is short", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    auto client = host.connect();
    CHECK(client.ask("echo", "hi") == R"(["hi"])");
}

TEST_CASE("clients see what they are sent, each line once", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    auto alice = host.connect(), bob = host.connect();
    alice.emit("echo", 1);
    alice.emit("echo", json::obj("a", 2));
    CHECK(bob.received() == "echo:seen [1]\necho:seen [{\"a\":2}]");
    CHECK(bob.received().empty());
    REQUIRE(bob.inbox().size() == 2);
    CHECK(bob.inbox()[1][0]["a"].num() == 2);
    CHECK(alice.received().empty());
    CHECK(bob.history() == "connected\ngot echo:seen [1]\ngot echo:seen [{\"a\":2}]\n");
}

TEST_CASE("attachments are sent and echoed", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    auto alice = host.connect();
    const auto answer = alice.ask_raw("echo", "[" + json::bin(0).text + "]", {"bytes"});
    CHECK(answer == R"([{"_placeholder":true,"num":0}] <bytes>)");
    REQUIRE(answer.attachments().size() == 1);
    CHECK(answer.attachments()[0] == "bytes");
}

TEST_CASE("an answer that comes later is seen when it has come", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    auto alice = host.connect();
    const auto answer = alice.ask("later");
    CHECK_FALSE(answer.given());
    CHECK(answer == "no answer");
    CHECK(answer[0].is_missing());
    host.advance(1999ms);
    CHECK(answer != R"(["late"])");
    host.advance(1ms);
    CHECK(answer == R"(["late"])");
    CHECK(answer[0].str() == "late");
}

TEST_CASE("clients are refused", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    wshub::FakeConnect as;
    as.auth = R"({"banned":true})";
    auto eve = host.connect(as);
    CHECK_FALSE(eve.connected());
    CHECK(eve.state() == "refused");
    CHECK(eve.refusal() == R"({"message":"you are banned","data":{"code":"banned","message":"you are banned"}})");
    CHECK(eve.ask("echo", 1) == "not connected");
    as.auth = "[]";
    CHECK_THROWS_AS(host.connect(as), std::invalid_argument);
}

TEST_CASE("a client that goes", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>({{"namespaces", "/, /more"}});
    auto alice = host.connect(), other = alice.also("/more");
    other.disconnect();
    CHECK(other.end_reason() == "io client disconnect");
    CHECK(alice.connected());
    other = alice.also("/more");
    CHECK(other.connected());
    alice.disconnect("ping timeout");
    CHECK(alice.end_reason() == "ping timeout");
    CHECK(other.state() == "disconnected");
}

TEST_CASE("a client that reads slowly loses what is volatile", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    auto slow = host.connect(), quick = host.connect();
    slow.read_slowly();
    host.advance(60s);
    CHECK(quick.received() == "tick [1700000030000]\ntick [1700000060000]");
    CHECK(slow.received().empty());
    slow.read_slowly(false);
    host.advance(30s);
    CHECK(slow.received() == "tick [1700000090000]");
}

TEST_CASE("the test can act on sessions as a plugin can", "[testing]") {
    wshub::FakeHost host;
    auto& plugin = host.load<Echo>();
    auto alice = host.connect();
    CHECK(alice.session().set_username("alice") == wshub::Session::Claim::done);
    CHECK(plugin.user("alice").id() == alice.id());
    alice.session().join("lobby");
    plugin.to("lobby").emit("hello");
    CHECK(alice.received() == "hello []");
    alice.emit("hidden");
    CHECK(plugin.session(alice.id()).in_private("hidden"));
    CHECK_FALSE(alice.session().in_private("hidden"));
}

TEST_CASE("handlers that fail are told of with their reason", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>({}, "echo");
    auto alice = host.connect();
    CHECK(host.failures().empty());
    CHECK(alice.ask("boom") == R"([{"status":"error","code":"INTERNAL","message":"internal error"}])");
    const std::string line =
        "plugin handler failed plugin=echo handler=event name=boom code=-7 reason=\"as it was told\"";
    CHECK(host.failures() == line);
    CHECK(host.log() == "error " + line);
}

TEST_CASE("figures are read by name", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>({}, "echo");
    auto alice = host.connect();
    alice.emit("echo", 1);
    alice.emit("echo", 2);
    CHECK(host.metric("echoed_total") == 2);
    CHECK(host.metric("nothing_total") == 0);
    CHECK(host.metrics() == "echoed_total{plugin=\"echo\"} 2\n");
}

TEST_CASE("the log has levels", "[testing]") {
    wshub::FakeHost host;
    auto& plugin = host.load<Echo>({}, "echo");
    plugin.debug("seen");
    host.set_log_level(wshub::Level::warn);
    CHECK_FALSE(plugin.log_enabled(wshub::Level::info));
    plugin.info("not seen");
    plugin.warn("seen too");
    CHECK(host.log() == "debug [echo] seen\nwarning [echo] seen too");
}

TEST_CASE("HTTP requests carry their headers, and may be abandoned", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    const auto answer = host.http("GET /greeting", "", "X-Name: you\r\n");
    CHECK(answer == "200 hello you");
    CHECK(answer.header("content-type") == "text/plain");
    CHECK(host.http("GET /nothing").status() == 404);
    CHECK_THROWS_AS(host.http("/greeting"), std::invalid_argument);
}

TEST_CASE("settings are checked as the host checks them", "[testing]") {
    wshub::FakeHost host;
    CHECK(what_is_thrown<std::runtime_error>([&] {
              host.load<Echo>({{"limit", "0"}, {"limt", "1"}}, "echo");
          }) ==
          "[plugin.echo] limit = \"0\": expected a whole number from 1 to 100\n"
          "[plugin.echo] limt = \"1\": unknown key, the plugin knows limit, namespaces, roles");
    CHECK(host.load<Echo>({{"limit", "7"}}).limit == 7);
}

TEST_CASE("plugins that cannot be made or started say why", "[testing]") {
    wshub::FakeHost host;
    CHECK(what_is_thrown<std::runtime_error>([&] { host.load<RefusesToBe>({}, "shy"); }) ==
          "plugin shy: refused to start: no words\\x0ato say");
    host.load<FailsToStart>({}, "late");
    CHECK(what_is_thrown<std::runtime_error>([&] { host.start(); }) == "plugin late: start failed: port 9 is taken");
}

TEST_CASE("several plugins are in one hub", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>({}, "one");
    CHECK(what_is_thrown<std::runtime_error>([&] { host.load<SameRoute>({}, "two"); }) ==
          "plugin two: the route 'GET /greeting' is already taken");
    host.load<Endless>({{"namespaces", "/three"}}, "three").info("here");
    CHECK(host.handles("endless", "/three"));
    CHECK_FALSE(host.handles("echo", "/three"));
    CHECK(host.handles("echo"));
    CHECK(host.log() == "info [three] here");
}

TEST_CASE("plugins are started by the first client, stopped, and started again", "[testing]") {
    wshub::FakeHost host;
    auto& plugin = host.load<Echo>();
    CHECK_FALSE(plugin.started);
    auto alice = host.connect();
    CHECK(plugin.started);
    host.stop();
    CHECK(plugin.stopped == 1);
    CHECK(alice.end_reason() == "server shutting down");
    host.start();
    auto bob = host.connect();
    CHECK(bob.ask("echo", 1) == "[1]");
}

TEST_CASE("threads of a plugin are real, and what they do arrives", "[testing]") {
    wshub::FakeHost host;
    auto& plugin = host.load<Worker>();
    auto alice = host.connect();
    CHECK(host.run_until([&] { return alice.session().in("worked") && alice.inbox().size() >= 3; }));
    CHECK(alice.inbox()[0].event == "turn");
    CHECK(plugin.turns > 0);
    CHECK_FALSE(host.run_until([] { return false; }, 5ms));
}

TEST_CASE("what no client can send is the test's mistake", "[testing]") {
    wshub::FakeHost host;
    host.load<Echo>();
    auto alice = host.connect();
    CHECK_THROWS_AS(alice.emit_raw("echo", "{}"), std::invalid_argument);
    CHECK_THROWS_AS(alice.emit_raw("echo", "[1"), std::invalid_argument);
    CHECK_THROWS_AS(alice.emit("connect"), std::invalid_argument);
    CHECK_THROWS_AS(alice.emit_raw("echo", "[" + json::bin(1).text + "]", {"one"}), std::invalid_argument);
    CHECK(what_is_thrown<std::logic_error>([&] { alice.answer("question"); }) ==
          "FakeClient::answer: no question waits for an answer");
}

TEST_CASE("posts that never end are told of", "[testing]") {
    wshub::FakeHost host;
    host.load<Endless>();
    auto alice = host.connect();
    CHECK_THROWS_AS(alice.emit("endless"), std::logic_error);
}

TEST_CASE("the number of rooms and the patience of a CONNECT can be set", "[testing]") {
    wshub::FakeHost host;
    host.set_max_rooms(1);
    host.load<Echo>();
    auto alice = host.connect();
    CHECK(alice.session().join("one"));
    CHECK_THROWS_AS(alice.session().join("two"), wshub::Error);
}
