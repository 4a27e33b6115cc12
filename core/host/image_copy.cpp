#include "host/image_copy.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace wshub::host {
namespace {

namespace fs = std::filesystem;

// ".rooms.4711-3.image": hidden, and not among the plugins; 4711 is the process.
constexpr std::string_view kEnding = ".image";

std::string unused_name(const fs::path& original) {
    static std::atomic<unsigned> last{0};
    return "." + original.stem().string() + "." + std::to_string(::getpid()) + "-" + std::to_string(++last) +
           std::string(kEnding);
}

// 0, or an errno.
int write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

// 0, or an errno; then there is no file.
int write_file(const fs::path& path, std::span<const std::byte> bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IXUSR);
    if (fd < 0) return errno;
    int error = write_all(fd, bytes);
    if (::close(fd) != 0 && error == 0) error = errno;
    if (error != 0) ::unlink(path.c_str());
    return error;
}

// The same under a name that is free: in a container, a process before us may have had our number.
int write_unused(const fs::path& directory, const fs::path& original, std::span<const std::byte> bytes,
                 fs::path& place) {
    int error = EEXIST;
    for (int attempt = 0; error == EEXIST && attempt < 10'000; ++attempt) {
        place = directory / unused_name(original);
        error = write_file(place, bytes);
    }
    return error;
}

bool may_be_run(const fs::path& directory) {
    struct statvfs status {};
    return ::statvfs(directory.c_str(), &status) != 0 || (status.f_flag & ST_NOEXEC) == 0;
}

// 0: it is no copy's name.
pid_t process_of(const std::string& name) {
    if (name.size() <= kEnding.size() || name.front() != '.' || !name.ends_with(kEnding)) return 0;
    const std::string_view rest = std::string_view(name).substr(0, name.size() - kEnding.size());
    const std::size_t dot = rest.rfind('.');
    pid_t process = 0;
    const auto read = std::from_chars(rest.data() + dot + 1, rest.data() + rest.size(), process);
    return read.ec == std::errc() && *read.ptr == '-' && process > 0 ? process : 0;
}

}  // namespace

ImageCopy::ImageCopy(fs::path path) : path_(std::move(path)) {}

ImageCopy::~ImageCopy() {
    if (std::getenv("WSHUB_KEEP_IMAGES") == nullptr) ::unlink(path_.c_str());
}

std::shared_ptr<const ImageCopy> ImageCopy::make(std::span<const std::byte> bytes, const fs::path& original,
                                                 const fs::path& otherwise) {
    fs::path place;
    int error = write_unused(original.parent_path(), original, bytes, place);
    if ((error == EACCES || error == EROFS || error == EPERM) && !otherwise.empty()) {
        std::error_code ignored;
        fs::create_directories(otherwise, ignored);
        error = write_unused(otherwise, original, bytes, place);
        if (error == 0 && !may_be_run(otherwise)) {
            ::unlink(place.c_str());
            throw CopyError("cannot be copied to " + place.string() + ": its file system is mounted noexec");
        }
    }
    if (error != 0) {
        throw CopyError("cannot be copied to " + place.string() + ": " + std::generic_category().message(error));
    }
    return std::shared_ptr<const ImageCopy>(new ImageCopy(std::move(place)));
}

void ImageCopy::remove_orphans(const fs::path& directory) {
    std::error_code failed;
    for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
        const pid_t process = process_of(at->path().filename().string());
        if (process != 0 && ::kill(process, 0) != 0 && errno == ESRCH) ::unlink(at->path().c_str());
    }
}

}  // namespace wshub::host
