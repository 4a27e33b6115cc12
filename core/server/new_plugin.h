// `wshub new-plugin`: the project of a new plugin, made of the template that comes with the SDK. Knows no setting and
// starts nothing.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wshub::server {

// Why there is no new project: what() is one sentence for the user.
class NewPluginError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Copies `template_folder` to a new folder `name` in `parent`, with what the template names filled in: @PLUGIN@ is the
// name, @CLASS@ the name as one of C++. Gives the new folder. Throws NewPluginError if the name is none for a plugin,
// the folder exists, or something cannot be written; then nothing is left behind.
std::filesystem::path make_plugin_project(const std::filesystem::path& template_folder,
                                          const std::filesystem::path& parent, const std::string& name);

// "chat-filter" -> "ChatFilter".
std::string class_name(std::string_view plugin);

// What to type next to build, test and load it. `prefix`: where the SDK lies.
std::string next_steps(const std::filesystem::path& project, const std::filesystem::path& prefix);

}  // namespace wshub::server
