#include "server/settings.h"

#include <Poco/Util/MapConfiguration.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "protocol/utf8.h"
#include "server/core_keys.h"
#include "server/ini_reader.h"
#include "server/suggest.h"

namespace wshub::server {
namespace {

using base::RawSetting;
using Poco::Util::LayeredConfiguration;
using Poco::Util::MapConfiguration;

constexpr std::string_view kPluginPrefix = "plugin.";

// Layers of the configuration; Poco asks the lowest number first.
enum Layer { kEffective, kOverride, kFile, kDefault };

bool is_plugin_section(std::string_view section) {
    return section.size() > kPluginPrefix.size() && section.substr(0, kPluginPrefix.size()) == kPluginPrefix;
}

std::string full_key(std::string_view section, std::string_view key) {
    return std::string(section) + "." + std::string(key);
}

std::vector<std::string> core_sections() {
    std::vector<std::string> sections;
    for (const CoreKey& key : core_keys()) {
        if (sections.empty() || sections.back() != key.section) sections.push_back(key.section);
    }
    return sections;
}

bool is_core_section(std::string_view section) {
    const auto sections = core_sections();
    return std::find(sections.begin(), sections.end(), section) != sections.end();
}

std::string unknown_section(std::string_view section) {
    if (section == "plugin" || section == kPluginPrefix) return "unknown section, a plugin's is [plugin.NAME]";
    const std::string meant = nearest(section, core_sections());
    return "unknown section" + (meant.empty() ? "" : ", did you mean [" + meant + "]?");
}

std::string unknown_key(const RawSetting& setting) {
    std::vector<std::string> neighbours;
    std::string elsewhere;
    for (const CoreKey& key : core_keys()) {
        if (key.section == setting.section) neighbours.push_back(key.key);
        if (key.key == setting.key && elsewhere.empty()) elsewhere = "[" + key.section + "] " + key.key;
    }
    const std::string meant = elsewhere.empty() ? nearest(setting.key, neighbours) : elsewhere;
    return "unknown key" + (meant.empty() ? "" : ", did you mean " + meant + "?");
}

class Loader {
public:
    explicit Loader(const SettingSources& sources) : sources_(sources) {}

    LoadedSettings load() {
        read_defaults();
        read_file();
        read_overrides();
        layer_them();
        store_them();
        check_together();
        hand_over_plugin_settings();
        return std::move(loaded_);
    }

private:
    void read_defaults() {
        for (const CoreKey& key : core_keys()) {
            layers_[kDefault]->setString(full_key(key.section, key.key), key.default_value);
            effective_[{key.section, key.key}] = {key.section, key.key, key.default_value, "default"};
        }
    }

    void read_file() {
        if (sources_.file.empty()) return;
        const Ini ini = read_ini_file(sources_.file);
        loaded_.problems = ini.problems;
        std::set<std::string> unknown;
        for (const IniSection& section : ini.sections) {
            if (is_plugin_section(section.name)) {
                loaded_.settings.host.plugin_sections.push_back({section.name, {}, {}, section.origin});
            }
            if (is_core_section(section.name) || is_plugin_section(section.name)) continue;
            problem(section.name, section.origin + " [" + section.name + "]: " + unknown_section(section.name));
            unknown.insert(section.name);
        }
        for (const RawSetting& setting : ini.settings) {
            if (!unknown.contains(setting.section)) take(setting, kFile);
        }
    }

    void read_overrides() {
        for (const std::string& text : sources_.overrides) {
            try {
                const RawSetting setting = parse_override(text);
                if (is_core_section(setting.section) || is_plugin_section(setting.section)) {
                    take(setting, kOverride);
                } else {
                    problem(setting.section, base::setting_problem(setting, unknown_section(setting.section)));
                }
            } catch (const base::ConfigError& error) {
                loaded_.problems.emplace_back(error.what());
            }
        }
    }

    // Every value is checked, also one that a later layer covers: it would bite on the day that layer goes.
    void take(const RawSetting& setting, Layer layer) {
        if (!is_plugin_section(setting.section)) {
            const CoreKey* const key = find_core_key(setting.section, setting.key);
            if (key == nullptr) return problem(setting.section, base::setting_problem(setting, unknown_key(setting)));
            Settings scratch;
            if (!key->set(scratch, setting.value)) {
                return problem(setting.section, base::setting_error(shown(setting), key->form));
            }
        }
        layers_[layer]->setString(full_key(setting.section, setting.key), setting.value);
        effective_[{setting.section, setting.key}] = setting;
    }

    // As it may stand in an error.
    static RawSetting shown(RawSetting setting) {
        const CoreKey* const key = find_core_key(setting.section, setting.key);
        if (key != nullptr && key->is_secret && !setting.value.empty()) setting.value = "***";
        return setting;
    }

    void layer_them() {
        for (const Layer layer : {kEffective, kOverride, kFile, kDefault}) {
            loaded_.configuration->add(layers_[layer], layer);
        }
    }

    void store_them() {
        for (const CoreKey& key : core_keys()) {
            const std::string name = full_key(key.section, key.key);
            std::string value = loaded_.configuration->getRawString(name);
            if (key.is_path) {
                value = absolute(key, value);
                layers_[kEffective]->setString(name, value);
            }
            if (!key.set(loaded_.settings, value)) {
                problem(key.section, base::setting_error(shown(effective_[{key.section, key.key}]), key.form));
            }
        }
        loaded_.settings.host.home = home();
        loaded_.settings.http.max_body_bytes = loaded_.settings.engine.max_http_buffer_size;
    }

    std::string absolute(const CoreKey& key, const std::string& path) {
        if (path.empty()) {
            if (key.section == "plugins") return sources_.plugin_directory.string();
            if (key.section == "control") return default_control_socket();
            return key.section == "server" ? sources_.state_directory.string() : "";
        }
        return (home() / path).lexically_normal().string();
    }

    // [server] state_directory has been stored before.
    std::string default_control_socket() {
        loaded_.settings.control_path_is_default = true;
        const auto& folder =
            sources_.runtime_directory.empty() ? loaded_.settings.state_directory : sources_.runtime_directory;
        return folder.empty() ? std::string() : (folder / "control.sock").string();
    }

    // What relative paths are relative to.
    std::filesystem::path home() const {
        std::error_code error;
        return sources_.file.empty() ? sources_.working_directory
                                     : std::filesystem::absolute(sources_.file, error).parent_path();
    }

    // What each value allows and together makes no sense.
    void check_together() {
        const Settings& settings = loaded_.settings;
        check_bursts();
        if (settings.http.proxy_protocol && settings.http.trusted_proxies.empty()) {
            wrong("server", "proxy_protocol",
                  "false, or trusted_proxies to name the proxies: without them every connection would be closed");
        }
        if (settings.metrics.enabled && settings.metrics.rule.access == MetricsAccess::kToken &&
            settings.metrics.rule.token.empty()) {
            wrong("metrics", "token", "a token of 16 or more letters and digits, since access = token");
        }
        const session::CorsSettings& cors = settings.engine.cors;
        if (cors.credentials && !cors.any_origin && cors.origins.empty()) {
            wrong("engine", "cors_credentials", "false, or cors_origin to name the origins that may send them");
        }
        if (cors.any_origin && cors.credentials) {
            wrong("engine", "cors_credentials",
                  "false, or cors_origin to name the origins: * would hand them all the "
                  "cookies");
        }
    }

    void check_bursts() {
        const hub::Limits& hub = loaded_.settings.hub.limits;
        const session::AddressLimits& address = loaded_.settings.engine.limits.per_address;
        check_burst(hub.events, "events_burst", "events_per_second limits events");
        check_burst(address.events, "events_burst_per_address", "events_per_second_per_address limits events");
        check_burst(hub.connects, "connects_burst", "connects_per_second limits connects");
        check_burst(address.connects, "connects_burst_per_address", "connects_per_second_per_address limits connects");
    }

    void check_burst(const base::Rate& rate, const std::string& key, const std::string& reason) {
        if (rate.per_second > 0 && rate.burst < 1) wrong("limits", key, "1 or more, since " + reason);
    }

    void wrong(const std::string& section, const std::string& key, std::string_view expected) {
        problem(section, base::setting_error(shown(effective_[{section, key}]), expected));
    }

    void hand_over_plugin_settings() {
        for (const auto& [name, setting] : effective_) {
            if (is_plugin_section(setting.section)) loaded_.settings.host.plugin_settings.push_back(setting);
        }
    }

    void problem(std::string_view section, std::string text) {
        loaded_.problems.push_back(std::move(text));
        if (section == "plugins") loaded_.plugins_known = false;
    }

    const SettingSources& sources_;
    LoadedSettings loaded_{{}, new LayeredConfiguration, {}, true};
    std::map<Layer, Poco::AutoPtr<MapConfiguration>> layers_{{kEffective, new MapConfiguration},
                                                             {kOverride, new MapConfiguration},
                                                             {kFile, new MapConfiguration},
                                                             {kDefault, new MapConfiguration}};
    std::map<std::pair<std::string, std::string>, RawSetting> effective_;
};

std::string line_of(const std::string& key, const std::string& value) {
    return key + " =" + (value.empty() ? "" : " " + ini_value(value)) + "\n";
}

std::string secret_line(const std::string& key) {
    return "# " + key + " is set, and secret\n";
}

std::string joined(const std::vector<std::string>& items) {
    std::string list;
    for (const std::string& item : items) list += (list.empty() ? "" : ", ") + item;
    return list;
}

}  // namespace

LoadedSettings load_settings(const SettingSources& sources) {
    return Loader(sources).load();
}

RawSetting parse_override(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::size_t dot = name.rfind('.');
    if (equals == std::string_view::npos || dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) {
        throw base::ConfigError("--set " + base::log::printable(text) +
                                ": expected section.key=value, such as server.port=3000");
    }
    RawSetting setting{std::string(name.substr(0, dot)), std::string(name.substr(dot + 1)),
                       std::string(text.substr(equals + 1)), "--set"};
    const bool one_line = std::none_of(setting.value.begin(), setting.value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    if (!one_line || !protocol::is_utf8(text)) {
        throw base::ConfigError(base::setting_error(setting, "UTF-8 text without control characters"));
    }
    return setting;
}

std::vector<ShownSection> shown_settings(const LoadedSettings& loaded, const std::vector<host::PluginInfo>& plugins) {
    std::vector<ShownSection> sections;
    for (const CoreKey& key : core_keys()) {
        if (sections.empty() || sections.back().name != key.section) sections.push_back({key.section, {}});
        const std::string value = loaded.configuration->getRawString(full_key(key.section, key.key));
        sections.back().settings.push_back({key.key, value, key.is_secret && !value.empty(), key.default_value});
    }
    for (const host::PluginInfo& plugin : plugins) {
        if (!plugin.error.empty()) continue;
        ShownSection section{std::string(kPluginPrefix) + plugin.name, {}};
        for (const host::SettingInfo& setting : plugin.settings) {
            const bool hidden = setting.secret && !setting.value.empty();
            section.settings.push_back({setting.key, setting.value, hidden, setting.default_value});
        }
        // Every plugin has these, beside what it declares itself.
        section.settings.push_back({"namespaces", joined(plugin.namespaces), false, "/"});
        section.settings.push_back({"roles", joined(plugin.roles), false, ""});
        sections.push_back(std::move(section));
    }
    return sections;
}

void leave_out_defaults(std::vector<ShownSection>& sections, const LoadedSettings& defaults) {
    for (ShownSection& section : sections) {
        std::erase_if(section.settings, [&](const ShownSetting& setting) {
            if (setting.secret) return false;
            if (is_plugin_section(section.name)) return setting.value == setting.default_value;
            return setting.value == defaults.configuration->getRawString(full_key(section.name, setting.key));
        });
    }
    std::erase_if(sections, [](const ShownSection& section) { return section.settings.empty(); });
}

std::string print_settings(const std::vector<ShownSection>& sections) {
    std::string out;
    for (const ShownSection& section : sections) {
        out += (out.empty() ? "[" : "\n[") + section.name + "]\n";
        for (const ShownSetting& setting : section.settings) {
            if (!setting.comment.empty()) out += "# " + setting.comment + "\n";
            out += setting.secret ? secret_line(setting.key) : line_of(setting.key, setting.value);
        }
    }
    return out;
}

std::string print_settings(const LoadedSettings& loaded, const std::vector<host::PluginInfo>& plugins) {
    return print_settings(shown_settings(loaded, plugins));
}

}  // namespace wshub::server
