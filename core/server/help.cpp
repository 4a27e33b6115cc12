#include "server/help.h"

#include <vector>

#include "base/log.h"
#include "console/options.h"
#include "server/command_line.h"
#include "server/ctl_operations.h"
#include "server/suggest.h"

namespace wshub::server {
namespace {

constexpr std::string_view kProgram = R"(wshub is a real-time hub for Socket.IO clients.

  wshub [COMMAND] [OPTIONS]

Commands
  serve                     run the hub; the same as no command
  check                     tell everything that is wrong with the configuration and the
                            plugins, start nothing
  config                    show the configuration in force, as an INI file
  plugins list              the plugins that are installed
  plugins info FILE         what a plugin has in it, or why it would be refused
  ctl OPERATION             ask a running hub, or have it do something: stats, sessions, kick,
                            broadcast, reload, drain, ...
  client URL                a Socket.IO console for this or any other server, to type into
                            and for scripts; client --help tells more
  new-plugin NAME           make the folder NAME with a plugin, its test and how to build
                            them, in --directory DIR (without it: here)
  help [COMMAND]            this, or more about a command, with examples

Options
  --config FILE             the INI file. Without it: )" WSHUB_SYSCONFDIR R"(/wshub/wshub.ini
                            if that exists, else the built-in defaults
  --set SECTION.KEY=VALUE   one setting, over what the file says; as often as you like
  --check                   as the command check
  --print-config            as the command config
  --json                    of check, config and plugins: the answer as JSON
  --version                 show the version
  --help, -h                show this; behind a command, more about that

Examples
  wshub                                       listens on http://127.0.0.1:3000/socket.io/
  wshub --set server.host=0.0.0.0 --set server.port=8080
  wshub check --config /etc/wshub/wshub.ini
  wshub config > wshub.ini                    a file to begin with
  wshub --set plugin.rooms.members_only=true  a plugin's setting
  wshub client http://127.0.0.1:3000          talk to it
  wshub ctl sessions alice                    who is alice, on the hub that runs here

A client needs the address alone:  io("http://127.0.0.1:3000")

Signals     SIGTERM and SIGINT close the sessions, stop the plugins and end the program;
            a second one ends it at once. SIGHUP reads the configuration again,
            SIGUSR1 opens the log file anew.
Exit codes  0 ended as asked, or check found nothing; 1 could not start, or check found
            something; 2 wrong command line; 3 ctl reached no hub; 130 and 143 ended at once
            by a second signal.

docs/configuration.md names every setting, docs/operate.md tells how to run it.
)";

constexpr std::string_view kSources = R"(
Options
  --config FILE             the INI file. Without it: )" WSHUB_SYSCONFDIR R"(/wshub/wshub.ini
                            if that exists, else the built-in defaults
  --set SECTION.KEY=VALUE   one setting, over what the file says; as often as you like
)";

std::string serve_help() {
    return R"(wshub serve runs the hub until SIGTERM or SIGINT. So does wshub without a command.
)" + std::string(kSources) +
           R"(
Examples
  wshub serve
  wshub serve --config /etc/wshub/wshub.ini
  wshub serve --set server.port=8080 --set log.level=debug
)";
}

std::string check_help() {
    return R"(wshub check tells everything that is wrong with the configuration and the plugins, one line
each, and starts nothing. Run it before a restart.
)" + std::string(kSources) +
           R"(  --json                    {"ok":true,"configuration":FILE,"problems":[]}

Examples
  wshub check
  wshub check --config new.ini && mv new.ini /etc/wshub/wshub.ini

Exit codes  0 nothing is wrong; 1 something is.
)";
}

std::string config_help() {
    return R"(wshub config shows the configuration in force as an INI file that gives the same again:
defaults, the file and --set together, and the settings of the plugins that are enabled.
Secrets are not shown.
)" + std::string(kSources) +
           R"(  --diff-defaults           only what differs from the defaults
  --describe                above each key, as comments, what it is for and what it takes
  --json                    {"server":{"port":"3000",...},...}; secrets that are set as "***";
                            with --describe {"server":[{"key","default","description","values",
                            "secret"},...],...}

Examples
  wshub config > wshub.ini      a file to begin with
  wshub config --diff-defaults  what was changed on this machine
  wshub config --describe --set plugins.enabled=auth

Exit codes  0 shown; 1 something is wrong, as check would say.
)";
}

std::string plugins_help() {
    return R"(wshub plugins tells of plugins without starting a hub.

  wshub plugins list        the files in [plugins] directory: name, version, ABI, whether it is
                            enabled, what it needs; and files that no plugin can be loaded from
  wshub plugins info FILE   one file (or the name of an installed plugin): its events and
                            settings, or why it would be refused. Its code is run, first in a
                            process of its own
)" + std::string(kSources) +
           R"(  --json                    the same as JSON

Examples
  wshub plugins list
  wshub plugins info rooms
  wshub plugins info ./build/chat-filter.so

Exit codes  0 shown; 1 info: it would be refused, list: the directory cannot be read.
)";
}

std::string new_plugin_help() {
    return R"(wshub new-plugin NAME makes the folder NAME with a plugin, its test, and how to build them.

Options
  --directory DIR           where; without it: here

Examples
  wshub new-plugin chat-filter
  wshub new-plugin chat-filter --directory ~/src
)";
}

constexpr std::string_view kOfCtl = "ctl ";

[[noreturn]] void refuse_topic(std::string_view topic) {
    std::vector<std::string> known = command_names();
    for (const char* const each : {"plugins list", "plugins info"}) known.emplace_back(each);
    for (const CtlOperation& each : ctl_operations()) known.push_back(std::string(kOfCtl) + std::string(each.name));
    const std::string meant = nearest(topic, known);
    throw UsageError("no help on \"" + base::log::printable(topic) + "\"" +
                     (meant.empty() ? "" : ", did you mean " + meant + "?"));
}

}  // namespace

std::string help_text(std::string_view topic) {
    if (topic.empty() || topic == "help") return std::string(kProgram);
    if (topic == "serve") return serve_help();
    if (topic == "check") return check_help();
    if (topic == "config") return config_help();
    if (topic == "plugins" || topic == "plugins list" || topic == "plugins info") return plugins_help();
    if (topic == "new-plugin") return new_plugin_help();
    if (topic == "client") return console::options_help();
    if (topic == "ctl") return ctl_help(nullptr);
    if (topic.starts_with(kOfCtl)) {
        const CtlOperation* const operation = find_ctl_operation(topic.substr(kOfCtl.size()));
        if (operation) return ctl_help(operation);
    }
    refuse_topic(topic);
}

}  // namespace wshub::server
