// `wshub check` and `wshub config`: the configuration, looked at without starting anything.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "control/json_writer.h"
#include "server/commands.h"
#include "server/core_keys.h"
#include "server/server.h"

namespace wshub::server {
namespace {

using control::Object;

// As the log would find, without making the file.
bool can_append(const std::filesystem::path& file) {
    if (::access(file.c_str(), W_OK) == 0) return !std::filesystem::is_directory(file);
    return errno == ENOENT && ::access(file.parent_path().c_str(), W_OK | X_OK) == 0;
}

// All that is wrong, as far as it can be known without starting.
struct Inspection {
    SettingSources sources;
    LoadedSettings loaded;
    std::vector<host::PluginInfo> plugins;
    std::vector<std::string> problems;
};

Inspection inspect(const CommandLine& line, bool check_only) {
    set_up_quiet_log();
    Inspection found{sources_of(line.config, line.overrides), {}, {}, {}};
    found.loaded = load(found.sources);
    Settings& settings = found.loaded.settings;
    settings.host.check_only = check_only;
    found.problems = found.loaded.problems;
    if (found.loaded.plugins_known) {
        Server server(settings);
        const host::Problems more = server.load_plugins();
        found.problems.insert(found.problems.end(), more.begin(), more.end());
        found.plugins = server.plugins();
    }
    if (!settings.log.file.empty() && !can_append(settings.log.file)) {
        found.problems.push_back("[log] file = \"" + settings.log.file + "\": cannot be opened for appending");
    }
    return found;
}

// {"server":{"port":"3000",...},...,"plugin.rooms":{...}}: texts as they would stand in the file; secrets that are set
// as "***".
std::string settings_as_json(const std::vector<ShownSection>& sections) {
    Object all;
    for (const ShownSection& section : sections) {
        Object object;
        for (const ShownSetting& setting : section.settings) {
            object.add(setting.key, setting.secret ? std::string("***") : setting.value);
        }
        all.add(section.name, object.done());
    }
    return all.done().text;
}

// What there is to know of a key, of the core's or a plugin's.
struct Described {
    std::string key, default_value, description, values;
    bool secret = false;
};
using Descriptions = std::vector<std::pair<std::string, std::vector<Described>>>;  // by section, in their order

Descriptions descriptions(const std::vector<host::PluginInfo>& plugins) {
    Descriptions all;
    for (const CoreKey& key : core_keys()) {
        if (all.empty() || all.back().first != key.section) all.emplace_back(key.section, std::vector<Described>());
        all.back().second.push_back({key.key, key.default_value, key.sentence, key.form, key.is_secret});
    }
    for (const host::PluginInfo& plugin : plugins) {
        std::vector<Described> keys;
        for (const host::SettingInfo& each : plugin.settings) {
            keys.push_back({each.key, each.default_value, each.help, each.type, each.secret});
        }
        // Every plugin has these, beside what it declares itself.
        keys.push_back({"namespaces", "/", "The namespaces in which its events are known.",
                        "namespaces separated by commas", false});
        keys.push_back({"roles", "",
                        "The roles of which a client needs one for its events, or gets FORBIDDEN; empty is everybody.",
                        "roles separated by commas, such as admin", false});
        all.emplace_back("plugin." + plugin.name, std::move(keys));
    }
    return all;
}

std::string as_json(const Descriptions& sections) {
    Object all;
    for (const auto& [name, keys] : sections) {
        control::Array array;
        for (const Described& each : keys) {
            array.add(Object()
                          .add("key", each.key)
                          .add("default", each.default_value)
                          .add("description", each.description)
                          .add("values", each.values)
                          .add("secret", each.secret)
                          .done());
        }
        all.add(name, array.done());
    }
    return all.done().text;
}

// What each is for and what it takes, as a comment above it.
void comment(std::vector<ShownSection>& sections, const Descriptions& all) {
    for (ShownSection& section : sections) {
        const auto found =
            std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == section.name; });
        if (found == all.end()) continue;
        for (ShownSetting& setting : section.settings) {
            for (const Described& each : found->second) {
                if (each.key == setting.key) setting.comment = each.description + " (" + each.values + ")";
            }
        }
    }
}

}  // namespace

int check(const CommandLine& line) {
    const Inspection found = inspect(line, true);
    if (line.json) return tell_as_json(found.sources.file, found.problems);
    if (!found.problems.empty()) return refuse(found.problems);
    say(stdout, "ok: " + name_of(found.sources.file));
    return kDone;
}

int print_config(const CommandLine& line) {
    const Inspection found = inspect(line, false);
    if (!found.problems.empty())
        return line.json ? tell_as_json(found.sources.file, found.problems) : refuse(found.problems);
    std::vector<ShownSection> sections = shown_settings(found.loaded, found.plugins);
    if (line.diff_defaults) {
        SettingSources nothing_set = found.sources;
        nothing_set.file.clear();
        nothing_set.overrides.clear();
        leave_out_defaults(sections, load_settings(nothing_set));
    }
    const Descriptions all = line.describe ? descriptions(found.plugins) : Descriptions();
    comment(sections, all);
    if (line.json && line.describe) {
        say(stdout, as_json(all));
    } else if (line.json) {
        say(stdout, settings_as_json(sections));
    } else if (sections.empty()) {
        say(stdout, "# nothing differs from the defaults");
    } else {
        say(stdout, print_settings(sections));
    }
    return kDone;
}

}  // namespace wshub::server
