// The command line of `wshub ctl`, and how answers look.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "control/control.h"
#include "server/ctl_operations.h"
#include "server/ctl_tables.h"

using namespace wshub::server;
using namespace std::chrono_literals;

using Words = std::vector<std::string_view>;

TEST_CASE("what stands behind an operation becomes its arguments", "[ctl]") {
    auto [words, json] = GENERATE(table<Words, std::string>({
        {{"stats"}, "{}"},
        {{"sessions", "alice", "limit=3", "order=desc"}, R"({"search":"alice","limit":3,"order":"desc"})"},
        {{"sessions", "search=a=b"}, R"({"search":"a=b"})"},
        {{"sessions", "a=b"}, R"({"search":"a=b"})"},
        {{"kick", "S1", "too loud"}, R"({"sid":"S1","reason":"too loud"})"},
        {{"kick", "reason=x", "S1"}, R"({"reason":"x","sid":"S1"})"},
        {{"kick", "-S1"}, R"({"sid":"-S1"})"},
        {{"kick", "sid=--S1"}, R"({"sid":"--S1"})"},
        {{"kick", "--", "--S1", "--json"}, R"({"sid":"--S1","reason":"--json"})"},
        {{"broadcast", "news", R"([1.50, {"a":"b"}])"}, R"({"event":"news","args":[1.50, {"a":"b"}]})"},
        {{"drain", "5m"}, R"({"after":"5m"})"},
        {{"drain", "on=no"}, R"({"on":false})"},
        {{"reload"}, "{}"},
    }));
    const CtlLine line = parse_ctl_line(words);
    CHECK(line.operation->name == words.front());
    CHECK(line.arguments == json);
}

TEST_CASE("options stand anywhere", "[ctl]") {
    const CtlLine line = parse_ctl_line(
        {"--socket", "/s", "sessions", "--json", "--timeout=3s", "alice", "--set", "a.b=c", "--config=f"});
    CHECK(line.socket == "/s");
    CHECK(line.config == "f");
    CHECK(line.json);
    CHECK(line.timeout == 3s);
    CHECK(line.overrides == std::vector<std::string>{"a.b=c"});
    CHECK(line.arguments == R"({"search":"alice"})");
    CHECK(parse_ctl_line({"kick", "--help"}).help);
    CHECK(parse_ctl_line({"help", "kick"}).operation->name == "kick");
    CHECK(parse_ctl_line({"--help"}).operation == nullptr);
}

TEST_CASE("a wrong line is refused in one sentence", "[ctl]") {
    auto [words, sentence] = GENERATE(table<Words, std::string>({
        {Words{}, "ctl needs an operation; wshub ctl --help shows them"},
        {{"sesions"}, R"(unknown operation "sesions", did you mean sessions?)"},
        {{"wibble"}, R"(unknown operation "wibble"; wshub ctl --help shows them)"},
        {{"stats", "x"}, R"(unexpected argument "x")"},
        {{"sessions", "a", "limt=3"}, R"(unexpected argument "limt=3", did you mean limit=?)"},
        {{"sessions", "limit=3", "limit=4"}, "limit is given twice"},
        {{"sessions", "limit=-1"}, "limit=-1: expected a whole number"},
        {{"kick"}, "kick needs sid; wshub ctl kick --help shows an example"},
        {{"broadcast", "x", "{"}, R"(args={: expected JSON, such as '["hello", 1]')"},
        {{"drain", "on=perhaps"}, "on=perhaps: expected true or false"},
        {{"stats", "--socket"}, "--socket needs a value"},
        {{"stats", "--socket="}, "--socket needs a path"},
        {{"stats", "--timeout", "0"}, R"(--timeout "0": expected a duration such as 10s)"},
        {{"stats", "--jso"}, R"(unknown option "--jso", did you mean --json?)"},
    }));
    CHECK_THROWS_WITH(parse_ctl_line(words), sentence);
}

TEST_CASE("ctl knows every operation that there is, and teaches it", "[ctl]") {
    std::vector<std::string_view> known;
    for (const CtlOperation& each : ctl_operations()) {
        known.push_back(each.name);
        CHECK_FALSE(each.examples.empty());
        for (const std::string_view example : each.examples) {
            CHECK(ctl_help(&each).find("wshub ctl " + std::string(example)) != std::string::npos);
        }
    }
    std::sort(known.begin(), known.end());
    CHECK(known == wshub::control::Control::operations());
}

TEST_CASE("tables are aligned by characters, numbers to the right", "[ctl]") {
    TextTable table({{"NAME"}, {"COUNT", true}, {"LAST"}});
    table.add({"Zoë", "7", "x"});
    table.add({"a", "1234567", "-"});
    CHECK(table.text() ==
          "NAME    COUNT  LAST\n"
          "Zoë         7  x\n"
          "a     1234567  -\n");
}

TEST_CASE("what clients call themselves cannot move the cursor", "[ctl]") {
    const std::string shown = show_result(
        "rooms", R"({"total":1,"matched":1,"items":[{"namespace":"/","name":"a\u001b[2Jb\nc","members":1}]})");
    CHECK(shown.find('\x1b') == std::string::npos);
    CHECK(shown.find("a\\x1b[2Jb\\x0ac") != std::string::npos);
    // U+009B begins a command as ESC [ does.
    const std::string csi = show_result("rooms",
                                        "{\"total\":1,\"matched\":1,\"items\":[{\"namespace\":\"/\",\"name\":\"\xc2\x9b"
                                        "2J\",\"members\":1}]}");
    CHECK(csi.find("\xc2\x9b") == std::string::npos);
    CHECK(csi.find("\\u009b2J") != std::string::npos);
}
