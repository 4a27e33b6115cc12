// A file that is read again when it has changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace auth {

// External lock.
class WatchedFile {
public:
    explicit WatchedFile(std::string path) : path_(std::move(path)) {}

    const std::string& path() const { return path_; }

    // What stands in it now, or why it cannot be read.
    struct Unreadable {
        std::string why;
    };
    std::variant<std::string, Unreadable> read();
    // Whether it is another one, or of another time or size, than at the last read().
    bool changed() const;

private:
    struct Stamp {
        std::uint64_t device = 0, inode = 0;
        std::int64_t size = -1, seconds = 0, nanoseconds = 0;  // size -1: there is none
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    Stamp stamp_now() const;

    std::string path_;
    Stamp stamp_;
};

}  // namespace auth
