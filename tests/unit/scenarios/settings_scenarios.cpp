// Settings: what is read, and how both hosts say what is wrong.
#include "stage.h"

using namespace wshub::test;

TEST_CASE("settings reach the plugin in their types", "[scenarios]") {
    const auto settings = GENERATE(values<Settings>({
        {},
        {{"text", "x, y"}, {"limit", "1000"}, {"ratio", "1e-3"}, {"open", "No"}, {"pause", "1.5s"}, {"most", "2KiB"}},
        {{"items", " a ,, b,c"},
         {"token", "secret"},
         {"limit", "1"},
         {"ratio", ".5"},
         {"pause", "1m"},
         {"most", "1MB"}},
        {{"items", ""}, {"text", ""}, {"open", "ON"}, {"pause", "100ms"}, {"ratio", "0"}, {"most", "1"}},
        {{"file", "some/../where.txt"}, {"log", "/var//log/x"}},
        {{"file", ""}, {"log", "../here"}},
    }));
    same("settings", settings, [](Stage& at) {
        at.connect("a");
        at.ask("a", "settings", "[]");
    });
}

TEST_CASE("what is wrong with settings is said in the same words", "[scenarios]") {
    const auto settings = GENERATE(values<Settings>({
        {{"limit", "many"}},
        {{"limit", "0"}},
        {{"limit", "1001"}},
        {{"limit", "+5"}},
        {{"limit", "99999999999999999999"}},
        {{"ratio", "half"}, {"open", "maybe"}},
        {{"ratio", "1.5"}},
        {{"ratio", "nan"}},
        {{"ratio", "0x1p-1"}},
        {{"ratio", "+0.5"}},
        {{"pause", "25 parsecs"}},
        {{"pause", "61s"}},
        {{"pause", "5"}},
        {{"pause", "0.5ms"}},
        {{"most", "2MB"}},
        {{"most", "1.5KB"}},
        {{"most", "0"}},
        {{"most", "99999999999GB"}},
        {{"limt", "5"}, {"tokn", "sesame"}, {"text", "x"}},
        {{"namespaces", "chat"}},
        {{"namespaces", "/a, /a"}},
        {{"namespaces", ""}},
        {{"namespaces", "/a b"}},
        {{"roles", ","}},
        {{"text", "a"}, {"text", "b"}},
        {{"file", std::string(4096, 'x')}},
        {{"limit", "a\x01\xff"}},
        {{"limit", std::string(300, 'x')}},
    }));
    const Lines real = real_problems("settings", settings);
    REQUIRE(!real.empty());
    CHECK(fake_problems("settings", settings) == real);
}
