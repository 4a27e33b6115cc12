#include "server/places.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

namespace wshub::server {
namespace {

// Set by the build: the installation's folders, absolute, and those of libraries and data relative to the prefix.
constexpr const char* kSysconfDirectory = WSHUB_SYSCONFDIR;
constexpr const char* kLibDirectory = WSHUB_LIBDIR;
constexpr const char* kFullLibDirectory = WSHUB_FULL_LIBDIR;
constexpr const char* kDataDirectory = WSHUB_DATADIR;
constexpr const char* kFullDataDirectory = WSHUB_FULL_DATADIR;
constexpr const char* kSystemStateDirectory = "/var/lib/wshub";

// Empty if the variable is not set to an absolute path.
std::filesystem::path folder_in(const char* variable) {
    const char* const value = std::getenv(variable);
    std::filesystem::path folder = value == nullptr ? "" : value;
    return folder.is_absolute() ? folder : std::filesystem::path();
}

}  // namespace

std::filesystem::path program_directory() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? std::filesystem::path() : program.parent_path();
}

std::filesystem::path installed_configuration() {
    std::error_code error;
    auto file = std::filesystem::path(kSysconfDirectory) / "wshub" / "wshub.ini";
    return std::filesystem::exists(file, error) ? file : std::filesystem::path();
}

std::filesystem::path bundled_plugins(const std::filesystem::path& program_directory) {
    auto installed = std::filesystem::path(kFullLibDirectory) / "wshub" / "plugins";
    if (program_directory.empty()) return installed;
    const auto beside = program_directory.parent_path();
    for (const auto& folder : {beside / "plugins", beside / kLibDirectory / "wshub" / "plugins"}) {
        std::error_code error;
        if (std::filesystem::is_directory(folder, error)) return folder;
    }
    return installed;
}

std::filesystem::path plugin_template(const std::filesystem::path& program_directory) {
    const auto name = std::filesystem::path("wshub") / "plugin-template";
    const auto beside = program_directory.parent_path() / kDataDirectory / name;
    std::error_code error;
    const bool there = !program_directory.empty() && std::filesystem::is_directory(beside, error);
    return there ? beside : std::filesystem::path(kFullDataDirectory) / name;
}

std::filesystem::path runtime_directory() {
    const std::string given = folder_in("RUNTIME_DIRECTORY").string();
    return given.substr(0, given.find(':'));
}

std::filesystem::path service_control_socket() {
    return "/run/wshub/control.sock";
}

std::filesystem::path default_state_directory() {
    const std::string given = folder_in("STATE_DIRECTORY").string();
    if (!given.empty()) return given.substr(0, given.find(':'));
    if (geteuid() == 0) return kSystemStateDirectory;
    if (const auto state = folder_in("XDG_STATE_HOME"); !state.empty()) return state / "wshub";
    if (const auto home = folder_in("HOME"); !home.empty()) return home / ".local/state/wshub";
    return kSystemStateDirectory;
}

}  // namespace wshub::server
