#include "server/command_line.h"

#include <array>
#include <optional>

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

std::string quoted(std::string_view text) {
    return "\"" + base::log::printable(text) + "\"";
}

const Option& find_option(std::string_view name) {
    std::vector<std::string> names;
    for (const Option& option : kOptions) {
        if (option.name == name) return option;
        if (option.name != "--probe-plugin") names.emplace_back(option.name);
    }
    const std::string meant = nearest(name, names);
    throw UsageError("unknown option " + quoted(name) + (meant.empty() ? "" : ", did you mean " + meant + "?"));
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string_view>& arguments) {
    CommandLine line;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string_view argument = arguments[at];
        if (argument.empty() || argument.front() != '-') {
            throw UsageError("unexpected argument " + quoted(argument) +
                             "; a configuration file is given with --config FILE");
        }
        const std::size_t equals = argument.find('=');
        const Option& option = find_option(argument.substr(0, equals));
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
        if (option.name == "--config" && line.config.empty()) throw UsageError("--config needs a file");
    }
    return line;
}

std::string help_text() {
    return R"(wshub is a real-time hub for Socket.IO clients.

  wshub [--config FILE] [--set SECTION.KEY=VALUE]...

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

A client needs the address alone:  io("http://127.0.0.1:3000")

Signals     SIGTERM and SIGINT close the sessions, stop the plugins and end the program;
            a second one ends it at once.
Exit codes  0 ended as asked, or --check found nothing; 1 could not start, or --check found
            something; 2 wrong command line; 130 and 143 ended at once by a second signal.

docs/configuration.md names every setting, docs/operate.md tells how to run it.
)";
}

}  // namespace wshub::server
