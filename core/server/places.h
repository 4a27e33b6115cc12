// Where the program lies, and what lies where relative to it. Main thread, at start.
#pragma once

#include <filesystem>

namespace wshub::server {

// The folder of the running program, symbolic links followed; empty if the system does not tell.
std::filesystem::path program_directory();

// The configuration that is read without --config: the installed one. Empty if there is none.
std::filesystem::path installed_configuration();

// The plugins that came with the program: `plugins` beside its folder (build tree), else the folder installed with it,
// also when the whole installation was moved.
std::filesystem::path bundled_plugins(const std::filesystem::path& program_directory);

// The project that new plugins begin with, relative to the program in the same ways.
std::filesystem::path plugin_template(const std::filesystem::path& program_directory);

// Where the hub keeps what must outlive it, if nobody says: what the service manager gives ($STATE_DIRECTORY, the first
// of several), else the system's folder for root, else the user's ($XDG_STATE_HOME or ~/.local/state). Absolute.
std::filesystem::path default_state_directory();

// What the service manager gives for sockets and the like ($RUNTIME_DIRECTORY, the first of several); empty: nothing.
std::filesystem::path runtime_directory();
// Where a hub that runs as the service has its control socket.
std::filesystem::path service_control_socket();

}  // namespace wshub::server
