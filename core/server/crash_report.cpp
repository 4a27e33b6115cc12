#include "server/crash_report.h"

#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <string_view>

#include "base/alternate_stack.h"
#include "base/log.h"
#include "host/call_scope.h"

namespace wshub::server {
namespace {

constexpr std::array<int, 5> kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// A line put together without memory from the heap: only what is allowed in a signal handler (signal-safety(7)).
class Line {
public:
    // Clients choose names of events: what could move a terminal's cursor is left out, and the line stays short.
    Line& operator<<(std::string_view text) {
        for (const char c : text.substr(0, kMost)) {
            const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
            if (size_ < bytes_.size() - 1) bytes_[size_++] = is_control ? '?' : c;
        }
        return *this;
    }
    void write() {
        bytes_[size_++] = '\n';
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, bytes_.data(), size_);
    }

private:
    static constexpr std::size_t kMost = 100;
    std::array<char, 512> bytes_;
    std::size_t size_ = 0;
};

bool in_journal = false;  // found out beforehand
std::atomic<pid_t> blamed{0};
static_assert(std::atomic<pid_t>::is_always_lock_free);

void handle_crashes(std::span<const int> signals);

// A watchdog's SIGABRT comes to whichever thread is free to take it; the one that stands still has more to tell. Gives
// it the signal and the time to end the process; comes back if that is not so, or does not happen.
void hand_on(int number, const siginfo_t& info) {
    const bool sent = info.si_code == SI_USER || info.si_code == SI_QUEUE;
    const pid_t thread = blamed.exchange(0);
    if (number != SIGABRT || !sent || thread == 0 || thread == ::syscall(SYS_gettid)) return;
    handle_crashes({&number, 1});
    if (::syscall(SYS_tgkill, ::getpid(), thread, number) != 0) return;
    const timespec patience{2, 0};
    ::nanosleep(&patience, nullptr);
}

void on_crash(int number, siginfo_t* info, void*) {
    hand_on(number, *info);
    Line line;
    const char* const name = ::sigdescr_np(number);
    if (in_journal) line << "<2>";
    line << "wshub " WSHUB_VERSION ": crashed: " << (name != nullptr ? name : "unknown signal");
    if (const host::CallScope* const call = host::current_activity()) {
        line << " in plugin " << call->plugin << (call->step != nullptr ? ", in " : ", handling ") << call->doing();
    }
    line.write();
    std::array<void*, 64> frames;
    ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), static_cast<int>(frames.size())), STDERR_FILENO);
    // The handler is gone by now (SA_RESETHAND): the signal ends the process as it would have.
    ::raise(number);
}

void handle_crashes(std::span<const int> signals) {
    struct sigaction action = {};
    action.sa_sigaction = on_crash;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_SIGINFO | SA_ONSTACK);
    sigemptyset(&action.sa_mask);
    for (const int number : signals) sigaction(number, &action, nullptr);
}

}  // namespace

void install_crash_report() {
    if (base::kSanitized) return;
    // Never destroyed: the end of the program may come on another thread.
    [[maybe_unused]] static const auto* const of_the_main_thread = new base::AlternateStack;
    // The first call loads a library, which must not happen inside a handler.
    std::array<void*, 1> frame;
    ::backtrace(frame.data(), 1);

    in_journal = base::log::stderr_is_journal();
    handle_crashes(kCrashes);
}

void blame_thread(pid_t thread) {
    blamed = thread;
}

}  // namespace wshub::server
