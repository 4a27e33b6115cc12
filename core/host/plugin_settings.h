// What [plugin.NAME] says, met with what the plugin declares by reading it: types, ranges, keys that nobody reads.
#pragma once

#include <wshub/abi.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/setting.h"
#include "host/plugin_host.h"

namespace wshub::host {

// Main thread.
class PluginSettings {
public:
    // `all` holds the settings of every plugin. Where a key stands more than once, --set wins, and otherwise it is a
    // problem. Relative paths are meant from `home`; if that is empty, from the working directory.
    PluginSettings(std::string plugin, const std::vector<base::RawSetting>& all, std::filesystem::path home = {});

    // The keys that are the host's own. Not set: "/", and no role.
    const std::vector<std::string>& namespaces() const { return namespaces_; }
    const std::vector<std::string>& roles() const { return roles_; }

    // wshub_host_v1::config(). A value that does not fit becomes a problem, and the default is given. Fails with
    // WSHUB_EINVAL if the declaration makes no sense, with WSHUB_EEXIST if the key was declared otherwise before.
    std::int32_t declare(const wshub_setting& setting, std::string& value);

    // What stands in the section: each key once, with its text.
    const std::vector<base::RawSetting>& given() const { return settings_; }
    std::map<std::string, std::string> texts() const;

    // When everything is declared: all that is wrong, unknown keys included.
    Problems problems() const;
    const std::vector<SettingInfo>& declared() const { return declared_; }
    // The key and place of the first value that is not the default; empty: there is none.
    std::string first_change() const;

private:
    const base::RawSetting* find(std::string_view key) const;
    void read_namespaces();
    void read_roles();
    std::string absolute(const std::string& path) const;
    void note_change(const base::RawSetting& setting);

    std::string plugin_;
    std::filesystem::path home_;
    std::vector<base::RawSetting> settings_;
    std::vector<std::string> namespaces_{"/"};
    std::vector<std::string> roles_;
    std::vector<SettingInfo> declared_;
    Problems problems_;
    std::string first_change_;
};

}  // namespace wshub::host
