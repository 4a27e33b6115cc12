// The documents that name every key of the core say what the table in core_keys.cpp says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "server/core_keys.h"
#include "server/ini_reader.h"

using namespace wshub::server;

namespace {

const std::filesystem::path kSource = WSHUB_SOURCE_DIR;
const std::filesystem::path kSample = kSource / "etc/wshub.ini";

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The comment above each `key = value`, its lines joined, by "section.key".
std::map<std::string, std::string> comments_of(const std::string& text) {
    std::map<std::string, std::string> comments;
    std::istringstream in(text);
    std::string section, comment;
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("# ", 0) == 0) {
            comment += (comment.empty() ? "" : " ") + line.substr(2);
        } else if (line.rfind('[', 0) == 0) {
            section = line.substr(1, line.find(']') - 1);
            comment.clear();
        } else {
            if (!line.empty()) comments[section + "." + line.substr(0, line.find(' '))] = comment;
            comment.clear();
        }
    }
    return comments;
}

}  // namespace

TEST_CASE("etc/wshub.ini shows every key with its default and its sentence", "[documents]") {
    const Ini ini = read_ini_file(kSample);
    CHECK(ini.problems.empty());
    std::map<std::string, std::string> values;
    for (const auto& setting : ini.settings) values[setting.section + "." + setting.key] = setting.value;
    const auto comments = comments_of(text_of(kSample));
    for (const CoreKey& key : core_keys()) {
        const std::string name = key.section + "." + key.key;
        CAPTURE(name);
        REQUIRE(values.count(name) == 1);
        CHECK(values[name] == key.default_value);
        REQUIRE(comments.count(name) == 1);
        CHECK(comments.at(name) == key.sentence);
    }
}

TEST_CASE("etc/wshub.ini is a configuration that can be used as it is", "[documents]") {
    const LoadedSettings loaded = load_settings({kSample, {}, "/somewhere", "/default/plugins", ""});
    CHECK(loaded.problems.empty());
    CHECK(loaded.settings.host.directory == "/default/plugins");
}

TEST_CASE("etc/wshub.ini shows what the plugins know, with their defaults", "[documents]") {
    std::FILE* const pipe = ::popen(WSHUB_PROGRAM " --print-config --config /dev/null", "r");
    REQUIRE(pipe != nullptr);
    std::string printed;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) printed += static_cast<char>(c);
    REQUIRE(::pclose(pipe) == 0);

    const Ini sample = read_ini_file(kSample);
    const auto comments = comments_of(text_of(kSample));
    int plugin_keys = 0;
    for (const auto& known : read_ini(printed, "printed").settings) {
        if (known.section.rfind("plugin.", 0) != 0) continue;
        ++plugin_keys;
        CAPTURE(known.section, known.key);
        const auto shown = std::find_if(sample.settings.begin(), sample.settings.end(), [&known](const auto& setting) {
            return setting.section == known.section && setting.key == known.key;
        });
        REQUIRE(shown != sample.settings.end());
        CHECK(shown->value == known.value);
        CHECK_FALSE(comments.at(known.section + "." + known.key).empty());
    }
    CHECK(plugin_keys >= 4);
}

TEST_CASE("docs/configuration.md names every key with its default and its sentence", "[documents]") {
    const std::string document = text_of(kSource / "docs/configuration.md");
    for (const CoreKey& key : core_keys()) {
        const std::string shown = key.default_value.empty() ? "" : "`" + key.default_value + "`";
        const std::string row = "| `" + key.key + "` | " + shown + " | " + key.sentence;
        const std::size_t section = document.find("## [" + key.section + "]");
        REQUIRE(section != std::string::npos);
        CAPTURE(row);
        CHECK(document.find(row, section) < document.find("\n## ", section + 1));
    }
}
