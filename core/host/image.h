// A plugin's file mapped into the process. Unmapped for sure when it goes, or reported.
#pragma once

#include <wshub/abi.h>

#include <boost/dll/shared_library.hpp>
#include <string>

#include "host/plugin_file.h"

namespace wshub::host {

// One thread at a time.
class Image {
public:
    // Runs the static initialisers of the plugin. Throws PluginError.
    explicit Image(PluginFile file);
    // Unmaps it, unless WSHUB_KEEP_IMAGES is set: reports of sanitizers name functions only while they are mapped.
    ~Image();
    Image(const Image&) = delete;

    const PluginFile& file() const { return file_; }
    const wshub_plugin_v1& functions() const { return *functions_; }

private:
    PluginFile file_;
    boost::dll::shared_library library_;
    const wshub_plugin_v1* functions_ = nullptr;
    const void* base_ = nullptr;
};

}  // namespace wshub::host
