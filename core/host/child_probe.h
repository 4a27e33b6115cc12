// Loading a plugin in a process that may die of it. A static initialiser that throws, crashes or hangs cannot be caught
// in the process that runs it.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"

namespace wshub::host {

// What `wshub --probe-plugin FILE` does: loads the file and gives the exit status, having written the reason to the
// standard error.
int probe_main(const std::filesystem::path& file);

// Runs `program --probe-plugin FILE`. Empty: it can be loaded. Otherwise why not. Any thread.
std::string probe_in_child(const std::filesystem::path& program, const std::filesystem::path& file,
                           base::milliseconds patience = base::milliseconds{3000});

}  // namespace wshub::host
