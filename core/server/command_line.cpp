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

constexpr std::array<Option, 8> kOptions{{
    {"--config", true, [](CommandLine& line, std::string_view value) { line.config = value; }},
    {"--set", true, [](CommandLine& line, std::string_view value) { line.overrides.emplace_back(value); }},
    {"--check", false, [](CommandLine& line, std::string_view) { line.action = Action::kCheck; }},
    {"--print-config", false, [](CommandLine& line, std::string_view) { line.action = Action::kPrintConfig; }},
    {"--version", false, [](CommandLine& line, std::string_view) { line.action = Action::kVersion; }},
    {"--help", false, [](CommandLine& line, std::string_view) { line.action = Action::kHelp; }},
    {"-h", false, [](CommandLine& line, std::string_view) { line.action = Action::kHelp; }},
    {"--probe-plugin", true,
     [](CommandLine& line, std::string_view value) {
         line.action = Action::kProbePlugin;
         line.plugin_file = value;
     }},
}};

constexpr std::array<Option, 3> kNewPluginOptions{{
    {"--directory", true, [](CommandLine& line, std::string_view value) { line.directory = value; }},
    {"--help", false, [](CommandLine& line, std::string_view) { line.action = Action::kHelp; }},
    {"-h", false, [](CommandLine& line, std::string_view) { line.action = Action::kHelp; }},
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

CommandLine parse_new_plugin(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    line.action = Action::kNewPlugin;
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

}  // namespace

CommandLine parse_command_line(const std::vector<std::string_view>& arguments) {
    if (!arguments.empty() && arguments.front() == "new-plugin") return parse_new_plugin(arguments);
    CommandLine line;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        if (!is_option(arguments[at])) {
            throw UsageError("unexpected argument " + quoted(arguments[at]) +
                             "; a configuration file is given with --config FILE");
        }
        const Option& option = apply_option(line, kOptions, arguments, at);
        if (option.name == "--config" && line.config.empty()) throw UsageError("--config needs a file");
    }
    return line;
}

std::string help_text() {
    return R"(wshub is a real-time hub for Socket.IO clients.

  wshub [--config FILE] [--set SECTION.KEY=VALUE]...
  wshub new-plugin NAME [--directory DIR]
  wshub client URL [OPTIONS]

Commands
  new-plugin NAME           make the folder NAME with a plugin, its test and how to build
                            them, in --directory DIR (without it: here)
  client URL                a Socket.IO console for this or any other server, to type into
                            and for scripts; client --help tells more

Options
  --config FILE             the INI file. Without it: )" WSHUB_SYSCONFDIR R"(/wshub/wshub.ini
                            if that exists, else the built-in defaults
  --set SECTION.KEY=VALUE   one setting, over what the file says; as often as you like
  --check                   tell everything that is wrong with the configuration and the
                            plugins, start nothing
  --print-config            show the configuration in force, as an INI file
  --version                 show the version
  --help, -h                show this

Examples
  wshub                                       listens on http://127.0.0.1:3000/socket.io/
  wshub --set server.host=0.0.0.0 --set server.port=8080
  wshub --config /etc/wshub/wshub.ini --check
  wshub --print-config > wshub.ini            a file to begin with
  wshub --set plugin.rooms.members_only=true  a plugin's setting

  wshub client http://127.0.0.1:3000          talk to it

A client needs the address alone:  io("http://127.0.0.1:3000")

Signals     SIGTERM and SIGINT close the sessions, stop the plugins and end the program;
            a second one ends it at once. SIGHUP reads the configuration again, SIGUSR1 opens
            the log file anew.
Exit codes  0 ended as asked, or --check found nothing; 1 could not start, or --check found
            something; 2 wrong command line; 130 and 143 ended at once by a second signal.

docs/configuration.md names every setting, docs/operate.md tells how to run it.
)";
}

}  // namespace wshub::server
