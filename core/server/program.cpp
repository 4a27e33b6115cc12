#include "server/program.h"

#include <exception>
#include <string>

#include "console/console.h"
#include "host/child_probe.h"
#include "server/command_line.h"
#include "server/commands.h"
#include "server/help.h"

namespace wshub::server {
namespace {

int act(const CommandLine& line) {
    switch (line.action) {
        case Action::kServe: return serve(line);
        case Action::kCheck: return check(line);
        case Action::kPrintConfig: return print_config(line);
        case Action::kListPlugins: return list_plugins(line);
        case Action::kShowPlugin: return show_plugin(line);
        case Action::kVersion: say(stdout, "wshub " WSHUB_VERSION); return kDone;
        case Action::kHelp: say(stdout, help_text(line.topic)); return kDone;
        case Action::kNewPlugin: return make_plugin(line);
        case Action::kProbePlugin: return host::probe_main(line.plugin_file);
    }
    return kUsage;
}

int misused(std::string_view sentence, std::string_view where) {
    say(stderr, "wshub: " + std::string(sentence) + "\n" + std::string(where) + " shows what there is");
    return kUsage;
}

}  // namespace

// Commands with a command line of their own take it from here.
int run_program(const std::vector<std::string_view>& arguments) {
    const std::string_view command = arguments.empty() ? std::string_view() : arguments.front();
    try {
        if (command == "client") return console::run_client({arguments.begin() + 1, arguments.end()});
        if (command == "ctl") return ask_hub(parse_ctl_line({arguments.begin() + 1, arguments.end()}));
        return act(parse_command_line(arguments));
    } catch (const CtlUsageError& error) {
        return misused(error.what(), "wshub ctl --help");
    } catch (const UsageError& error) {
        return misused(error.what(), "wshub --help");
    } catch (const std::exception& error) {
        return refuse({error.what()});
    }
}

}  // namespace wshub::server
