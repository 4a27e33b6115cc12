#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "host/child_probe.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;
using host::Problems;

namespace {

// The one problem that enabling this plugin alone leads to, without its "plugin FILE: ".
std::string refusal(const PluginDirectory& directory, const std::string& plugin) {
    HostWorld world(directory, {plugin});
    const Problems problems = world.load();
    REQUIRE(problems.size() == 1);
    const std::string prefix = "plugin " + directory.file(plugin).string() + ": ";
    REQUIRE_THAT(problems.front(), Catch::StartsWith(prefix));
    const auto infos = world.host->plugins();
    REQUIRE(infos.size() == 1);
    CHECK(infos.front().error == problems.front());
    CHECK_FALSE(world.host->serves("/"));
    return problems.front().substr(prefix.size());
}

std::vector<std::string> names(const host::PluginHost& host) {
    std::vector<std::string> names;
    for (const host::PluginInfo& info : host.plugins()) names.push_back(info.name + (info.error.empty() ? "" : "!"));
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a plugin that cannot be loaded is refused for its own reason", "[loading]") {
    auto [plugin, reason] = GENERATE(table<std::string, std::string>({
        {"other_major", "built for plugin ABI 2, this server speaks ABI 1 (plugin SDK 1.0.0)"},
        {"newer_minor", "needs plugin ABI 1.3 or newer, this server has 1.0 (plugin SDK 1.0.0)"},
        {"short_descriptor", "the wshub descriptor is too short"},
        {"no_descriptor", "exports wshub_plugin_entry_v1 but carries no wshub descriptor note"},
        {"no_entry", "wshub_plugin_entry_v1 is not exported (version script or visibility?)"},
        {"not_a_plugin", "not a wshub plugin (no wshub descriptor: use WSHUB_PLUGIN(...))"},
        {"incomplete", "incomplete plugin table"},
        {"no_functions", "incomplete plugin table"},
        {"nameless", "the descriptor has no plugin name"},
        {"odd_name", "the name 'Odd/Name' may hold lower case letters, digits, '_' and '-' only"},
        {"odd_requirement", "requires 'good>1', which is not of the form name or name>=version"},
        {"undefined", "undefined symbol: missing_function"},
        {"needs_gone", "libwshub_gone.so: cannot open shared object file: No such file or directory"},
        {"ctor_throws", "refused to start: cannot open the word list"},
        {"ctor_throws_int", "refused to start: unknown exception"},
        {"needs_missing", "requires nobody, which is not enabled"},
        {"twin", "the plugin in it is called 'plain'"},
    }));
    INFO(plugin);
    CHECK(refusal(PluginDirectory({plugin}), plugin) == reason);
}

TEST_CASE("a plugin of a later minor version is loaded if it does not need it", "[loading]") {
    PluginDirectory directory({"newer"});
    HostWorld world(directory, {"newer"});
    world.run();
    CHECK(world.host->plugins().front().abi_minor == 3);
    CHECK(world.say(world.client(), R"(21["c:echo",1])") == Packets{"31[1]"});
}

TEST_CASE("a plugin built with another sanitizer is refused", "[loading]") {
    CHECK_THAT(refusal(PluginDirectory({"other_sanitizer"}), "other_sanitizer"),
               Catch::StartsWith("built with a sanitizer this server was not built with ("));
}

TEST_CASE("what registers what it must not is refused", "[loading]") {
    CHECK_THAT(refusal(PluginDirectory({"wshub_metric"}), "wshub_metric"),
               Catch::StartsWith("refused to start: metric 'wshub_events_total': refused by the host"));
    CHECK_THAT(refusal(PluginDirectory({"handler_name"}), "handler_name"),
               Catch::StartsWith("refused to start: a handler for 'a*b': refused by the host"));
}

TEST_CASE("files that are no plugins are refused", "[loading]") {
    PluginDirectory directory;
    const std::string whole = read_file(built_plugin("plain"));
    directory.write("empty", "");
    directory.write("text", "# not a library\n");
    directory.write("half", std::string_view(whole).substr(0, whole.size() / 2));
    directory.write("program", read_file("/proc/self/exe"));
    std::filesystem::create_directory(directory.file("folder"));
    REQUIRE(::mkfifo(directory.file("fifo").c_str(), 0600) == 0);
    CHECK(refusal(directory, "empty") == "file is empty (still being written?)");
    CHECK(refusal(directory, "text") == "not a shared library (no ELF header)");
    CHECK_THAT(refusal(directory, "half"), Catch::StartsWith("truncated: "));
    CHECK(refusal(directory, "program") == "an executable, not a plugin");
    CHECK(refusal(directory, "folder") == "not a regular file");
    CHECK(refusal(directory, "fifo") == "not a regular file");
}

TEST_CASE("a missing plugin is named with what is installed", "[loading]") {
    PluginDirectory directory({"plain", "good"});
    CHECK(refusal(directory, "goood") ==
          "cannot open: No such file or directory (installed in " + directory.path().string() + ": good, plain)");
}

TEST_CASE("a file that others could change is refused, and so is such a directory", "[loading]") {
    PluginDirectory directory({"plain"});
    const std::string file = directory.file("plain").string(), path = directory.path().string();
    ::chmod(file.c_str(), 0664);
    CHECK(refusal(directory, "plain") == "writable by group or others (mode 0664), run: chmod go-w " + file);
    ::chmod(file.c_str(), 0646);
    CHECK(refusal(directory, "plain") == "writable by group or others (mode 0646), run: chmod go-w " + file);
    ::chmod(file.c_str(), 0644);
    ::chmod(path.c_str(), 0777);
    CHECK(HostWorld(directory, {"plain"}).load() ==
          Problems{"plugin directory " + path + ": writable by group or others (mode 0777), run: chmod go-w " + path});
}

TEST_CASE("a file of another user is refused", "[loading]") {
    if (::geteuid() != 0) return;  // only root can give a file away
    PluginDirectory directory({"plain"});
    REQUIRE(::chown(directory.file("plain").c_str(), 12345, 12345) == 0);
    CHECK(refusal(directory, "plain") == "owned by user 12345, neither root nor the user that the server runs as (0)");
}

TEST_CASE("a directory that is not there is a problem only if something is wanted of it", "[loading]") {
    PluginDirectory directory;
    HostWorld nothing(directory, {});
    nothing.settings.directory = "/nowhere/at/all";
    CHECK(nothing.load().empty());
    HostWorld something(directory, {"plain"});
    something.settings.directory = "/nowhere/at/all";
    CHECK(something.load() == Problems{"plugin directory /nowhere/at/all: cannot open: No such file or directory"});
}

TEST_CASE("two files with one name are refused before any is loaded", "[loading]") {
    PluginDirectory directory({"twin", "plain"});
    HostWorld world(directory, {"plain"});
    CHECK(world.load() == Problems{"plugin " + directory.file("twin").string() +
                                   ": the name 'plain' is already taken by " + directory.file("plain").string()});
}

TEST_CASE("a plugin that is enabled twice is a problem", "[loading]") {
    CHECK(HostWorld(PluginDirectory({"plain"}), {"plain", "plain"}).load() ==
          Problems{"[plugins] enabled: names plain twice"});
}

TEST_CASE("plugins are started after those they need, whatever the order in the settings", "[loading]") {
    PluginDirectory directory({"needs_good", "plain", "good"});
    HostWorld world(directory, {"needs_good", "plain", "good"});
    world.run();
    CHECK(names(*world.host) == Names{"good", "needs_good", "plain"});
}

TEST_CASE("plugins are stopped before those they need", "[loading]") {
    LogCapture log;
    PluginDirectory directory({"needs_good", "good"});
    HostWorld world(directory, {"needs_good", "good"});
    world.run();
    world.host->stop();
    const std::string text = log.text();
    const std::size_t first = text.find("info [needs_good] stops"), second = text.find("info [good] stops");
    REQUIRE(first != std::string::npos);
    REQUIRE(second != std::string::npos);
    CHECK(first < second);
}

TEST_CASE("requirements that cannot be met are refused", "[loading]") {
    PluginDirectory directory({"needs_newer", "good", "cycle_a", "cycle_b", "cycle_c"});
    const auto problem = [&](const std::string& name, const std::string& reason) {
        return "plugin " + directory.file(name).string() + ": " + reason;
    };
    HostWorld old(directory, {"needs_newer", "good"});
    CHECK(old.load() == Problems{problem("needs_newer", "requires good>=1.10, which is 1.2.0")});
    HostWorld cycle(directory, {"cycle_b", "cycle_a", "cycle_c"});
    Problems problems = cycle.load();
    std::sort(problems.begin(), problems.end());
    CHECK(problems ==
          Problems{problem("cycle_a", "requirements form a cycle: cycle_a -> cycle_b -> cycle_c -> cycle_a"),
                   problem("cycle_b", "requirements form a cycle: cycle_b -> cycle_c -> cycle_a -> cycle_b"),
                   problem("cycle_c", "requirements form a cycle: cycle_c -> cycle_a -> cycle_b -> cycle_c")});
}

TEST_CASE("all that is wrong is said at once", "[loading]") {
    PluginDirectory directory({"settings", "ctor_throws", "no_entry"});
    HostWorld world(directory, {"ctor_throws", "settings", "no_entry", "absent"});
    world.set("settings", "limit", "many").set("settings", "limt", "5");
    const Problems problems = world.load();
    CHECK(problems.size() == 5);
}

TEST_CASE("a plugin whose start fails stops the start, and those before it", "[loading]") {
    PluginDirectory directory({"good", "start_throws", "plain"});
    HostWorld world(directory, {"good", "start_throws", "plain"});
    REQUIRE(world.load().empty());
    CHECK_THROWS_WITH(world.host->start(),
                      "plugin " + directory.file("start_throws").string() + ": start failed: port 9 is taken");
    CHECK_FALSE(world.host->serves("/"));
}

TEST_CASE("with on_error = skip what is refused is left out, with those that need it", "[loading]") {
    LogCapture log;
    PluginDirectory directory({"good", "start_throws", "needs_start_throws", "ctor_throws"});
    HostWorld world(directory, {"needs_start_throws", "start_throws", "ctor_throws", "absent", "good"});
    world.settings.on_error = host::OnError::kSkip;
    world.run();
    CHECK(names(*world.host) == Names{"good", "absent!", "ctor_throws!", "start_throws!", "needs_start_throws!"});
    CHECK_THAT(log.text(), Catch::Contains("error plugin " + directory.file("needs_start_throws").string() +
                                           ": requires start_throws, which was refused"));
    CHECK(world.say(world.client(), R"(21["echo",1])") == Packets{"31[1]"});
}

TEST_CASE("wrong settings are problems also with on_error = skip", "[loading]") {
    PluginDirectory directory({"settings"});
    HostWorld world(directory, {"settings"});
    world.settings.on_error = host::OnError::kSkip;
    world.set("settings", "limit", "0").set("settings", "pause", "1d").set("settings", "colour", "red");
    CHECK(world.load() ==
          Problems{"wshub.ini:1 [plugin.settings] limit = \"0\": expected a whole number from 1 to 1000",
                   "wshub.ini:2 [plugin.settings] pause = \"1d\": expected a duration such as 500ms, 25s or 5m, from "
                   "100ms to 60s",
                   "wshub.ini:3 [plugin.settings] colour = \"red\": unknown key, the plugin knows text, limit, ratio, "
                   "open, pause, most, items, token, file, log, namespaces, roles"});
}

TEST_CASE("a plugin gets its settings, and defaults for the rest", "[loading]") {
    PluginDirectory directory({"settings"});
    HostWorld defaults(directory, {"settings"});
    defaults.settings.home = "/etc/wshub";
    CHECK(defaults.run().say(defaults.client(), R"(20["settings"])") ==
          Packets{R"(30["hello",10,0.5,true,30000,10000,["a","b"],"","/etc/wshub/words/first.txt",""])"});
    HostWorld world(directory, {"settings"});
    world.set("settings", "text", "").set("settings", "limit", "1000").set("settings", "ratio", "0");
    world.set("settings", "open", "off").set("settings", "pause", "100ms").set("settings", "most", "1MB");
    world.set("settings", "items", "x").set("settings", "token", "t");
    world.set("settings", "file", "x").set("settings", "log", "/tmp/../x");
    world.settings.home = "/srv";
    CHECK(world.run().say(world.client(), R"(20["settings"])") ==
          Packets{R"(30["",1000,0,false,100,1000000,["x"],"t","/srv/x","/x"])"});
    const auto info = world.host->plugins().front();
    REQUIRE(info.settings.size() == 10);
    CHECK(info.settings[7].value == "***");
    CHECK(info.events == Names{"settings"});
    CHECK(info.namespaces == Names{"/"});
}

TEST_CASE("sections of plugins that are not enabled are checked, and the plugin is not run", "[loading]") {
    LogCapture log;
    PluginDirectory directory({"settings", "start_throws", "no_entry", "good"});
    HostWorld world(directory, {});
    world.set("settings", "limit", "many").set("start_throws", "x", "1");
    world.set("no_entry", "x", "1").set("absent", "x", "1").set("absent", "y", "1").set("good", "namespaces", "/");
    CHECK(world.load() ==
          Problems{"wshub.ini:1 [plugin.settings] limit = \"many\": expected a whole number from 1 to 1000",
                   "wshub.ini:2 [plugin.start_throws] x = \"1\": unknown key, the plugin knows namespaces, roles",
                   "wshub.ini:4 [plugin.absent] x = \"1\": no plugin absent is installed in " +
                       directory.path().string() + " (installed: good, settings, start_throws)"});
    CHECK_THAT(log.text(),
               Catch::Contains("warning [plugin.no_entry] cannot be checked: plugin " +
                               directory.file("no_entry").string() + ": wshub_plugin_entry_v1 is not exported"));
    CHECK(world.host->plugins().empty());
    CHECK_THAT(world.metrics.text(), !Catch::Contains("good_echoes_total"));
    CHECK_THAT(log.text(), !Catch::Contains("has no effect"));
}

TEST_CASE("who sets up a plugin and does not enable it is told so", "[loading]") {
    LogCapture log;
    PluginDirectory directory({"settings", "good"});
    HostWorld world(directory, {"good"});
    world.set("settings", "limit", "10").set("settings", "pause", "30s").set("settings", "text", "hi");
    CHECK(world.load().empty());
    CHECK(log.text() ==
          "warning [plugin.settings] has no effect, since settings is not in [plugins] enabled; it sets text "
          "(wshub.ini:3)\n");
}

TEST_CASE("a static initialiser that fails is found by the child's probe", "[loading]") {
    PluginDirectory directory({"static_throws", "static_crashes", "good"});
    HostWorld world(directory, {"static_throws", "static_crashes", "good"});
    world.settings.probe_program = WSHUB_PROBE_PROGRAM;
    const Problems problems = world.load();
    REQUIRE(problems.size() == 2);
    CHECK_THAT(problems[0], Catch::StartsWith("plugin " + directory.file("static_throws").string() +
                                              ": crashed while loading: Aborted (") &&
                                Catch::Contains("static init boom"));
    CHECK_THAT(problems[1], Catch::StartsWith("plugin " + directory.file("static_crashes").string() + ": "));
}

TEST_CASE("the child's probe says what it finds", "[loading]") {
    const std::filesystem::path program = WSHUB_PROBE_PROGRAM;
    PluginDirectory directory({"good", "static_hangs", "undefined"});
    CHECK(host::probe_in_child(program, directory.file("good")).empty());
    CHECK(host::probe_in_child(program, directory.file("static_hangs"), base::milliseconds{300}) ==
          "did not load within 300 ms");
    CHECK(host::probe_in_child(program, directory.file("undefined")) == "undefined symbol: missing_function");
    CHECK(host::probe_in_child(program, directory.file("absent")) == "cannot open: No such file or directory");
    CHECK(host::probe_in_child("/nowhere/wshub", directory.file("good")) ==
          "cannot be probed: /nowhere/wshub: No such file or directory");
}
