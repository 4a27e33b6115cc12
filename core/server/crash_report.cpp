#include "server/crash_report.h"

#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "host/call_scope.h"

namespace wshub::server {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

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

void on_crash(int number) {
    Line line;
    const char* const name = ::sigdescr_np(number);
    line << "wshub " WSHUB_VERSION ": crashed: " << (name != nullptr ? name : "unknown signal");
    if (const host::CallScope* const call = host::current_call()) {
        line << " in plugin " << call->plugin;
        if (!call->what.empty()) line << ", handling " << call->what;
    }
    line.write();
    std::array<void*, 64> frames;
    ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), static_cast<int>(frames.size())), STDERR_FILENO);
    // The handler is gone by now (SA_RESETHAND): the signal ends the process as it would have.
    ::raise(number);
}

}  // namespace

void install_crash_report() {
    if (kSanitized) return;
    // The first call loads a library, which must not happen inside a handler.
    std::array<void*, 1> frame;
    ::backtrace(frame.data(), 1);

    struct sigaction action = {};
    action.sa_handler = on_crash;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    sigemptyset(&action.sa_mask);
    for (const int number : kCrashes) sigaction(number, &action, nullptr);
}

}  // namespace wshub::server
