// What a plugin says of itself, as far as this server can load it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/elf_probe.h"

namespace wshub::host {

// "rooms>=1.0"
struct Requirement {
    std::string name;
    std::string least;  // version; empty: any
};

struct Descriptor {
    std::string name, version, build;
    std::uint16_t abi_major = 0, abi_minor = 0;
    bool serial = false;  // never called from two threads at a time
    std::vector<Requirement> requirements;
};

// Throws PluginError for every reason to refuse the plugin that is known before its code runs.
Descriptor read_descriptor(const ElfFacts& facts);

// Lower case letters, digits, '_' and '-'; 1 to 47 of them.
bool is_plugin_name(std::string_view name);

// Compares versions number by number: "1.10" is above "1.9". What is not a number counts as 0.
bool version_at_least(std::string_view version, std::string_view least);

}  // namespace wshub::host
