#include "host/plugin_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string_view>
#include <system_error>

namespace wshub::host {
namespace {

namespace fs = std::filesystem;

class File {
public:
    File(const fs::path& path, int flags) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)) {
        if (fd_ < 0) throw PluginError("cannot open: " + error_text());
        if (::fstat(fd_, &status_) != 0) {
            ::close(fd_);
            throw PluginError("cannot read: " + error_text());
        }
    }
    ~File() { ::close(fd_); }
    File(const File&) = delete;

    const struct stat& status() const { return status_; }

    std::vector<std::byte> read() const {
        std::vector<std::byte> bytes(static_cast<std::size_t>(status_.st_size));
        std::size_t have = 0;
        while (have < bytes.size()) {
            const ssize_t got = ::read(fd_, bytes.data() + have, bytes.size() - have);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) throw PluginError("cannot read: " + error_text());
            if (got == 0) break;
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }

private:
    static std::string error_text() { return std::generic_category().message(errno); }

    int fd_;
    struct stat status_ {};
};

std::string octal(mode_t mode) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
    return text.data();
}

void check_only_ours(const fs::path& path, const struct stat& status) {
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw PluginError("writable by group or others (mode " + octal(status.st_mode) + "), run: chmod go-w " +
                          path.string());
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        throw PluginError("owned by user " + std::to_string(status.st_uid) +
                          ", neither root nor the user that the server runs as (" + std::to_string(::geteuid()) + ")");
    }
}

}  // namespace

namespace {

std::vector<std::byte> read_bytes(const fs::path& path) {
    constexpr off_t kLargest = 1 << 30;
    // Not blocking: a FIFO under a plugin's name would wait for a writer.
    const File file(path, O_NONBLOCK);
    if (!S_ISREG(file.status().st_mode)) throw PluginError("not a regular file");
    check_only_ours(path, file.status());
    if (file.status().st_size > kLargest) throw PluginError("larger than 1 GiB");
    return file.read();
}

// The build id tells builds apart, whether they were stripped or not; without one, every byte counts.
std::string fingerprint_of(const ElfFacts& facts, std::span<const std::byte> bytes) {
    if (!facts.build_id.empty()) return facts.build_id;
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return std::to_string(bytes.size()) + "/" + std::to_string(std::hash<std::string_view>()(text));
}

PluginFile look_into(const fs::path& path, std::span<const std::byte> bytes) {
    PluginFile read;
    read.path = path;
    read.facts = probe_elf(bytes);
    read.descriptor = read_descriptor(read.facts);
    read.fingerprint = fingerprint_of(read.facts, bytes);
    return read;
}

}  // namespace

PluginFile read_plugin_file(const fs::path& path) {
    return look_into(path, read_bytes(path));
}

PluginFile copy_plugin_file(const fs::path& path, const fs::path& otherwise) {
    const std::vector<std::byte> bytes = read_bytes(path);
    PluginFile read = look_into(path, bytes);
    read.copy = ImageCopy::make(bytes, path, otherwise);
    return read;
}

PluginFile copy_again(const PluginFile& file, const fs::path& otherwise) {
    const std::vector<std::byte> bytes = read_bytes(file.image());
    PluginFile read = look_into(file.path, bytes);
    read.copy = ImageCopy::make(bytes, file.path, otherwise);
    return read;
}

void check_plugin_directory(const fs::path& directory) {
    try {
        const File file(directory, O_DIRECTORY);
        check_only_ours(directory, file.status());
    } catch (const PluginError& error) {
        throw PluginError("plugin directory " + directory.string() + ": " + error.what());
    }
}

std::vector<fs::path> list_plugin_files(const fs::path& directory) {
    std::vector<fs::path> files;
    std::error_code failed;
    for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
        if (at->path().extension() == ".so") files.push_back(at->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace wshub::host
