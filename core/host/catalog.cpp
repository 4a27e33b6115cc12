#include "host/catalog.h"

#include <utility>

namespace wshub::host {

Catalog::Catalog(std::filesystem::path directory) : directory_(std::move(directory)) {
    check_plugin_directory(directory_);
    for (const std::filesystem::path& path : list_plugin_files(directory_)) {
        try {
            add(read_plugin_file(path));
        } catch (const PluginError& error) {
            errors_.emplace(path, error.what());
        }
    }
}

// Of two files with one name, the one called so has it.
void Catalog::add(PluginFile file) {
    const std::string name = file.descriptor.name;
    names_of_files_.emplace(file.path, name);
    const auto [other, is_new] = files_.try_emplace(name, file);
    if (is_new) return;
    if (file.path.stem() == name) std::swap(file, other->second);
    claims_[name] = {nullptr, file.path, "the name '" + name + "' is already taken by " + other->second.path.string()};
}

Catalog::Found Catalog::find(std::string_view name) const {
    const auto claimed = claims_.find(name);
    if (claimed != claims_.end()) return claimed->second;
    const auto found = files_.find(name);
    if (found != files_.end()) return {&found->second, found->second.path, {}};

    const std::filesystem::path path = directory_ / (std::string(name) + ".so");
    const auto broken = errors_.find(path);
    if (broken != errors_.end()) return {nullptr, path, broken->second};
    const auto renamed = names_of_files_.find(path);
    if (renamed != names_of_files_.end())
        return {nullptr, path, "the plugin in it is called '" + renamed->second + "'"};
    return {nullptr, path,
            "cannot open: No such file or directory (installed in " + directory_.string() + ": " + list() + ")"};
}

std::vector<std::string> Catalog::names() const {
    std::vector<std::string> names;
    for (const auto& [name, file] : files_) names.push_back(name);
    return names;
}

std::map<std::filesystem::path, std::string> Catalog::refused() const {
    std::map<std::filesystem::path, std::string> refused = errors_;
    for (const auto& [name, claim] : claims_) refused.emplace(claim.path, claim.error);
    return refused;
}

std::string Catalog::list() const {
    std::string list;
    for (const auto& [name, file] : files_) list += (list.empty() ? "" : ", ") + name;
    return list.empty() ? "nothing" : list;
}

}  // namespace wshub::host
