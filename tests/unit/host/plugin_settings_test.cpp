#include "host/plugin_settings.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"

using namespace wshub;
using host::PluginSettings;

namespace {

wshub_str str(std::string_view text) {
    return {text.data(), text.size()};
}

std::vector<base::RawSetting> section(std::vector<std::pair<std::string, std::string>> keys) {
    std::vector<base::RawSetting> settings{{"plugin.other", "limit", "not ours", "wshub.ini:1"}};
    for (auto& [key, value] : keys) {
        settings.push_back({"plugin.mine", key, value, "wshub.ini:" + std::to_string(settings.size() + 1)});
    }
    return settings;
}

wshub_setting setting(std::uint32_t type, std::string_view key, std::string_view otherwise, std::string_view min = {},
                      std::string_view max = {}) {
    wshub_setting made{};
    made.size = sizeof made;
    made.type = type;
    made.key = str(key);
    made.dflt = str(otherwise);
    made.min = str(min);
    made.max = str(max);
    made.help = str("A help text.");
    return made;
}

}  // namespace

TEST_CASE("a setting is handed over in the form of its type", "[plugin_settings]") {
    auto [type, text, value] = GENERATE(table<std::uint32_t, std::string, std::string>({
        {WSHUB_CFG_STRING, "a, \"b\" # c", "a, \"b\" # c"},
        {WSHUB_CFG_STRING, "", ""},
        {WSHUB_CFG_INT, "-12", "-12"},
        {WSHUB_CFG_DOUBLE, "0.25", "0.25"},
        {WSHUB_CFG_BOOL, "Yes", "true"},
        {WSHUB_CFG_BOOL, "0", "false"},
        {WSHUB_CFG_DURATION, "1.5s", "1500"},
        {WSHUB_CFG_DURATION, "2m", "120000"},
        {WSHUB_CFG_SIZE, "256KB", "256000"},
        {WSHUB_CFG_SIZE, "1KiB", "1024"},
        {WSHUB_CFG_LIST, " a,, b c ", "a\nb c"},
        {WSHUB_CFG_SECRET, "hunter2", "hunter2"},
        {WSHUB_CFG_PATH, "/etc/./wshub/../words", "/etc/words"},
        {WSHUB_CFG_PATH, "", ""},
    }));
    const std::string otherwise = type == WSHUB_CFG_BOOL ? "true" : type == WSHUB_CFG_STRING ? "x" : "1";
    PluginSettings settings("mine", section({{"key", text}}));
    std::string got;
    const bool has_unit = type == WSHUB_CFG_DURATION;
    CHECK(settings.declare(setting(type, "key", has_unit ? "1s" : otherwise), got) == WSHUB_OK);
    CHECK(got == value);
    CHECK(settings.problems().empty());
}

TEST_CASE("a value that does not fit is reported with what would do, and the default is given", "[plugin_settings]") {
    struct Case {
        wshub_setting asked;
        std::string text, problem;
    };
    const Case each = GENERATE(values<Case>({
        {setting(WSHUB_CFG_INT, "key", "1"), "many", "expected a whole number"},
        {setting(WSHUB_CFG_INT, "key", "1", "1", "10"), "many", "expected a whole number from 1 to 10"},
        {setting(WSHUB_CFG_INT, "key", "1", "1", "10"), "0", "expected a whole number from 1 to 10"},
        {setting(WSHUB_CFG_INT, "key", "1", "1", "10"), "11", "expected a whole number from 1 to 10"},
        {setting(WSHUB_CFG_INT, "key", "1", "", "10"), "11", "expected a whole number of at most 10"},
        {setting(WSHUB_CFG_INT, "key", "1", "-2147483648", "2147483647"), "x", "expected a whole number"},
        {setting(WSHUB_CFG_DOUBLE, "key", "1", "0.5"), "0.4", "expected a number of at least 0.5"},
        {setting(WSHUB_CFG_BOOL, "key", "true"), "maybe", "expected true or false"},
        {setting(WSHUB_CFG_DURATION, "key", "1s", "1s", "1m"), "61s",
         "expected a duration such as 500ms, 25s or 5m, from 1s to 1m"},
        {setting(WSHUB_CFG_PATH, "key", "/x"), std::string(80, '/') + std::string(4016, 'x'), "expected a path"},
        {setting(WSHUB_CFG_SIZE, "key", "1KB", "", "1MB"), "lots",
         "expected a size such as 512, 256KB or 1MB, of at most 1MB"},
    }));
    PluginSettings settings("mine", section({{"key", each.text}}));
    std::string got, unset;
    REQUIRE(settings.declare(each.asked, got) == WSHUB_OK);
    REQUIRE(PluginSettings("mine", {}).declare(each.asked, unset) == WSHUB_OK);
    CHECK(got == unset);
    CHECK(settings.problems() == host::Problems{"wshub.ini:2 [plugin.mine] key = \"" + base::log::printable(each.text) +
                                                "\": " + each.problem});
}

TEST_CASE("a path is relative to the file in which it stands", "[plugin_settings]") {
    const auto setting_of = [](std::string_view otherwise) { return setting(WSHUB_CFG_PATH, "file", otherwise); };
    std::string got;
    PluginSettings given("mine", section({{"file", "keys/../a b.pem"}}), "/etc/wshub");
    CHECK(given.declare(setting_of(""), got) == WSHUB_OK);
    CHECK(got == "/etc/wshub/a b.pem");
    CHECK(given.declared().front().value == "/etc/wshub/a b.pem");
    CHECK(given.declared().front().type == "path");
    PluginSettings unset("mine", {}, "/etc/wshub");
    CHECK(unset.declare(setting_of("words.txt"), got) == WSHUB_OK);
    CHECK(got == "/etc/wshub/words.txt");
    CHECK(unset.declared().front().default_value == "words.txt");
    PluginSettings homeless("mine", {});
    CHECK(homeless.declare(setting_of("words.txt"), got) == WSHUB_OK);
    CHECK(got == (std::filesystem::current_path() / "words.txt").string());
    CHECK(PluginSettings("mine", {}).declare(setting_of(std::string_view("a\0b", 3)), got) == WSHUB_EINVAL);
}

TEST_CASE("it is known whether a section says anything but the defaults", "[plugin_settings]") {
    const auto change = [](std::vector<std::pair<std::string, std::string>> keys) {
        PluginSettings settings("mine", section(std::move(keys)));
        std::string got;
        settings.declare(setting(WSHUB_CFG_INT, "limit", "1"), got);
        settings.declare(setting(WSHUB_CFG_DURATION, "pause", "1s"), got);
        return settings.first_change();
    };
    CHECK(change({}).empty());
    CHECK(change({{"limit", "1"}, {"pause", "1000ms"}, {"namespaces", "/"}, {"roles", ""}}).empty());
    CHECK(change({{"limit", "1"}, {"pause", "2s"}}) == "pause (wshub.ini:3)");
    CHECK(change({{"namespaces", "/chat"}}) == "namespaces (wshub.ini:2)");
    CHECK(change({{"roles", "admin"}, {"limit", "2"}}) == "roles (wshub.ini:2)");
}

TEST_CASE("keys that nobody reads and keys set twice are reported", "[plugin_settings]") {
    std::vector<base::RawSetting> all = section({{"limt", "5"}, {"limit", "5"}, {"limit", "6"}});
    all.push_back({"plugin.mine", "limit", "7", "--set"});
    PluginSettings settings("mine", all);
    std::string got;
    settings.declare(setting(WSHUB_CFG_INT, "limit", "1"), got);
    CHECK(got == "7");
    CHECK(settings.problems() ==
          host::Problems{
              "wshub.ini:4 [plugin.mine] limit = \"6\": set before, at wshub.ini:3",
              "wshub.ini:2 [plugin.mine] limt = \"5\": unknown key, the plugin knows limit, namespaces, roles"});
}

TEST_CASE("roles are the host's own key", "[plugin_settings]") {
    std::string got;
    CHECK(PluginSettings("mine", {}).roles().empty());
    CHECK(PluginSettings("mine", section({{"roles", ""}})).roles().empty());
    CHECK(PluginSettings("mine", section({{"roles", ""}})).problems().empty());
    CHECK(PluginSettings("mine", section({{"roles", "admin, chat editor"}})).roles() ==
          std::vector<std::string>{"admin", "chat editor"});
    const PluginSettings wrong("mine", section({{"roles", " , "}}));
    CHECK(wrong.problems() == host::Problems{"wshub.ini:2 [plugin.mine] roles = \" , \": expected a list of roles such "
                                             "as admin, or nothing"});
    CHECK(PluginSettings("mine", {}).declare(setting(WSHUB_CFG_LIST, "roles", ""), got) == WSHUB_EINVAL);
}

TEST_CASE("namespaces are the host's own key", "[plugin_settings]") {
    using Names = std::vector<std::string>;
    CHECK(PluginSettings("mine", {}).namespaces() == Names{"/"});
    CHECK(PluginSettings("mine", section({{"namespaces", "/chat, /"}})).namespaces() == Names{"/", "/chat"});
    const auto value = GENERATE(as<std::string>{}, "", "chat", "/, chat", "/a, /, /a", "/a b", "/a?b");
    const PluginSettings wrong("mine", section({{"namespaces", value}}));
    CHECK(wrong.namespaces() == Names{"/"});
    CHECK(wrong.problems() == host::Problems{"wshub.ini:2 [plugin.mine] namespaces = \"" + value +
                                             "\": expected a list of namespaces such as /, /chat, none twice"});
    std::string got;
    CHECK(PluginSettings("mine", {}).declare(setting(WSHUB_CFG_LIST, "namespaces", "/"), got) == WSHUB_EINVAL);
}

TEST_CASE("a declaration that makes no sense is the plugin's mistake", "[plugin_settings]") {
    PluginSettings settings("mine", {});
    std::string got;
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "Key", "1"), got) == WSHUB_EINVAL);
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "", "1"), got) == WSHUB_EINVAL);
    CHECK(settings.declare(setting(99, "key", "1"), got) == WSHUB_EINVAL);
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "key", "one"), got) == WSHUB_EINVAL);
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "key", "1", "2", "3"), got) == WSHUB_EINVAL);
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "key", "1", "low"), got) == WSHUB_EINVAL);
    CHECK(settings.declare(setting(WSHUB_CFG_STRING, "key", "a", "1"), got) == WSHUB_EINVAL);
    CHECK(settings.declared().empty());
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "key", "1"), got) == WSHUB_OK);
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "key", "1"), got) == WSHUB_OK);
    CHECK(settings.declare(setting(WSHUB_CFG_INT, "key", "2"), got) == WSHUB_EEXIST);
    CHECK(settings.declare(setting(WSHUB_CFG_BOOL, "key", "true"), got) == WSHUB_EEXIST);
}

TEST_CASE("what was declared can be shown, secrets excepted", "[plugin_settings]") {
    PluginSettings settings("mine", section({{"token", "hunter2"}, {"pause", "5s"}}));
    std::string got;
    settings.declare(setting(WSHUB_CFG_SECRET, "token", ""), got);
    settings.declare(setting(WSHUB_CFG_DURATION, "pause", "1s"), got);
    settings.declare(setting(WSHUB_CFG_SECRET, "unset", ""), got);
    REQUIRE(settings.declared().size() == 3);
    const host::SettingInfo& token = settings.declared()[0];
    CHECK(token.secret);
    CHECK(token.value == "***");
    CHECK(settings.declared()[1].type == "duration");
    CHECK(settings.declared()[1].value == "5s");
    CHECK(settings.declared()[1].default_value == "1s");
    CHECK(settings.declared()[1].help == "A help text.");
    CHECK(settings.declared()[2].value.empty());
}
