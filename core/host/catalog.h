// What is installed in the plugin directory: every file is looked into before any is loaded, so that two files that
// claim one name are known in time.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin_file.h"

namespace wshub::host {

class Catalog {
public:
    // Throws PluginError if the directory is not fit (check_plugin_directory).
    explicit Catalog(std::filesystem::path directory);

    // The plugin of that name, or where it was looked for and why there is none.
    struct Found {
        const PluginFile* file = nullptr;  // null: see `error`
        std::filesystem::path path;
        std::string error;
    };
    Found find(std::string_view name) const;

    // Names of plugins that can be loaded, in order.
    std::vector<std::string> names() const;
    // Files that are no plugins we can load, or whose name another file has: why.
    std::map<std::filesystem::path, std::string> refused() const;
    // "a, b", or "nothing".
    std::string list() const;
    const std::filesystem::path& directory() const { return directory_; }

private:
    void add(PluginFile file);

    std::filesystem::path directory_;
    std::map<std::string, PluginFile, std::less<>> files_;         // by the plugin's name
    std::map<std::string, Found, std::less<>> claims_;             // names that a second file claims
    std::map<std::filesystem::path, std::string> errors_;          // files that are no plugins we can load
    std::map<std::filesystem::path, std::string> names_of_files_;  // what the plugin in a file is called
};

}  // namespace wshub::host
