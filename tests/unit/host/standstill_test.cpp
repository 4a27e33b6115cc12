// What is said of calls of plugins that do not return: of handlers, and of the steps of a reload.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "host/call_scope.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;
using std::chrono::milliseconds;

namespace {

// A hub with the plugin "counter", which stands still there as long as it is told to.
struct Standing {
    explicit Standing(const std::string& where) : world(directory, {"counter"}) {
        directory.write("counter", read_file(built_plugin("counter_1")));
        world.set("counter", "stands_still_in", where).set("counter", "while_there_is", obstacle.string());
    }
    ~Standing() { let_go(); }
    void stand_still() { std::ofstream(obstacle) << "\n"; }
    void let_go() { std::filesystem::remove(obstacle); }

    bool logged(const std::string& text) const { return times_logged(text) > 0; }
    std::size_t times_logged(const std::string& text) const {
        const std::string all = captured.text();
        std::size_t count = 0;
        for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
        return count;
    }

    LogCapture captured;
    PluginDirectory directory;
    std::filesystem::path obstacle = directory.path() / "obstacle";
    HostWorld world;
};

bool comes_true(const std::function<bool()>& what) {
    for (int i = 0; i < 500; ++i) {
        if (what()) return true;
        std::this_thread::sleep_for(milliseconds{10});
    }
    return false;
}

const std::string kHandler = "warning plugin handler has not returned yet plugin=";

}  // namespace

TEST_CASE("a step of a reload that does not return is named while it lasts, and when it is over", "[standstill]") {
    const std::string step = GENERATE(as<std::string>(), "stop", "save", "restore", "start");
    Standing site(step);
    site.world.settings.reload_patience = milliseconds{3'000};
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,1]"});
    site.stand_still();
    REQUIRE(site.world.host->request_reload("counter"));
    const std::string named =
        "warning plugin does not come back from a step of its reload, its events may wait plugin=";
    const bool told = comes_true([&] {
        site.world.host->watch_calls();
        if (site.logged(named)) return true;
        site.world.clock.advance(milliseconds{3'000});
        return false;
    });
    for (int i = 0; i < 3; ++i) site.world.host->watch_calls();
    site.let_go();
    site.world.host->finish_reloads();
    INFO(site.captured.text());
    CHECK(told);
    CHECK(site.times_logged(named + "counter step=" + step + " for=") == 1);
    CHECK(site.logged("warning plugin step was slow plugin=counter version=1.0.0 step=" + step + " took="));
    CHECK(site.logged("plugin reloaded name=counter"));
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,2]"});
}

TEST_CASE("steps that take no time are not named", "[standstill]") {
    Standing site("");
    site.world.run();
    REQUIRE(site.world.host->request_reload("counter"));
    site.world.host->finish_reloads();
    site.world.host->watch_calls();
    CHECK(site.logged("plugin reloaded name=counter"));
    CHECK_FALSE(site.logged("step"));
}

TEST_CASE("a handler that does not return is named while it runs, once, and counts as a slow one", "[standstill]") {
    Standing site("event");
    site.world.settings.quarantine = {true, 1, milliseconds{10'000}};
    site.world.run();
    FakeSession& client = site.world.client();
    site.stand_still();
    std::atomic<pid_t> number{0};
    Packets answers;
    std::thread loop([&] {
        number = static_cast<pid_t>(::syscall(SYS_gettid));
        answers = site.world.say(client, R"(21["stand still"])");
    });
    const auto call = [&] { return host::running_call_of(number); };
    const bool runs = comes_true([&] { return number != 0 && call(); });
    const std::string what = call() ? call()->what : "";
    site.world.clock.advance(milliseconds{999});
    site.world.host->watch_calls();
    const bool too_early = site.logged(kHandler);
    site.world.clock.advance(milliseconds{1});
    for (int i = 0; i < 3; ++i) site.world.host->watch_calls();
    const auto troubles = site.world.host->troubles();
    site.let_go();
    loop.join();
    INFO(site.captured.text());
    CHECK(runs);
    CHECK(what == "stand still");
    CHECK_FALSE(too_early);
    CHECK(site.times_logged(kHandler + "counter handler=event name=stand still for=1000ms on=loop thread=" +
                            std::to_string(number)) == 1);
    REQUIRE(troubles.size() == 1);
    CHECK(troubles[0].what == "quarantined");
    CHECK(site.times_logged("plugin handler was slow plugin=counter handler=event name=stand still took=1s") == 1);
    CHECK(answers == Packets{R"(31["turns again"])"});
    CHECK_THAT(
        site.world.metrics.text(),
        Catch::Contains("wshub_plugin_slow_total{plugin=\"counter\",handler=\"event\",name=\"stand still\"} 1\n"));
    CHECK_FALSE(call());
}

TEST_CASE("a handler on a worker may take its time, but not for ever", "[standstill]") {
    Standing site("");
    site.directory.add("blocking");
    site.world.settings.enabled = {"blocking", "counter"};
    site.world.run();
    FakeSession &alice = site.world.client(), &bob = site.world.client();
    alice.text(R"(21["wait"])");
    CHECK(comes_true([&] { return site.world.say(bob, R"(22["waiting"])") == Packets{"32[1]"}; }));
    site.world.clock.advance(milliseconds{29'999});
    site.world.host->watch_calls();
    CHECK_FALSE(site.logged(kHandler));
    site.world.clock.advance(milliseconds{1});
    for (int i = 0; i < 3; ++i) site.world.host->watch_calls();
    CHECK(site.times_logged(kHandler + "blocking handler=event name=wait for=30000ms on=worker") == 1);
    site.world.say(bob, R"(2["release"])");
    CHECK(comes_true([&] {
        site.world.turn();
        const Packets packets = got(alice);
        return std::find(packets.begin(), packets.end(), "31[true]") != packets.end();
    }));
    CHECK(site.logged("plugin handler was slow plugin=blocking handler=event name=wait took=30s"));
}

TEST_CASE("of calls inside each other the innermost is seen, and each is told of once", "[standstill]") {
    const base::SteadyTime then{milliseconds{5}};
    const auto own = [] { return host::running_call_of(static_cast<pid_t>(::syscall(SYS_gettid))); };
    const int host = 0;
    host::CallScope outer, inner, step;
    outer.plugin = inner.plugin = step.plugin = "rooms";
    outer.what = std::string_view("an event whose name is much longer than what is kept of it, as clients choose them");
    inner.kind = 8;
    step.step = "save";
    CHECK_FALSE(own());
    {
        host::EnterCall first(outer, 5, &host, 7, then);
        const auto seen = own();
        REQUIRE(seen);
        CHECK(seen->plugin == "rooms");
        CHECK(seen->what == outer.what.substr(0, 64));
        CHECK(seen->instance == 7);
        CHECK(seen->handler == 5);
        CHECK(seen->since == then);
        CHECK(host::claim(*seen));
        CHECK_FALSE(host::claim(*seen));
        {
            host::EnterCall second(inner, 6, &host, 8, then);
            CHECK(own()->instance == 8);
            CHECK(own()->handler == 6);
            CHECK(host::current_call()->doing() == "timer");
            CHECK_FALSE(host::claim(*seen));
            const host::EnterCall third(step, 0, &host, 9, then);
            CHECK(host::current_call() == nullptr);
            CHECK(host::current_activity()->doing() == "save");
            CHECK(own()->is_step);
        }
        CHECK(own()->number == seen->number);
        CHECK_FALSE(host::claim(*seen));
        CHECK(host::running_calls(&host).size() == 1);
        CHECK(host::running_calls(nullptr).empty());
        CHECK(first.leave());
        CHECK_FALSE(own());
    }
    host::EnterCall again(outer, 5, &host, 7, then);
    CHECK_FALSE(again.leave());
}
