#include "server/command_line.h"

#include <array>
#include <span>

#include "base/log.h"
#include "server/suggest.h"

namespace wshub::server {
namespace {

struct Option {
    std::string_view name;
    bool takes_value;
    void (*apply)(CommandLine&, std::string_view value);
};

constexpr Option kConfig{"--config", true, [](CommandLine& line, std::string_view value) { line.config = value; }};
constexpr Option kSet{"--set", true,
                      [](CommandLine& line, std::string_view value) { line.overrides.emplace_back(value); }};
constexpr Option kJson{"--json", false, [](CommandLine& line, std::string_view) { line.json = true; }};
constexpr Option kHelpOption{"--help", false, [](CommandLine& line, std::string_view) { line.action = Action::kHelp; }};
constexpr Option kShortHelp{"-h", false, [](CommandLine& line, std::string_view) { line.action = Action::kHelp; }};

constexpr std::array<Option, 9> kOptions{{
    kConfig,
    kSet,
    {"--check", false, [](CommandLine& line, std::string_view) { line.action = Action::kCheck; }},
    {"--print-config", false, [](CommandLine& line, std::string_view) { line.action = Action::kPrintConfig; }},
    {"--version", false, [](CommandLine& line, std::string_view) { line.action = Action::kVersion; }},
    kJson,
    kHelpOption,
    kShortHelp,
    {"--probe-plugin", true,
     [](CommandLine& line, std::string_view value) {
         line.action = Action::kProbePlugin;
         line.plugin_file = value;
     }},
}};

constexpr std::array<Option, 4> kServeOptions{{kConfig, kSet, kHelpOption, kShortHelp}};
constexpr std::array<Option, 5> kCheckOptions{{kConfig, kSet, kJson, kHelpOption, kShortHelp}};
constexpr std::array<Option, 7> kConfigOptions{{
    kConfig,
    kSet,
    kJson,
    {"--diff-defaults", false, [](CommandLine& line, std::string_view) { line.diff_defaults = true; }},
    {"--describe", false, [](CommandLine& line, std::string_view) { line.describe = true; }},
    kHelpOption,
    kShortHelp,
}};
constexpr std::array<Option, 3> kNewPluginOptions{{
    {"--directory", true, [](CommandLine& line, std::string_view value) { line.directory = value; }},
    kHelpOption,
    kShortHelp,
}};

// A command that takes options, and nothing else.
struct PlainCommand {
    std::string_view name;
    Action action;
    std::span<const Option> options;
};
constexpr std::array<PlainCommand, 3> kPlainCommands{{
    {"serve", Action::kServe, kServeOptions},
    {"check", Action::kCheck, kCheckOptions},
    {"config", Action::kPrintConfig, kConfigOptions},
}};

std::string quoted(std::string_view text) {
    return "\"" + base::log::printable(text) + "\"";
}

const Option& find_option(std::span<const Option> options, std::string_view name) {
    std::vector<std::string> names;
    for (const Option& option : options) {
        if (option.name == name) return option;
        if (option.name != "--probe-plugin") names.emplace_back(option.name);
    }
    const std::string meant = nearest(name, names);
    throw UsageError("unknown option " + quoted(name) + (meant.empty() ? "" : ", did you mean " + meant + "?"));
}

// Applies the option at `arguments[at]`, and moves `at` to the last argument it took.
const Option& apply_option(CommandLine& line, std::span<const Option> options,
                           const std::vector<std::string_view>& arguments, std::size_t& at) {
    const std::string_view argument = arguments[at];
    const std::size_t equals = argument.find('=');
    const Option& option = find_option(options, argument.substr(0, equals));
    if (!option.takes_value) {
        if (equals != std::string_view::npos) throw UsageError(std::string(option.name) + " takes no value");
        option.apply(line, {});
    } else if (equals != std::string_view::npos) {
        option.apply(line, argument.substr(equals + 1));
    } else if (at + 1 < arguments.size()) {
        option.apply(line, arguments[++at]);
    } else {
        throw UsageError(std::string(option.name) + " needs a value");
    }
    return option;
}

bool is_option(std::string_view argument) {
    return !argument.empty() && argument.front() == '-';
}

void check_config(const CommandLine& line, const Option& option) {
    if (option.name == "--config" && line.config.empty()) throw UsageError("--config needs a file");
}

CommandLine parse_plain(const PlainCommand& command, const std::vector<std::string_view>& arguments) {
    CommandLine line;
    line.action = command.action;
    line.topic = command.name;
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        if (!is_option(arguments[at])) {
            throw UsageError("unexpected argument " + quoted(arguments[at]) + "; " + std::string(command.name) +
                             " takes options only");
        }
        check_config(line, apply_option(line, command.options, arguments, at));
    }
    return line;
}

CommandLine parse_plugins(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    line.action = Action::kListPlugins;
    line.topic = "plugins";
    std::vector<std::string_view> words;
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        if (is_option(arguments[at])) {
            check_config(line, apply_option(line, kCheckOptions, arguments, at));
        } else {
            words.push_back(arguments[at]);
        }
    }
    if (line.action == Action::kHelp) return line;
    if (words.size() == 1 && words[0] == "list") return line;
    if (words.size() == 2 && words[0] == "info" && !words[1].empty()) {
        line.action = Action::kShowPlugin;
        line.plugin_file = words[1];
        return line;
    }
    throw UsageError("plugins needs list, or info and a file");
}

CommandLine parse_new_plugin(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    line.action = Action::kNewPlugin;
    line.topic = "new-plugin";
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        if (is_option(arguments[at])) {
            const Option& option = apply_option(line, kNewPluginOptions, arguments, at);
            if (option.takes_value && line.directory.empty()) throw UsageError("--directory needs a folder");
        } else if (line.plugin_name.empty() && !arguments[at].empty()) {
            line.plugin_name = arguments[at];
        } else {
            throw UsageError("unexpected argument " + quoted(arguments[at]) + "; new-plugin takes one name");
        }
    }
    if (line.plugin_name.empty() && line.action != Action::kHelp) throw UsageError("new-plugin needs a name");
    return line;
}

// help, help COMMAND, help ctl OPERATION
CommandLine parse_help(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    line.action = Action::kHelp;
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        if (arguments[at] == "--help" || arguments[at] == "-h") continue;
        line.topic += (line.topic.empty() ? "" : " ") + std::string(arguments[at]);
    }
    return line;
}

CommandLine parse_options(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        if (!is_option(arguments[at])) {
            const std::string meant = at == 0 ? nearest(arguments[at], command_names()) : "";
            if (!meant.empty()) {
                throw UsageError("unknown command " + quoted(arguments[at]) + ", did you mean " + meant + "?");
            }
            throw UsageError("unexpected argument " + quoted(arguments[at]) +
                             "; a configuration file is given with --config FILE");
        }
        check_config(line, apply_option(line, kOptions, arguments, at));
    }
    return line;
}

}  // namespace

const std::vector<std::string>& command_names() {
    static const std::vector<std::string> names{"serve",  "check", "config",     "plugins",
                                                "client", "ctl",   "new-plugin", "help"};
    return names;
}

CommandLine parse_command_line(const std::vector<std::string_view>& arguments) {
    const std::string_view command = arguments.empty() ? std::string_view() : arguments.front();
    for (const PlainCommand& plain : kPlainCommands) {
        if (plain.name == command) return parse_plain(plain, arguments);
    }
    if (command == "plugins") return parse_plugins(arguments);
    if (command == "new-plugin") return parse_new_plugin(arguments);
    if (command == "help") return parse_help(arguments);
    return parse_options(arguments);
}

}  // namespace wshub::server
