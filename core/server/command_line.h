// What the program was asked to do. Knows no file and no setting.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wshub::server {

enum class Action {
    kServe,
    kCheck,
    kPrintConfig,
    kVersion,
    kHelp,
    kNewPlugin,
    kListPlugins,
    kShowPlugin,
    kProbePlugin,  // for the program's own child processes; not in the help
};

struct CommandLine {
    Action action = Action::kServe;
    std::string config;                  // --config; empty: not given
    std::vector<std::string> overrides;  // --set, in their order
    bool json = false;                   // --json
    bool diff_defaults = false;          // config --diff-defaults
    bool describe = false;               // config --describe
    std::string topic;                   // of the help: a command; empty: the program
    std::string plugin_file;             // --probe-plugin; plugins info FILE
    std::string plugin_name;             // new-plugin NAME
    std::string directory;               // new-plugin --directory; empty: not given
};

// The user's to mend: what() is one sentence.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// `arguments` without the program's name. Options are --name value or --name=value; a command comes first and has
// options of its own. Throws UsageError.
CommandLine parse_command_line(const std::vector<std::string_view>& arguments);

// Every command there is, those that parse their own command lines included.
const std::vector<std::string>& command_names();

}  // namespace wshub::server
