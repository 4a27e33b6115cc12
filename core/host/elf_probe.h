// What can be known of a plugin from the bytes of its file alone: no code of it runs. That matters, since mapping a
// truncated library kills the process, and so does a static initialiser that throws.
#pragma once

#include <wshub/abi.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/plugin_error.h"

namespace wshub::host {

struct ElfFacts {
    std::optional<wshub_desc> descriptor;  // zero where the plugin's is shorter than ours
    bool has_entry = false;                // wshub_plugin_entry_v1 is exported
    std::string build_id;                  // in hexadecimal; empty: none
    std::vector<std::string> needed;       // libraries it is linked with
    std::vector<std::string> exported;     // symbols
    std::vector<std::string> unique;       // those of them that are STB_GNU_UNIQUE: they keep it from being unloaded
    bool static_tls = false;               // cannot be loaded again and again
};

// Throws PluginError for what is no whole shared library for this processor.
ElfFacts probe_elf(std::span<const std::byte> file);

}  // namespace wshub::host
