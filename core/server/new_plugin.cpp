#include "server/new_plugin.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "host/descriptor.h"

namespace wshub::server {
namespace {

namespace fs = std::filesystem;

// The plugin's name becomes a target of CMake, which keeps these for itself.
constexpr std::array<std::string_view, 11> kTargetsOfCMake{
    "all",     "clean",          "edit_cache", "help",          "install", "list_install_components",
    "package", "package_source", "preinstall", "rebuild_cache", "test"};

std::string shown(const fs::path& path) {
    return "\"" + base::log::printable(path.string(), 4096) + "\"";
}

void check_name(const std::string& name) {
    const std::string quoted = "\"" + base::log::printable(name) + "\"";
    // A letter first: then it is no option of a command, and one for the class.
    if (!host::is_plugin_name(name) || name.front() < 'a' || name.front() > 'z') {
        throw NewPluginError("a plugin cannot be named " + quoted +
                             ": a name is a lower case letter and then lower case letters, digits, '_' and '-', "
                             "47 at most together");
    }
    if (std::find(kTargetsOfCMake.begin(), kTargetsOfCMake.end(), name) != kTargetsOfCMake.end()) {
        throw NewPluginError("a plugin should not be named " + quoted + ", since CMake means something else by it");
    }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

void write_filled_in(const fs::path& from, const fs::path& to, const std::string& name) {
    std::ifstream in(from, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) throw NewPluginError("the template " + shown(from) + " cannot be read");
    replace_all(text, "@PLUGIN@", name);
    replace_all(text, "@CLASS@", class_name(name));
    std::ofstream out(to, std::ios::binary);
    out << text << std::flush;
    if (!out) throw NewPluginError(shown(to) + " cannot be written");
}

void copy_filled_in(const fs::path& from, const fs::path& to, const std::string& name) {
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
        const fs::path target = to / entry.path().lexically_relative(from);
        if (entry.is_directory()) {
            fs::create_directory(target);
        } else {
            write_filled_in(entry.path(), target, name);
        }
    }
}

// As a shell reads it.
std::string word(const fs::path& path) {
    std::string text = path.string();
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/._-+").find(c) != std::string_view::npos;
    };
    if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
    replace_all(text, "'", R"('\'')");
    return "'" + base::log::printable(text, 4096) + "'";
}

}  // namespace

fs::path make_plugin_project(const fs::path& template_folder, const fs::path& parent, const std::string& name) {
    check_name(name);
    std::error_code error;
    if (!fs::is_directory(template_folder, error)) {
        throw NewPluginError("there is no template at " + shown(template_folder) + ": is the SDK installed?");
    }
    const fs::path project = (parent / name).lexically_normal();
    // Not asked before: whoever makes it first, nothing of his is touched.
    if (!fs::create_directory(project, error)) {
        const std::string why = error ? error.message() : "it exists already";
        throw NewPluginError("the folder " + shown(project) + " cannot be made: " + why);
    }
    try {
        copy_filled_in(template_folder, project, name);
    } catch (const std::exception& failure) {
        fs::remove_all(project, error);
        throw NewPluginError(failure.what());
    }
    return project;
}

std::string class_name(std::string_view plugin) {
    std::string name;
    bool first_of_word = true;
    for (const char c : plugin) {
        const bool separator = c == '-' || c == '_';
        const bool lower = c >= 'a' && c <= 'z';
        if (!separator) name += first_of_word && lower ? static_cast<char>(c - 'a' + 'A') : c;
        first_of_word = separator;
    }
    return name;
}

std::string next_steps(const fs::path& project, const fs::path& prefix) {
    const std::string name = project.filename().string();
    const std::string source = word(project);
    const std::string build = word(project / "build");
    // CMake looks there by itself.
    const bool known = prefix.empty() || prefix == "/usr" || prefix == "/usr/local";
    std::error_code error;
    const fs::path plugins = fs::absolute(project / "build", error);
    return source + " is a plugin with its test; " + word(project / "README.md") + " says more. Next:\n" +
           "  cmake -S " + source + " -B " + build + (known ? "" : " -DCMAKE_PREFIX_PATH=" + word(prefix)) + "\n" +
           "  cmake --build " + build + "\n" + "  ctest --test-dir " + build + " --output-on-failure\n" +
           "  wshub --set plugins.directory=" + word(plugins) + " --set plugins.enabled=" + name + "\n";
}

}  // namespace wshub::server
