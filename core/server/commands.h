// The commands of the program, each in a file of its own: what it does, and the exit status. Main thread.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "server/command_line.h"
#include "server/ctl_operations.h"
#include "server/settings.h"

namespace wshub::server {

enum ExitCode { kDone = 0, kNotStarted = 1, kUsage = 2, kNotReached = 3 };

int serve(const CommandLine& line);
int check(const CommandLine& line);
int print_config(const CommandLine& line);
int list_plugins(const CommandLine& line);
int show_plugin(const CommandLine& line);
int make_plugin(const CommandLine& line);
int ask_hub(const CtlLine& line);

// ---- what several of them need

// The pipe may be closed at the other end; then there is nobody to tell.
void say(std::FILE* stream, const std::string& text);
// Says what is wrong, and gives the exit status for that.
int refuse(const std::vector<std::string>& problems);
// The same to a program: {"ok":true,"configuration":FILE,"problems":[]}, of no problems too, and the exit status.
int tell_as_json(const std::filesystem::path& configuration, const std::vector<std::string>& problems);
SettingSources sources_of(const std::string& config, const std::vector<std::string>& overrides);
// The settings, and what only the program knows of itself.
LoadedSettings load(const SettingSources& sources);
std::string name_of(const std::filesystem::path& configuration);
// The log of commands that start nothing: warnings only, so that what was asked for stands out.
void set_up_quiet_log();

}  // namespace wshub::server
