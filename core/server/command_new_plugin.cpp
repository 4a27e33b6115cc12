// `wshub new-plugin`.
#include "server/commands.h"
#include "server/new_plugin.h"
#include "server/places.h"

namespace wshub::server {

int make_plugin(const CommandLine& line) {
    const std::filesystem::path program = program_directory();
    const std::filesystem::path project =
        make_plugin_project(plugin_template(program), line.directory, line.plugin_name);
    say(stdout, next_steps(project, program.parent_path()));
    return kDone;
}

}  // namespace wshub::server
