#include "server/places.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

using namespace wshub::server;

TEST_CASE("the program knows where it lies", "[places]") {
    CHECK(std::filesystem::exists(program_directory() / "unit_server"));
}

TEST_CASE("plugins lie beside the program's folder, or in the moved installation, or in the installed place",
          "[places]") {
    const auto root = std::filesystem::temp_directory_path() / ("wshub-places-" + std::to_string(::getpid()));
    const auto bin = root / "bin";
    std::filesystem::create_directories(bin);
    const auto installed = bundled_plugins({});
    CHECK(installed.is_absolute());
    CHECK(bundled_plugins(bin) == installed);

    const auto moved = root / WSHUB_LIBDIR / "wshub" / "plugins";
    std::filesystem::create_directories(moved);
    CHECK(bundled_plugins(bin) == moved);
    std::filesystem::create_directories(root / "plugins");
    CHECK(bundled_plugins(bin) == root / "plugins");
    std::filesystem::remove_all(root);
}

TEST_CASE("the template of plugins lies in the installation, moved or not", "[places]") {
    const auto root = std::filesystem::temp_directory_path() / ("wshub-template-" + std::to_string(::getpid()));
    const auto bin = root / "bin";
    std::filesystem::create_directories(bin);
    const auto installed = plugin_template({});
    CHECK(installed.is_absolute());
    CHECK(plugin_template(bin) == installed);
    const auto moved = root / WSHUB_DATADIR / "wshub" / "plugin-template";
    std::filesystem::create_directories(moved);
    CHECK(plugin_template(bin) == moved);
    std::filesystem::remove_all(root);
    CHECK(std::filesystem::exists(plugin_template(program_directory()) / "CMakeLists.txt"));
}

TEST_CASE("the state lies where the service manager says, else in a folder of the system or of the user", "[places]") {
    const char* const before = std::getenv("STATE_DIRECTORY");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("STATE_DIRECTORY", "/state/one:/state/two", 1);
    CHECK(default_state_directory() == "/state/one");
    ::setenv("STATE_DIRECTORY", "not/absolute", 1);
    const auto otherwise = default_state_directory();
    ::unsetenv("STATE_DIRECTORY");
    CHECK(default_state_directory() == otherwise);
    CHECK(otherwise.is_absolute());
    CHECK(otherwise.filename() == "wshub");
    if (before != nullptr) ::setenv("STATE_DIRECTORY", kept.c_str(), 1);
}
