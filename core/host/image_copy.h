// A copy of a plugin's file, for this process alone. The dynamic linker takes two files of one name for the same, and
// code that is mapped changes with its file: so what may be replaced while it runs is never mapped itself.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "host/plugin_error.h"

namespace wshub::host {

// No copy could be written.
class CopyError : public PluginError {
public:
    using PluginError::PluginError;
};

class ImageCopy {
public:
    // Beside the original, so that its $ORIGIN finds the same libraries; where nothing can be written there, in the
    // directory `otherwise`, which is made. Under a name that no copy of this process had before. Throws CopyError.
    static std::shared_ptr<const ImageCopy> make(std::span<const std::byte> bytes,
                                                 const std::filesystem::path& original,
                                                 const std::filesystem::path& otherwise);
    // Removes it, unless WSHUB_KEEP_IMAGES is set.
    ~ImageCopy();
    ImageCopy(const ImageCopy&) = delete;

    const std::filesystem::path& path() const { return path_; }

    // Those that processes left behind which ended without removing them.
    static void remove_orphans(const std::filesystem::path& directory);

private:
    explicit ImageCopy(std::filesystem::path path);

    const std::filesystem::path path_;
};

}  // namespace wshub::host
