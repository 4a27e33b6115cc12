// Versions of plugins that take over while the hub runs.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "fake_exchange.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;
using std::chrono::milliseconds;

namespace {

// A hub with the plugin "counter", version 1.
struct Counting {
    explicit Counting(bool hot_reload = true) : world(directory, {"counter"}) {
        put("counter_1");
        world.settings.hot_reload = hot_reload;
        world.settings.probe_program = WSHUB_PROBE_PROGRAM;
        world.settings.quarantine = {true, 5, milliseconds{10'000}};
    }
    // As a linker or an installer does: the new file takes the name at once.
    void put(const std::string& version, const std::string& name = "counter") {
        const std::filesystem::path passing = directory.path() / ".passing";
        std::ofstream(passing, std::ios::binary) << read_file(built_plugin(version));
        ::chmod(passing.c_str(), 0644);
        std::filesystem::rename(passing, directory.file(name));
    }
    void reload(std::string_view plugin = "counter") {
        REQUIRE(world.host->request_reload(plugin));
        world.host->finish_reloads();
    }
    std::string log() const { return captured.text(); }
    bool logged(const std::string& text) const { return log().find(text) != std::string::npos; }
    std::size_t count_in_log(const std::string& text) const {
        const std::string all = log();
        std::size_t count = 0;
        for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
        return count;
    }
    // Until the reload thread has come to it by itself.
    bool comes_to_log(const std::string& text, std::size_t times = 1) {
        for (int i = 0; i < 500 && count_in_log(text) < times; ++i) std::this_thread::sleep_for(milliseconds{10});
        world.host->finish_reloads();
        return count_in_log(text) >= times;
    }

    LogCapture captured;
    PluginDirectory directory;
    HostWorld world;
};

std::size_t copies_in(const std::filesystem::path& directory) {
    std::size_t count = 0;
    for (const auto& each : std::filesystem::directory_iterator(directory)) {
        if (each.path().extension() == ".image") ++count;
    }
    return count;
}

// As on a disk that is full: whoever writes to a file is told so, root too.
class NoFileGrows {
public:
    NoFileGrows() : handled_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~NoFileGrows() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        ::signal(SIGXFSZ, handled_);
    }
    NoFileGrows(const NoFileGrows&) = delete;

private:
    rlimit before_{};
    const sighandler_t handled_;
};

const Packets kCounted1{R"(31[1,1])"};

}  // namespace

TEST_CASE("a new version takes over with what the old one saved", "[reloads]") {
    const bool hot = GENERATE(true, false);
    INFO((hot ? "hot_reload" : "by request"));
    Counting site(hot);
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    CHECK(site.world.say(client, R"(21["gone in 2"])") == Packets{R"(31["yes"])"});
    site.world.say(client, R"(21["remember","it"])");
    site.put("counter_2");
    site.reload();
    INFO(site.log());
    CHECK(site.logged("plugin reloaded name=counter version=2.0.0 before=1.0.0"));
    CHECK_FALSE(site.logged("stays mapped"));
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[2,2]"});
    CHECK(site.world.say(client, R"(21["totals"])") == Packets{"31[2,2,2,0]"});
    CHECK(site.world.say(client, R"(21["recall"])") == Packets{R"(31["\"it\""])"});
    CHECK(site.world.say(client, R"(21["new in 2"])") == Packets{R"(31["yes"])"});
    CHECK(site.world.say(client, R"(2["gone in 2"])").front().find("UNKNOWN_EVENT") != std::string::npos);
    CHECK(site.world.host->http_prefixes() == std::vector<std::string>{"/counter", "/new"});
    CHECK(site.world.host->plugins().front().version == "2.0.0");
}

TEST_CASE("a version that cannot take over leaves the old one serving and says why", "[reloads]") {
    auto [file, reason] = GENERATE(table<std::string, std::string>({
        {"counter_ctor_throws", "refused to start: cannot open the word list"},
        {"counter_restore_throws", "restore failed: cannot read what was saved"},
        {"counter_start_throws", "start failed: port 9 is taken"},
        {"counter_static_crashes", "crashed while loading: Aborted"},
        {"other_major", "built for plugin ABI 2, this server speaks ABI 1 (plugin SDK 1.0.0)"},
        {"good", "the plugin in it is called 'good'"},
    }));
    INFO(file);
    Counting site;
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    site.put(file);
    site.reload();
    INFO(site.log());
    CHECK(site.logged(reason));
    CHECK(site.logged("; version 1.0.0 serves on"));
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,2]"});
    // Builds with sanitizers keep what they may have to name later.
    if (std::getenv("WSHUB_KEEP_IMAGES") == nullptr) CHECK(copies_in(site.directory.path()) == 1);
}

TEST_CASE("a file that is not whole is left alone until it is", "[reloads]") {
    Counting site;
    site.world.run();
    FakeSession& client = site.world.client();
    const std::string whole = read_file(built_plugin("counter_2"));
    site.directory.write("counter", std::string_view(whole).substr(0, whole.size() / 2));
    INFO(site.log());
    CHECK(site.comes_to_log("serves on"));
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    site.directory.write("counter", whole);
    CHECK(site.comes_to_log("plugin reloaded name=counter version=2.0.0"));
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[2,2]"});
}

TEST_CASE("files that come and go are plugins that come and go", "[reloads]") {
    Counting site;
    site.world.settings.enabled = {"counter", "good"};
    site.directory.add("good");
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    std::filesystem::remove(site.directory.file("counter"));
    CHECK(site.comes_to_log("plugin unloaded name=counter version=1.0.0 reason=\"its file was removed\""));
    CHECK(site.world.say(client, R"(2["count"])").front().find("UNKNOWN_EVENT") != std::string::npos);
    CHECK(site.world.say(client, R"(21["echo",1])") == Packets{"31[1]"});
    site.put("counter_2");
    CHECK(site.comes_to_log("plugin started name=counter version=2.0.0"));
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[2,2]"});
    CHECK_FALSE(site.logged("stays mapped"));
}

TEST_CASE("an unchanged file is not loaded again unless it is asked for by name", "[reloads]") {
    Counting site;
    site.world.run();
    site.put("counter_1");
    site.reload("");
    CHECK_FALSE(site.logged("plugin reloaded"));
    site.reload();
    CHECK(site.logged("plugin reloaded name=counter version=1.0.0 before=1.0.0"));
}

TEST_CASE("a plugin can ask for its own reload", "[reloads]") {
    Counting site;
    site.world.run();
    std::atomic<int> outcomes{0};
    site.world.host->set_control([&](const std::string& operation, const std::string& arguments, const std::string& who,
                                     host::ControlDone done) {
        CHECK(operation == "reload");
        CHECK(arguments == R"({"plugin":"counter"})");
        CHECK(who == "plugin counter");
        CHECK(site.world.host->request_reload("counter", [&outcomes, done](const host::ReloadOutcome& outcome) {
            outcomes += outcome.problems.empty() && outcome.changes.front().what == "reloaded" ? 1 : 100;
            done({{}, {}, "{}"});  // for a version that is gone
        }));
    });
    CHECK(site.world.say(site.world.client(), R"(21["reload","counter"])") == Packets{"31[true]"});
    CHECK(site.comes_to_log("plugin reloaded name=counter"));
    site.world.host->finish_reloads();
    CHECK(outcomes == 1);
    CHECK_FALSE(site.world.host->request_reload("nobody"));
}

TEST_CASE("changed settings and lists of plugins are applied without a restart", "[reloads]") {
    Counting site;
    site.directory.add("good");
    host::HostSettings next;
    next.enabled = {"good", "counter"};
    next.plugin_settings = {{"plugin.counter", "step", "10", "wshub.ini:9"}};
    site.world.settings.read_again = [&next](auto&) { return std::optional(next); };
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    CHECK(site.world.say(client, R"(2["echo",1])").front().find("UNKNOWN_EVENT") != std::string::npos);
    site.reload("");
    INFO(site.log());
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,11]"});
    CHECK(site.world.say(client, R"(21["echo",1])") == Packets{"31[1]"});
    const auto plugins = site.world.host->plugins();
    REQUIRE(plugins.size() == 2);
    CHECK(plugins.front().name == "good");
    next.enabled = {"good"};
    next.plugin_settings.clear();
    site.reload("");
    CHECK(site.logged("plugin unloaded name=counter"));
    CHECK(site.world.say(client, R"(2["count"])").front().find("UNKNOWN_EVENT") != std::string::npos);
    CHECK(site.world.say(client, R"(21["echo",1])") == Packets{"31[1]"});
}

TEST_CASE("a configuration with errors changes nothing and all of them are said", "[reloads]") {
    Counting site;
    site.directory.add("good");
    host::HostSettings next;
    next.enabled = {"good", "counter"};
    next.plugin_settings = {{"plugin.counter", "step", "many", "wshub.ini:9"},
                            {"plugin.counter", "stepp", "2", "wshub.ini:10"},
                            {"plugin.nobody", "x", "2", "wshub.ini:12"}};
    site.world.settings.read_again = [&next](auto&) { return std::optional(next); };
    site.world.run();
    FakeSession& client = site.world.client();
    site.reload("");
    INFO(site.log());
    CHECK(site.logged(R"(wshub.ini:9 [plugin.counter] step = "many")"));
    CHECK(site.logged(R"(wshub.ini:10 [plugin.counter] stepp = "2")"));
    CHECK(site.logged("wshub.ini:12 [plugin.nobody]"));
    CHECK(site.logged("the configuration has errors (3): nothing was changed"));
    CHECK(site.world.host->plugins().size() == 1);
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    next.plugin_settings.clear();
    site.reload("");
    CHECK(site.world.host->plugins().size() == 2);
}

TEST_CASE("a version that fails too often is rolled back by itself", "[reloads]") {
    Counting site;
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    for (int i = 0; i < 100; ++i) site.world.say(client, R"(21["totals"])");  // which are not the new version's
    site.put("counter_handler_throws");
    site.reload();
    for (int i = 0; i < 3; ++i) {
        CHECK(site.world.say(client, R"(21["count"])").back().find("INTERNAL") != std::string::npos);
    }
    CHECK(site.comes_to_log("plugin counter: version 3.0.0 failed in 3 of"));
    const bool back = site.comes_to_log("plugin reloaded name=counter version=1.0.0 before=3.0.0");
    INFO(site.log());
    CHECK(back);
    site.reload("");  // not the same file again
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,2]"});
    CHECK(site.world.metrics.text().find(R"(wshub_plugin_rollbacks_total{plugin="counter"} 1)") != std::string::npos);
    CHECK_FALSE(site.logged("stays mapped"));
}

TEST_CASE("a version that stands before all events is rolled back like others, and they reach their plugins again",
          "[reloads]") {
    Counting site;
    site.world.settings.enabled = {"counter", "good"};
    site.directory.add("good");
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["echo",1])") == Packets{"31[1]"});
    site.put("counter_any_throws");
    site.reload();
    for (int i = 0; i < 3; ++i) {
        const Packets answer = site.world.say(client, i == 1 ? R"(21["no such event"])" : R"(21["echo",1])");
        CHECK(answer.back().find("INTERNAL") != std::string::npos);
    }
    const bool back = site.comes_to_log("plugin reloaded name=counter version=1.0.0 before=3.0.0");
    INFO(site.log());
    CHECK(back);
    CHECK(site.world.say(client, R"(21["echo",1])") == Packets{"31[1]"});
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    CHECK(site.world.say(client, R"(2["no such event"])").front().find("UNKNOWN_EVENT") != std::string::npos);
}

TEST_CASE("settings that make a version fail are rolled back, and count again when they are mended", "[reloads]") {
    Counting site;
    host::HostSettings next;
    next.enabled = {"counter"};
    site.world.settings.read_again = [&next](auto&) { return std::optional(next); };
    site.world.run();
    FakeSession& client = site.world.client();
    const auto count = [&] { return site.world.say(client, R"(21["count"])"); };
    const auto set = [&](std::vector<base::RawSetting> settings) {
        next.plugin_settings = std::move(settings);
        site.reload("");
    };
    const base::RawSetting broken{"plugin.counter", "broken", "true", "wshub.ini:9"};
    CHECK(count() == kCounted1);
    set({broken});
    for (int i = 0; i < 3; ++i) CHECK(count().back().find("INTERNAL") != std::string::npos);
    const bool back = site.comes_to_log("plugin reloaded name=counter version=1.0.0 before=1.0.0", 2);
    INFO(site.log());
    CHECK(back);
    CHECK(count() == Packets{"31[1,2]"});

    SECTION("unchanged, they are left alone, which is said once") {
        const std::string skipped = "plugin counter: version 1.0.0 with the settings that it has now was rolled back";
        set({broken});
        set({broken});
        CHECK(site.count_in_log(skipped) == 1);
        CHECK(count() == Packets{"31[1,3]"});
    }
    SECTION("other ones are taken") {
        set({{"plugin.counter", "step", "10", "wshub.ini:9"}});
        CHECK(count() == Packets{"31[1,12]"});
    }
    SECTION("those that run already need no reload, and bad ones that come back are tried again") {
        set({});
        CHECK(site.logged("plugin counter: what is configured is what runs again"));
        CHECK(count() == Packets{"31[1,3]"});
        set({broken});
        CHECK(count().back().find("INTERNAL") != std::string::npos);
    }
    SECTION("a plugin that is taken out and put back is loaded") {
        next.enabled = {};
        set({});
        CHECK(site.logged("plugin unloaded name=counter"));
        next.enabled = {"counter"};
        set({broken});
        CHECK(site.logged("plugin started name=counter version=1.0.0"));
        CHECK(count().back().find("INTERNAL") != std::string::npos);
        CHECK(site.world.host->request_reload("counter"));
    }
    SECTION("a reload by name is tried, and forgets what was before") {
        site.reload();
        CHECK(count().back().find("INTERNAL") != std::string::npos);
        set({{"plugin.counter", "step", "10", "wshub.ini:9"}});
        set({broken});
        CHECK(count().back().find("INTERNAL") != std::string::npos);
    }
}

TEST_CASE("settings that could not be taken are tried again by the next request", "[reloads]") {
    Counting site(false);
    host::HostSettings next;
    next.enabled = {"counter"};
    next.plugin_settings = {{"plugin.counter", "step", "10", "wshub.ini:9"}};
    site.world.settings.read_again = [&next](auto&) { return std::optional(next); };
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    site.put("counter_restore_throws");
    site.reload("");
    CHECK(site.logged("serves on"));
    site.put("counter_1");
    site.reload("");
    INFO(site.log());
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,11]"});
}

TEST_CASE("a plugin that is removed and comes back is loaded, whatever was rolled back before", "[reloads]") {
    Counting site;
    site.world.run();
    FakeSession& client = site.world.client();
    site.put("counter_handler_throws");
    site.reload();
    for (int i = 0; i < 3; ++i) site.world.say(client, R"(21["count"])");
    CHECK(site.comes_to_log("plugin reloaded name=counter version=1.0.0 before=3.0.0"));
    std::filesystem::remove(site.directory.file("counter"));
    CHECK(site.comes_to_log("plugin unloaded name=counter version=1.0.0"));
    site.put("counter_handler_throws");
    CHECK(site.comes_to_log("plugin started name=counter version=3.0.0"));
}

TEST_CASE("the version of the start is gone back to, also where the directory is not watched", "[reloads]") {
    Counting site(false);
    site.world.run();
    FakeSession& client = site.world.client();
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    site.put("counter_handler_throws");
    site.reload();
    for (int i = 0; i < 3; ++i) {
        CHECK(site.world.say(client, R"(21["count"])").back().find("INTERNAL") != std::string::npos);
    }
    const bool back = site.comes_to_log("plugin reloaded name=counter version=1.0.0 before=3.0.0");
    INFO(site.log());
    CHECK(back);
    CHECK(site.world.say(client, R"(21["count"])") == Packets{"31[1,2]"});
}

TEST_CASE("what is mapped is a copy, so that the file may be written over", "[reloads]") {
    const bool hot = GENERATE(true, false);
    INFO((hot ? "hot_reload" : "by request"));
    Counting site(hot);
    site.world.run();
    CHECK(read_file("/proc/self/maps").find(site.directory.file("counter").string()) == std::string::npos);
    CHECK(site.world.host->plugins().front().file == site.directory.file("counter").string());
}

TEST_CASE("where no copy can be made, the file itself is mapped and a warning says so", "[reloads]") {
    Counting site(false);
    {
        const NoFileGrows guard;
        site.world.run();
    }
    INFO(site.log());
    CHECK(site.logged("warning plugin counter: " + site.directory.file("counter").string() + " cannot be copied"));
    CHECK(site.world.say(site.world.client(), R"(21["count"])") == kCounted1);
    CHECK(copies_in(site.directory.path()) == 0);
}

TEST_CASE("where the directory is watched, a plugin that cannot be copied is refused", "[reloads]") {
    Counting site(true);
    const NoFileGrows guard;
    const host::Problems problems = site.world.load();
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().find("cannot be copied") != std::string::npos);
}

TEST_CASE("a version that has proved itself is not rolled back", "[reloads]") {
    Counting site;
    site.world.settings.rollback_window = milliseconds{0};
    site.world.run();
    FakeSession& client = site.world.client();
    site.put("counter_handler_throws");
    site.reload();
    for (int i = 0; i < 4; ++i) site.world.say(client, R"(21["count"])");
    site.reload("");
    CHECK_FALSE(site.logged("going back"));
}

TEST_CASE("a plugin that keeps failing is put in quarantine until it is reloaded", "[reloads]") {
    Counting site;
    site.world.settings.rollback_window = milliseconds{0};
    site.put("counter_handler_throws");
    site.world.run();
    FakeSession& client = site.world.client();
    for (int i = 0; i < 5; ++i) site.world.say(client, R"(21["count"])");
    CHECK(site.logged("plugin counter: 5 failures or slow handlers within 10s: in quarantine"));
    CHECK(site.world.say(client, R"(21["totals"])").back().find("INTERNAL") != std::string::npos);
    const std::string quarantined = R"(wshub_plugin_quarantined{plugin="counter"} )";
    CHECK(site.world.metrics.text().find(quarantined + "1") != std::string::npos);
    REQUIRE(site.world.host->troubles().size() == 1);
    CHECK(site.world.host->troubles()[0].name == "counter");
    CHECK(site.world.host->troubles()[0].what == "quarantined");
    site.reload("");  // unchanged, but it is the way out
    CHECK(site.world.say(client, R"(21["totals"])") == Packets{"31[3,0,5,0]"});
    CHECK(site.world.metrics.text().find(quarantined + "0") != std::string::npos);
    CHECK(site.world.host->troubles().empty());
}

TEST_CASE("a plugin in quarantine whose file is removed goes, and one that comes back is in none", "[reloads]") {
    Counting site;
    site.world.settings.rollback_window = milliseconds{0};
    site.put("counter_handler_throws");
    site.world.run();
    FakeSession& client = site.world.client();
    for (int i = 0; i < 5; ++i) site.world.say(client, R"(21["count"])");
    CHECK(site.logged("in quarantine"));
    std::filesystem::remove(site.directory.file("counter"));
    CHECK(site.comes_to_log("plugin unloaded name=counter version=3.0.0 reason=\"its file was removed\""));
    CHECK(site.world.say(client, R"(2["totals"])").front().find("UNKNOWN_EVENT") != std::string::npos);
    site.put("counter_1");
    CHECK(site.comes_to_log("plugin started name=counter version=1.0.0"));
    CHECK(site.world.say(client, R"(21["totals"])") == Packets{"31[1,0,5,0]"});  // what the other saved
    CHECK(site.world.say(client, R"(21["count"])") == kCounted1);
    CHECK(site.world.metrics.text().find(R"(wshub_plugin_quarantined{plugin="counter"} 0)") != std::string::npos);
    CHECK_FALSE(site.logged("stays mapped"));
}

TEST_CASE("a reload waits for handlers that block, but not for ever", "[reloads]") {
    Counting site;
    site.directory.add("blocking");
    site.world.settings.enabled = {"blocking"};
    site.world.settings.reload_patience = milliseconds{100};
    site.world.run();
    FakeSession& alice = site.world.client();
    FakeSession& bob = site.world.client();
    CHECK(site.world.say(alice, R"(21["wait"])").empty());
    const auto waiting = [&] { return site.world.say(bob, R"(22["waiting"])"); };
    for (int i = 0; i < 500 && waiting() != Packets{"32[1]"}; ++i) std::this_thread::sleep_for(milliseconds{10});
    site.reload("blocking");
    CHECK(site.logged(
        "was not loaded: a handler of the running version did not come back within 100ms ([plugins] reload_patience); "
        "version 1.0.0 serves on"));
    CHECK(waiting() == Packets{"32[1]"});
    site.world.say(bob, R"(2["release"])");
    bool answered = false;
    for (int i = 0; i < 500 && !answered; ++i) {
        std::this_thread::sleep_for(milliseconds{10});
        site.world.turn();
        const Packets packets = got(alice);
        answered = std::find(packets.begin(), packets.end(), "31[true]") != packets.end();
    }
    CHECK(answered);
    site.reload("blocking");
    INFO(site.log());
    CHECK(site.logged("plugin reloaded name=blocking"));
}

TEST_CASE("who is held at the door when a version goes is closed, not refused", "[reloads]") {
    Counting site;
    site.world.run();
    FakeSession& client = site.world.connect(R"({"wait":true})");
    site.world.turn();
    CHECK(got(client).empty());
    site.reload();
    site.world.turn();
    CHECK(got(client).empty());
    CHECK(client.close_reason());
}

TEST_CASE("plugins that others require stay, and take no version that is too old", "[reloads]") {
    Counting site;
    site.world.settings.enabled = {"good", "needs_good"};
    site.directory.add("good");
    site.directory.add("needs_good");
    site.world.run();
    std::filesystem::remove(site.directory.file("good"));
    const bool said = site.comes_to_log("plugin good runs on, although its file was removed: needs_good requires it");
    INFO(site.log());
    CHECK(said);
    CHECK(site.world.host->plugins().size() == 2);
}
