#include "watched_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

namespace auth {

namespace {

constexpr std::size_t kMaxBytes = 4'000'000;

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

}  // namespace

WatchedFile::Stamp WatchedFile::stamp_now() const {
    struct ::stat facts {};
    if (::stat(path_.c_str(), &facts) != 0) return {};
    return {static_cast<std::uint64_t>(facts.st_dev), static_cast<std::uint64_t>(facts.st_ino),
            static_cast<std::int64_t>(facts.st_size), static_cast<std::int64_t>(facts.st_mtim.tv_sec),
            static_cast<std::int64_t>(facts.st_mtim.tv_nsec)};
}

bool WatchedFile::changed() const {
    return !(stamp_now() == stamp_);
}

std::variant<std::string, WatchedFile::Unreadable> WatchedFile::read() {
    stamp_ = stamp_now();  // before reading: what is written meanwhile counts as a change
    // Not blocking: the path may be a pipe by mistake.
    const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return Unreadable{reason_of(errno)};
    std::string text;
    char buffer[16'384];
    ssize_t count = 0;
    do {
        count = ::read(file, buffer, sizeof buffer);
        if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    } while ((count > 0 && text.size() <= kMaxBytes) || (count < 0 && errno == EINTR));
    const int error = count < 0 ? errno : 0;
    ::close(file);
    if (error != 0) return Unreadable{reason_of(error)};
    if (text.size() > kMaxBytes) return Unreadable{"it is larger than 4 MB"};
    return text;
}

}  // namespace auth
