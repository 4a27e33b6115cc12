#include "console/line_source.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace wshub::console {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024 * 1024;

class Listed final : public LineSource {
public:
    explicit Listed(std::vector<Line> lines) : lines_(std::move(lines)) {}
    std::optional<Line> next(const Waiting&) override {
        if (at_ == lines_.size()) return std::nullopt;
        return lines_[at_++];
    }

private:
    std::vector<Line> lines_;
    std::size_t at_ = 0;
};

class Stream final : public LineSource {
public:
    Stream(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

    std::optional<Line> next(const Waiting& waiting) override {
        for (;;) {
            const std::size_t end = buffer_.find('\n', searched_);
            if (end != std::string::npos) return line(end, end + 1);
            if (buffer_.size() >= kLongestLine || (ended_ && !buffer_.empty()))
                return line(buffer_.size(), buffer_.size());
            searched_ = buffer_.size();
            if (ended_ || !waiting(descriptor_)) return std::nullopt;
            fill();
        }
    }

private:
    Line line(std::size_t size, std::size_t taken) {
        Line found{buffer_.substr(0, size), name_ + ':' + std::to_string(++number_)};
        buffer_.erase(0, taken);
        searched_ = 0;
        return found;
    }
    void fill() {
        char bytes[16 * 1024];
        const ssize_t count = ::read(descriptor_, bytes, sizeof bytes);
        if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
        ended_ = count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
    }

    const int descriptor_;
    const std::string name_;
    std::string buffer_;
    std::size_t searched_ = 0;  // up to there is no end of a line
    std::size_t number_ = 0;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<LineSource> listed_lines(std::vector<Line> lines) {
    return std::make_unique<Listed>(std::move(lines));
}

std::unique_ptr<LineSource> stream_lines(int descriptor, std::string name) {
    return std::make_unique<Stream>(descriptor, std::move(name));
}

}  // namespace wshub::console
