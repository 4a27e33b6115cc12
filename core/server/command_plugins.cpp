// `wshub plugins`: what lies in the plugin directory, and what a file has in it.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "control/json_writer.h"
#include "host/catalog.h"
#include "host/child_probe.h"
#include "host/plugin_error.h"
#include "server/commands.h"
#include "server/ctl_tables.h"
#include "server/server.h"

namespace wshub::server {
namespace {

using control::Array;
using control::Object;

std::string abi_text(std::uint16_t major, std::uint16_t minor) {
    return std::to_string(major) + "." + std::to_string(minor);
}

std::string joined(const std::vector<std::string>& items) {
    std::string list;
    for (const std::string& item : items) list += (list.empty() ? "" : ", ") + item;
    return list.empty() ? "-" : list;
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> needs_of(const host::Descriptor& descriptor) {
    std::vector<std::string> needs;
    for (const host::Requirement& each : descriptor.requirements) {
        needs.push_back(each.least.empty() ? each.name : each.name + ">=" + each.least);
    }
    return needs;
}

// The configuration is wrong: as check says it.
int refuse(const CommandLine& line, const SettingSources& sources, const std::vector<std::string>& problems) {
    return line.json ? tell_as_json(sources.file, problems) : server::refuse(problems);
}

// ---- info

// What a file tells when it is loaded, or why it cannot be.
struct Findings {
    std::filesystem::path path;
    host::PluginInfo info;
    std::vector<std::string> needs;
    std::string refused;
};

// A plugin and what it needs, as far as that lies beside it.
std::vector<std::string> with_needs(const host::Catalog& catalog, const std::string& name) {
    std::vector<std::string> wanted{name};
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const host::Catalog::Found found = catalog.find(wanted[at]);
        if (!found.file) continue;
        for (const host::Requirement& need : found.file->descriptor.requirements) {
            if (!contains(wanted, need.name)) wanted.push_back(need.name);
        }
    }
    return wanted;
}

// Its code runs only after it has been loaded in a process of its own.
Findings look_into(const std::filesystem::path& path, Settings settings) {
    Findings found;
    found.path = path;
    try {
        const host::PluginFile file = host::read_plugin_file(path);
        found.info.name = file.descriptor.name;
        found.info.version = file.descriptor.version;
        found.info.build = file.descriptor.build;
        found.info.abi_major = file.descriptor.abi_major;
        found.info.abi_minor = file.descriptor.abi_minor;
        found.needs = needs_of(file.descriptor);
        found.refused = host::probe_in_child(settings.host.probe_program, path);
        if (!found.refused.empty()) return found;

        settings.host.directory = path.parent_path();
        const host::Catalog catalog(settings.host.directory);
        if (const auto chosen = catalog.find(found.info.name); !chosen.file || chosen.path != path) {
            found.refused = "another file beside it has a plugin of the same name: " +
                            (chosen.file ? chosen.path.string() : chosen.error);
            return found;
        }
        settings.host.enabled = with_needs(catalog, found.info.name);
        settings.host.check_only = true;
        settings.host.plugin_sections.clear();
        std::erase_if(settings.host.plugin_settings,
                      [&](const base::RawSetting& each) { return each.section != "plugin." + found.info.name; });
        Server server(settings);
        const host::Problems problems = server.load_plugins();
        for (const host::PluginInfo& each : server.plugins()) {
            if (each.name == found.info.name && each.error.empty()) found.info = each;
            if (each.name == found.info.name) found.refused = each.error;
        }
        if (found.refused.empty() && !problems.empty()) found.refused = problems.front();
    } catch (const host::PluginError& error) {
        found.refused = error.what();
    }
    return found;
}

std::string as_json(const Findings& found) {
    Array settings;
    for (const host::SettingInfo& each : found.info.settings) {
        settings.add(Object()
                         .add("key", each.key)
                         .add("type", each.type)
                         .add("default", each.default_value)
                         .add("secret", each.secret)
                         .add("description", each.help)
                         .done());
    }
    return Object()
        .add("file", found.path.string())
        .add("name", control::or_null(found.info.name))
        .add("version", control::or_null(found.info.version))
        .add("abi", abi_text(found.info.abi_major, found.info.abi_minor))
        .add("build", control::or_null(found.info.build))
        .add("needs", control::array_of(found.needs))
        .add("events", control::array_of(found.info.events))
        .add("settings", settings.done())
        .add("refused", control::or_null(found.refused))
        .done()
        .text;
}

std::string as_text(const Findings& found) {
    std::string out = "file     " + found.path.string() + "\n";
    if (!found.info.name.empty()) {
        out += "name     " + found.info.name + "\nversion  " + found.info.version + "\nABI      " +
               abi_text(found.info.abi_major, found.info.abi_minor) + "\nbuild    " + found.info.build + "\nneeds    " +
               joined(found.needs) + "\n";
    }
    if (!found.refused.empty()) return out + "refused  " + found.refused + "\n";
    out += "events   " + joined(found.info.events) + "\n";
    if (found.info.settings.empty()) return out + "settings -\n";
    TextTable table({{"SETTING"}, {"TYPE"}, {"DEFAULT"}, {"WHAT IT IS FOR"}});
    for (const host::SettingInfo& each : found.info.settings) {
        table.add({each.key, each.type, each.default_value.empty() ? "-" : each.default_value, each.help});
    }
    return out + "\n" + table.text();
}

}  // namespace

int list_plugins(const CommandLine& line) {
    set_up_quiet_log();
    const SettingSources sources = sources_of(line.config, line.overrides);
    const LoadedSettings loaded = load(sources);
    if (!loaded.problems.empty()) return refuse(line, sources, loaded.problems);
    const host::HostSettings& settings = loaded.settings.host;
    const host::Catalog catalog(settings.directory);

    TextTable table({{"NAME"}, {"VERSION"}, {"ABI"}, {"ENABLED"}, {"NEEDS"}, {"FILE"}});
    Array items;
    for (const std::string& name : catalog.names()) {
        const host::Catalog::Found found = catalog.find(name);
        if (!found.file) continue;
        const host::Descriptor& descriptor = found.file->descriptor;
        const bool enabled = contains(settings.enabled, name);
        const std::string abi = abi_text(descriptor.abi_major, descriptor.abi_minor);
        table.add(
            {name, descriptor.version, abi, enabled ? "yes" : "no", joined(needs_of(descriptor)), found.path.string()});
        items.add(Object()
                      .add("name", name)
                      .add("version", descriptor.version)
                      .add("abi", abi)
                      .add("enabled", enabled)
                      .add("needs", control::array_of(needs_of(descriptor)))
                      .add("file", found.path.string())
                      .done());
    }
    Array refused;
    std::string reasons;
    for (const auto& [path, reason] : catalog.refused()) {
        refused.add(Object().add("file", path.string()).add("reason", reason).done());
        reasons += "refused: " + path.string() + ": " + reason + "\n";
    }
    if (line.json) {
        say(stdout, Object()
                        .add("directory", settings.directory.string())
                        .add("items", items.done())
                        .add("refused", refused.done())
                        .done()
                        .text);
    } else {
        say(stdout, table.text() + reasons);
    }
    return kDone;
}

// A file, or the name of a plugin that is installed.
int show_plugin(const CommandLine& line) {
    set_up_quiet_log();
    const SettingSources sources = sources_of(line.config, line.overrides);
    const LoadedSettings loaded = load(sources);
    if (!loaded.problems.empty()) return refuse(line, sources, loaded.problems);
    std::filesystem::path path = line.plugin_file;
    if (host::is_plugin_name(line.plugin_file) && !std::filesystem::exists(path)) {
        path = host::Catalog(loaded.settings.host.directory).find(line.plugin_file).path;
    }
    const Findings found = look_into(std::filesystem::absolute(path), loaded.settings);
    say(stdout, line.json ? as_json(found) : as_text(found));
    return found.refused.empty() ? kDone : kNotStarted;
}

}  // namespace wshub::server
