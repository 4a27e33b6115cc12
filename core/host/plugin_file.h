// Files of plugins on disk: reading them whole, and refusing those that somebody else could change, since what stands
// in them runs as the server.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "host/descriptor.h"
#include "host/elf_probe.h"

namespace wshub::host {

// A file that was read and found fit to be loaded, as far as one can know without running it.
struct PluginFile {
    std::filesystem::path path;
    ElfFacts facts;
    Descriptor descriptor;
};

// Throws PluginError: cannot be opened, no regular file, writable by others, and all that probe_elf() and
// read_descriptor() find.
PluginFile read_plugin_file(const std::filesystem::path& path);

// Throws PluginError if there is no such directory, or others may write to it.
void check_plugin_directory(const std::filesystem::path& directory);

// The files in it that end in ".so", by name.
std::vector<std::filesystem::path> list_plugin_files(const std::filesystem::path& directory);

}  // namespace wshub::host
