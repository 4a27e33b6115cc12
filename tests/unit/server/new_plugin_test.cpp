#include "server/new_plugin.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace wshub::server;
namespace fs = std::filesystem;

namespace {

// A folder that goes with the test, with a template in it.
class Workshop {
public:
    Workshop() : root(fs::temp_directory_path() / ("wshub-new-plugin-" + std::to_string(::getpid()))) {
        fs::remove_all(root);
        fs::create_directories(template_folder() / "src");
        write(template_folder() / "src/plugin.cpp", "struct @CLASS@; // @PLUGIN@ and @PLUGIN@, @OTHER@\n");
        write(template_folder() / ".gitignore", "/build/\n");
    }
    ~Workshop() { fs::remove_all(root); }
    Workshop(const Workshop&) = delete;

    fs::path template_folder() const { return root / "template"; }
    static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
    static std::string read(const fs::path& file) {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        return text.str();
    }

    const fs::path root;
};

}  // namespace

TEST_CASE("a new plugin is the template with its name filled in", "[new_plugin]") {
    const Workshop workshop;
    const fs::path project = make_plugin_project(workshop.template_folder(), workshop.root, "chat-filter_2");
    CHECK(project == workshop.root / "chat-filter_2");
    CHECK(Workshop::read(project / "src/plugin.cpp") ==
          "struct ChatFilter2; // chat-filter_2 and chat-filter_2, @OTHER@\n");
    CHECK(Workshop::read(project / ".gitignore") == "/build/\n");
}

TEST_CASE("a plugin's class has a name of C++", "[new_plugin]") {
    auto [name, expected] = GENERATE(table<std::string, std::string>({
        {"demo", "Demo"},
        {"a", "A"},
        {"chat-filter", "ChatFilter"},
        {"a_b--c3d", "ABC3d"},
        {"x-9-", "X9"},
    }));
    CHECK(class_name(name) == expected);
}

TEST_CASE("what cannot name a plugin makes no folder", "[new_plugin]") {
    const Workshop workshop;
    const std::string name = GENERATE(values<std::string>(
        {"", "-x", "_", "9", "Demo", "dé", "a b", "a/b", "..", "a.so", std::string("a\0b", 3), std::string(48, 'a')}));
    CHECK_THROWS_WITH(make_plugin_project(workshop.template_folder(), workshop.root, name),
                      Catch::StartsWith("a plugin cannot be named "));
    CHECK(std::distance(fs::directory_iterator(workshop.root), fs::directory_iterator()) == 1);
}

TEST_CASE("a name may have 47 characters", "[new_plugin]") {
    const Workshop workshop;
    CHECK(fs::exists(make_plugin_project(workshop.template_folder(), workshop.root, std::string(47, 'a'))));
}

TEST_CASE("names that are targets of CMake are refused", "[new_plugin]") {
    const Workshop workshop;
    const std::string name = GENERATE(values<std::string>({"test", "all", "install", "help"}));
    CHECK_THROWS_WITH(make_plugin_project(workshop.template_folder(), workshop.root, name),
                      Catch::EndsWith("since CMake means something else by it"));
}

TEST_CASE("nothing that is there is touched", "[new_plugin]") {
    const Workshop workshop;
    const bool folder = GENERATE(true, false);
    if (folder) {
        fs::create_directory(workshop.root / "demo");
        Workshop::write(workshop.root / "demo/mine", "mine");
    } else {
        Workshop::write(workshop.root / "demo", "mine");
    }
    CHECK_THROWS_WITH(make_plugin_project(workshop.template_folder(), workshop.root, "demo"),
                      Catch::Contains("cannot be made: "));
    CHECK(Workshop::read(workshop.root / (folder ? "demo/mine" : "demo")) == "mine");
}

TEST_CASE("where no folder can be made, the reason is told", "[new_plugin]") {
    const Workshop workshop;
    CHECK_THROWS_WITH(make_plugin_project(workshop.template_folder(), workshop.root / "gone", "demo"),
                      Catch::EndsWith("cannot be made: No such file or directory"));
    CHECK_THROWS_WITH(make_plugin_project(workshop.root / "gone", workshop.root, "demo"),
                      Catch::StartsWith("there is no template at "));
}

TEST_CASE("a project that cannot be finished is removed", "[new_plugin]") {
    const Workshop workshop;
    fs::create_symlink("nowhere", workshop.template_folder() / "broken");
    CHECK_THROWS_AS(make_plugin_project(workshop.template_folder(), workshop.root, "demo"), NewPluginError);
    CHECK_FALSE(fs::exists(workshop.root / "demo"));
}

TEST_CASE("what to do next can be typed as it stands", "[new_plugin]") {
    const std::string text = next_steps("/tmp/it's here/demo", "/opt/my hub");
    CHECK_THAT(text, Catch::Contains(R"(cmake -S '/tmp/it'\''s here/demo' -B '/tmp/it'\''s here/demo/build' )"
                                     "-DCMAKE_PREFIX_PATH='/opt/my hub'\n"));
    CHECK_THAT(text, Catch::Contains("--set plugins.enabled=demo\n"));
    CHECK_THAT(next_steps("demo", "/usr"), !Catch::Contains("CMAKE_PREFIX_PATH"));
}
