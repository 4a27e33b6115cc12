#include "host/reload_thread.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

#include "base/alternate_stack.h"
#include "base/log.h"

namespace wshub::host {
namespace {

using Clock = std::chrono::steady_clock;

std::string error_text() {
    return std::generic_category().message(errno);
}

}  // namespace

void ReloadRequest::add(const ReloadRequest& other) {
    configuration = configuration || other.configuration;
    all_files = all_files || other.all_files;
    files.insert(other.files.begin(), other.files.end());
    plugins.insert(other.plugins.begin(), other.plugins.end());
    waiters.insert(waiters.end(), other.waiters.begin(), other.waiters.end());
}

// The plugin directory as inotify sees it. A directory that is removed or replaced is looked for until it is back.
class ReloadThread::Watch {
public:
    explicit Watch(std::filesystem::path directory) : directory_(std::move(directory)) {
        if (directory_.empty()) return;
        fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (fd_ < 0 || !look_again()) {
            base::log::error("the plugin directory {} cannot be watched: {}", directory_.string(), error_text());
        }
    }
    ~Watch() {
        if (fd_ >= 0) ::close(fd_);
    }
    Watch(const Watch&) = delete;

    int fd() const { return fd_; }
    bool is_lost() const { return fd_ >= 0 && watch_ < 0; }
    bool look_again() {
        constexpr std::uint32_t kWanted = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                                          IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
        watch_ = ::inotify_add_watch(fd_, directory_.c_str(), kWanted);
        return watch_ >= 0;
    }

    // What has changed since the last call.
    ReloadRequest read() {
        ReloadRequest changes;
        alignas(inotify_event) std::array<char, 16 * 1024> buffer;
        for (;;) {
            const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return changes;
            const char* const end = buffer.data() + got;
            for (const char* at = buffer.data(); at < end;) {
                inotify_event event;
                std::memcpy(&event, at, sizeof event);
                take(event, at + sizeof event, changes);
                at += sizeof event + event.len;
            }
        }
    }

private:
    void take(const inotify_event& event, const char* name, ReloadRequest& changes) {
        if ((event.mask & IN_Q_OVERFLOW) != 0) changes.all_files = true;
        if ((event.mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED)) != 0 && event.wd == watch_) {
            if ((event.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(fd_, watch_);
            watch_ = -1;
        }
        if (event.len == 0) return;
        const std::filesystem::path file(name);  // NUL-terminated
        if (file.extension() == ".so") changes.files.insert(directory_ / file);
    }

    const std::filesystem::path directory_;
    int fd_ = -1, watch_ = -1;
};

ReloadThread::ReloadThread(std::filesystem::path directory, std::function<void(const ReloadRequest&)> act,
                           std::function<bool()> look)
    : watch_(std::make_unique<Watch>(std::move(directory))), act_(std::move(act)), look_(std::move(look)) {
    changed_.all_files = watch_->fd() >= 0;  // since they were loaded
    wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    // Signals are for the threads that were there before; but for those of a crash, which end the process without a
    // word where they are blocked.
    sigset_t all, before;
    ::sigfillset(&all);
    for (const int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigdelset(&all, crash);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ReloadThread::~ReloadThread() {
    refuse();
    thread_.join();
    ::close(wake_fd_);
}

void ReloadThread::request(const ReloadRequest& request) {
    {
        const std::lock_guard lock(mutex_);
        if (ending_) return;
        requested_.add(request);
    }
    wake();
}

void ReloadThread::refuse() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wake();
}

bool ReloadThread::is_busy() {
    const std::lock_guard lock(mutex_);
    return busy_ || !requested_.empty();
}

void ReloadThread::finish() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return !busy_ && requested_.empty(); });
}

void ReloadThread::wake() const {
    const std::uint64_t one = 1;
    // The counter takes one more: this cannot fail.
    [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

void ReloadThread::run() {
    const base::AlternateStack for_crashes;
    bool looking = false;
    for (;;) {
        auto patience = base::milliseconds{-1};
        if (looking) patience = kLookEvery;
        if (watch_->is_lost()) patience = base::milliseconds{1'000};
        if (!changed_.empty()) patience = kQuiet / 3;
        std::array<pollfd, 2> ready{{{wake_fd_, POLLIN, 0}, {watch_->fd(), POLLIN, 0}}};  // a negative one is left out
        ::poll(ready.data(), ready.size(), static_cast<int>(patience.count()));
        std::uint64_t count = 0;
        [[maybe_unused]] const auto drained = ::read(wake_fd_, &count, sizeof count);
        take_changes();
        const ReloadRequest request = take_requests();
        {
            const std::lock_guard lock(mutex_);
            if (ending_) break;
        }
        try {
            if (!request.empty()) act_(request);
            looking = look_();
        } catch (const std::exception& error) {
            base::log::error("reloading failed: {}", error.what());
        }
        const std::lock_guard lock(mutex_);
        busy_ = false;
        done_.notify_all();
    }
    const std::lock_guard lock(mutex_);
    requested_ = {};
    busy_ = false;
    done_.notify_all();
}

void ReloadThread::take_changes() {
    if (watch_->fd() < 0) return;
    ReloadRequest changes = watch_->read();
    if (watch_->is_lost() && watch_->look_again()) changes.all_files = true;
    if (changes.empty()) return;
    last_change_ = Clock::now();
    if (changed_.empty()) first_change_ = last_change_;
    changed_.add(changes);
}

// What was asked for at once, changes when nothing has changed for a while; but somebody who never stops writing
// cannot hold them up forever.
ReloadRequest ReloadThread::take_requests() {
    constexpr base::milliseconds kLongest{2'000};
    const auto now = Clock::now();
    const bool quiet = !changed_.empty() && (now - last_change_ >= kQuiet || now - first_change_ >= kLongest);
    const std::lock_guard lock(mutex_);
    ReloadRequest request = std::exchange(requested_, {});
    if (quiet) request.add(std::exchange(changed_, {}));
    busy_ = !request.empty();
    return request;
}

}  // namespace wshub::host
