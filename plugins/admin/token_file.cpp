#include "token_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace admin {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostBytes = 1024;
constexpr std::string_view kInstead = "; or set [plugin.admin] token, or [plugin.admin] access";

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    File(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }

private:
    const int fd_;
};

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + std::string(kInstead));
}

[[noreturn]] void fail_by(int error, const std::string& what, const std::string& advice) {
    fail(what + ": " + std::strerror(error) + ": " + advice);
}

// ---- reading

// Nothing if there is no such file.
std::optional<std::string> read_token(const fs::path& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const std::string name = "the admin token's file " + path.string();
    if (!file.is_open() && errno == ENOENT) return std::nullopt;
    if (!file.is_open()) fail_by(errno, name + " cannot be read", "give it to the server's user");
    struct stat status {};
    if (::fstat(file.fd(), &status) != 0) fail_by(errno, name + " cannot be read", "look at its file system");
    if (!S_ISREG(status.st_mode)) fail(name + " is no file: remove it");
    if ((status.st_mode & 077) != 0) fail(name + " can be read by other users: remove it, or chmod 600 it");
    if (status.st_uid != ::geteuid()) fail(name + " belongs to another user: remove it, or chown it");

    std::array<char, kMostBytes + 1> buffer{};
    std::string text;
    for (;;) {
        const ssize_t count = ::read(file.fd(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_by(errno, name + " cannot be read", "look at its file system");
        if (count == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > kMostBytes) fail(name + " is too long for a token: remove it");
    }
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) fail(name + " is empty: remove it");
    text.resize(end + 1);
    return text;
}

// ---- making

template <std::size_t count>
std::string random_hex() {
    constexpr char kHex[] = "0123456789abcdef";
    std::array<std::uint8_t, count> bytes{};
    // So few bytes come whole or not at all.
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        if (errno != EINTR) throw std::runtime_error(std::string("no random numbers: ") + std::strerror(errno));
    }
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += kHex[byte >> 4];
        text += kHex[byte & 15];
    }
    return text;
}

void make_directory(const fs::path& directory) {
    if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return;
    const int error = errno;
    const fs::path parent = directory.parent_path();
    if (error == ENOENT && !parent.empty() && parent != directory) {
        make_directory(parent);
        if (::mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return;
    }
    fail_by(error, "the state directory " + directory.string() + " cannot be made",
            "make it for the server's user, or set [server] state_directory to one that it can make");
}

void write_all(const File& file, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t count = ::write(file.fd(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_by(errno, name + " cannot be written", "make room for it");
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

// A whole file with that text, or none.
class Draft {
public:
    Draft(const fs::path& directory, std::string_view text)
        : path_(directory / (".admin_token." + random_hex<8>())),
          file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
        const std::string name = "the admin token's file in " + directory.string();
        if (!file_.is_open()) {
            fail_by(errno, name + " cannot be made",
                    "give the directory to the server's user, or set [server] state_directory to another");
        }
        try {
            write_all(file_, text, name);
            // The umask may have taken rights away.
            if (::fchmod(file_.fd(), 0600) != 0 || ::fsync(file_.fd()) != 0) {
                fail_by(errno, name + " cannot be written", "look at its file system");
            }
        } catch (...) {
            ::unlink(path_.c_str());
            throw;
        }
    }
    ~Draft() { ::unlink(path_.c_str()); }
    Draft(const Draft&) = delete;

    // False: there is a file already.
    bool become(const fs::path& path) const {
        if (::link(path_.c_str(), path.c_str()) == 0) return true;
        if (errno == EEXIST) return false;
        // File systems without links.
        if (::rename(path_.c_str(), path.c_str()) == 0) return true;
        fail_by(errno, "the admin token's file " + path.string() + " cannot be made", "look at its file system");
    }

private:
    const fs::path path_;
    const File file_;
};

void sync_directory(const fs::path& directory) {
    const File file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (file.is_open()) ::fsync(file.fd());
}

}  // namespace

KeptToken keep_token(const fs::path& directory) {
    const fs::path path = directory / "admin_token";
    if (auto kept = read_token(path)) return {*std::move(kept), path, false};
    make_directory(directory);
    const std::string token = random_hex<32>();
    if (Draft(directory, token + '\n').become(path)) {
        sync_directory(directory);
        return {token, path, true};
    }
    // Another server was faster.
    if (auto kept = read_token(path)) return {*std::move(kept), path, false};
    fail("the admin token's file " + path.string() + " comes and goes: see who else uses the directory");
}

}  // namespace admin
