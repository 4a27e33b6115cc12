// wshub as a program: from the command line to the exit code. What it says itself goes to standard output if it was
// asked for, to standard error if it is wrong; the log is apart.
#pragma once

#include <string_view>
#include <vector>

namespace wshub::server {

// `arguments` without the program's name. Once in a process. Gives an ExitCode (commands.h), or 128 + the number of a
// second stop signal.
int run_program(const std::vector<std::string_view>& arguments);

}  // namespace wshub::server
