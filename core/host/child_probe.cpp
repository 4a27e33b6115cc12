#include "host/child_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <system_error>

#include "base/log.h"
#include "host/image.h"

extern char** environ;

namespace wshub::host {
namespace {

std::string error_text(int error) {
    return std::generic_category().message(error);
}

// The child's standard output and error, read here.
class Pipe {
public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    }
    ~Pipe() {
        ::close(ends_[0]);
        close_writing();
    }
    Pipe(const Pipe&) = delete;
    int reading() const { return ends_[0]; }
    int writing() const { return ends_[1]; }
    void close_writing() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

// 0, or an errno.
int spawn(pid_t& child, const std::filesystem::path& program, const std::filesystem::path& file, const Pipe& pipe) {
    std::string option = "--probe-plugin", name = program.string(), path = file.string();
    std::array<char*, 4> arguments{name.data(), option.data(), path.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe.writing(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, pipe.writing(), STDERR_FILENO);
    // The reload thread blocks signals; the child is to die of them.
    posix_spawnattr_t attributes;
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int error = ::posix_spawn(&child, name.c_str(), &actions, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

// Until the child has closed its end. False: the time is up.
bool read_all(int fd, std::string& output, base::milliseconds patience) {
    constexpr std::size_t kMost = 4096;
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left = std::chrono::ceil<base::milliseconds>(end - std::chrono::steady_clock::now());
        pollfd readable{fd, POLLIN, 0};
        const int ready = ::poll(&readable, 1, static_cast<int>(std::max<base::milliseconds::rep>(left.count(), 0)));
        if (ready == 0) return false;
        if (ready < 0 && errno == EINTR) continue;
        std::array<char, 512> buffer;
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0) return true;
        output.append(buffer.data(), std::min(static_cast<std::size_t>(got), kMost - output.size()));
    }
}

// Its last line, which says what happened; sanitizers and the C++ run-time write more than one.
std::string one_line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return base::log::printable(text, 400);
}

}  // namespace

int probe_main(const std::filesystem::path& file) {
    try {
        const Image image(read_plugin_file(file));
    } catch (const std::exception& error) {
        std::fputs(error.what(), stderr);
        return 1;
    }
    return 0;
}

std::string probe_in_child(const std::filesystem::path& program, const std::filesystem::path& file,
                           base::milliseconds patience) {
    Pipe pipe;
    pid_t child = 0;
    if (const int error = spawn(child, program, file, pipe)) {
        return "cannot be probed: " + program.string() + ": " + error_text(error);
    }
    pipe.close_writing();
    std::string output;
    const bool in_time = read_all(pipe.reading(), output, patience);
    if (!in_time) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    output = one_line(std::move(output));
    if (!in_time) return "did not load within " + std::to_string(patience.count()) + " ms";
    if (WIFSIGNALED(status)) {
        return "crashed while loading: " + std::string(::strsignal(WTERMSIG(status))) +
               (output.empty() ? "" : " (" + output + ")");
    }
    if (WEXITSTATUS(status) == 0) return {};
    return output.empty() ? "cannot be loaded" : output;
}

}  // namespace wshub::host
