// Files of plugins on disk: reading them whole, and refusing those that somebody else could change, since what stands
// in them runs as the server.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/descriptor.h"
#include "host/elf_probe.h"
#include "host/image_copy.h"

namespace wshub::host {

// A file that was read and found fit to be loaded, as far as one can know without running it.
struct PluginFile {
    std::filesystem::path path;
    ElfFacts facts;
    Descriptor descriptor;
    std::string fingerprint;                // another one: another plugin
    std::shared_ptr<const ImageCopy> copy;  // what is mapped in the file's stead; null: the file itself

    const std::filesystem::path& image() const { return copy ? copy->path() : path; }
};

// Throws PluginError: cannot be opened, no regular file, writable by others, and all that probe_elf() and
// read_descriptor() find.
PluginFile read_plugin_file(const std::filesystem::path& path);
// The same, with a copy of the very bytes that were looked at: whatever happens to the file later, no mapped code
// changes. The copy lies beside the file, where its $ORIGIN is the same, or else in `otherwise`.
PluginFile copy_plugin_file(const std::filesystem::path& path, const std::filesystem::path& otherwise);

// Another copy of what such a copy holds.
PluginFile copy_again(const PluginFile& file, const std::filesystem::path& otherwise);

// Throws PluginError if there is no such directory, or others may write to it.
void check_plugin_directory(const std::filesystem::path& directory);

// The files in it that end in ".so", by name.
std::vector<std::filesystem::path> list_plugin_files(const std::filesystem::path& directory);

}  // namespace wshub::host
