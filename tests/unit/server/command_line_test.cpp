#include "server/command_line.h"

#include <catch2/catch.hpp>

#include "server/help.h"

using namespace wshub::server;

using Arguments = std::vector<std::string_view>;

TEST_CASE("without arguments the program serves", "[command line]") {
    const CommandLine line = parse_command_line({});
    CHECK(line.action == Action::kServe);
    CHECK(line.config.empty());
    CHECK(line.overrides.empty());
}

TEST_CASE("a value stands behind its option, or behind an equals sign", "[command line]") {
    const auto arguments = GENERATE(values<Arguments>({{"--config", "a.ini", "--set", "x.y=z=1", "--set", "x.z=2"},
                                                       {"--set=x.y=z=1", "--config=a.ini", "--set=x.z=2"}}));
    const CommandLine line = parse_command_line(arguments);
    CHECK(line.config == "a.ini");
    CHECK(line.overrides == std::vector<std::string>{"x.y=z=1", "x.z=2"});
}

TEST_CASE("what is asked for is done instead of serving", "[command line]") {
    auto [argument, action] = GENERATE(table<std::string_view, Action>({
        {"--check", Action::kCheck},
        {"--print-config", Action::kPrintConfig},
        {"--version", Action::kVersion},
        {"--help", Action::kHelp},
        {"-h", Action::kHelp},
        {"--probe-plugin=x.so", Action::kProbePlugin},
        {"serve", Action::kServe},
        {"check", Action::kCheck},
        {"config", Action::kPrintConfig},
        {"help", Action::kHelp},
    }));
    CHECK(parse_command_line({argument}).action == action);
}

TEST_CASE("new-plugin takes a name, and a folder to make it in", "[command line]") {
    const auto arguments = GENERATE(values<Arguments>(
        {{"new-plugin", "demo", "--directory", "there"}, {"new-plugin", "--directory=there", "demo"}}));
    const CommandLine line = parse_command_line(arguments);
    CHECK(line.action == Action::kNewPlugin);
    CHECK(line.plugin_name == "demo");
    CHECK(line.directory == "there");
    CHECK(parse_command_line({"new-plugin", "demo"}).directory.empty());
    CHECK(parse_command_line({"new-plugin", "--help"}).action == Action::kHelp);
}

TEST_CASE("commands have options of their own", "[command line]") {
    CHECK(parse_command_line({"check", "--config=a.ini", "--json"}).json);
    CHECK(parse_command_line({"config", "--diff-defaults"}).diff_defaults);
    CHECK(parse_command_line({"plugins", "list", "--json"}).action == Action::kListPlugins);
    const CommandLine info = parse_command_line({"plugins", "info", "x.so"});
    CHECK(info.action == Action::kShowPlugin);
    CHECK(info.plugin_file == "x.so");
    const CommandLine help = parse_command_line({"plugins", "--help"});
    CHECK(help.action == Action::kHelp);
    CHECK(help.topic == "plugins");
    CHECK(parse_command_line({"help", "ctl", "kick"}).topic == "ctl kick");
}

TEST_CASE("what is no option is refused in one sentence", "[command line]") {
    auto [arguments, sentence] = GENERATE(table<Arguments, std::string>({
        {{"--confg", "x"}, R"(unknown option "--confg", did you mean --config?)"},
        {{"--wibble"}, R"(unknown option "--wibble")"},
        {{"--probe-plugi=x"}, R"(unknown option "--probe-plugi")"},
        {{"wshub.ini"}, R"(unexpected argument "wshub.ini"; a configuration file is given with --config FILE)"},
        {{""}, R"(unexpected argument ""; a configuration file is given with --config FILE)"},
        {{"--config"}, "--config needs a value"},
        {{"--config="}, "--config needs a file"},
        {{"--set"}, "--set needs a value"},
        {{"--check=yes"}, "--check takes no value"},
        {{"chek"}, R"(unknown command "chek", did you mean check?)"},
        {{"check", "x"}, R"(unexpected argument "x"; check takes options only)"},
        {{"serve", "--json"}, R"(unknown option "--json")"},
        {{"plugins"}, "plugins needs list, or info and a file"},
        {{"plugins", "info"}, "plugins needs list, or info and a file"},
        {{"new-plugin"}, "new-plugin needs a name"},
        {{"new-plugin", ""}, R"(unexpected argument ""; new-plugin takes one name)"},
        {{"new-plugin", "a", "b"}, R"(unexpected argument "b"; new-plugin takes one name)"},
        {{"new-plugin", "a", "--directory"}, "--directory needs a value"},
        {{"new-plugin", "a", "--directory="}, "--directory needs a folder"},
        {{"new-plugin", "a", "--check"}, R"(unknown option "--check")"},
        {{"new-plugin", "a", "--dirctory=x"}, R"(unknown option "--dirctory", did you mean --directory?)"},
        {{"--check", "new-plugin"},
         R"(unexpected argument "new-plugin"; a configuration file is given with --config FILE)"},
    }));
    CHECK_THROWS_WITH(parse_command_line(arguments), sentence);
}

TEST_CASE("the help names every option there is but the hidden one", "[command line]") {
    const std::string help = help_text();
    for (const char* const option :
         {"--config", "--set", "--check", "--print-config", "--version", "--help", "new-plugin", "--directory", "ctl",
          "plugins list", "plugins info", "client", "--json"}) {
        CHECK(help.find(option) != std::string::npos);
    }
    CHECK(help.find("--probe-plugin") == std::string::npos);
    for (const std::string& command : command_names()) CHECK(help.find("  " + command) != std::string::npos);
}

TEST_CASE("there is help on every command, of its own", "[command line]") {
    for (const std::string& command : command_names()) {
        CAPTURE(command);
        CHECK((help_text(command) == help_text()) == (command == "help"));
        CHECK(help_text(command).find("wshub") != std::string::npos);
    }
    CHECK(help_text("plugins info") == help_text("plugins"));
    CHECK(help_text("ctl kick") != help_text("ctl"));
}

TEST_CASE("of what there is no help on it says so", "[command line]") {
    auto [topic, sentence] = GENERATE(table<std::string, std::string>({
        {"nonsense", R"(no help on "nonsense")"},
        {"cliant", R"(no help on "cliant", did you mean client?)"},
        {"ctl kik", R"(no help on "ctl kik", did you mean ctl kick?)"},
        {"ctl nonsense", R"(no help on "ctl nonsense")"},
        {"--json", R"(no help on "--json")"},
        {"\x1b[2J", R"(no help on "\x1b[2J")"},
    }));
    CHECK_THROWS_WITH(help_text(topic), sentence);
}
