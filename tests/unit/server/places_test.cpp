#include "server/places.h"

#include <unistd.h>

#include <catch2/catch.hpp>
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
