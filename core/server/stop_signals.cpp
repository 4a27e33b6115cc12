#include "server/stop_signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace wshub::server {
namespace {

constexpr std::array<int, 4> kOurSignals{SIGTERM, SIGINT, SIGHUP, SIGUSR1};

// Written by the handler. Lock-free, so it may be touched there.
std::atomic<int> first_signal{0};
std::atomic<bool> hung_up{false}, rotated{false};
std::atomic<int> wake_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

// The counter of an eventfd takes one more: this write cannot fail or block.
void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd.load(), &one, sizeof one);
}

void on_signal(int number) {
    int none = 0;
    if (number == SIGHUP) {
        hung_up = true;
    } else if (number == SIGUSR1) {
        rotated = true;
    } else if (!first_signal.compare_exchange_strong(none, number)) {
        ::_exit(128 + number);
    }
    const int saved = errno;
    wake();
    errno = saved;
}

void handle_all(void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int number : kOurSignals) {
        // Who started us so that a hang-up does not end us (nohup) shall have it so.
        struct sigaction before = {};
        sigaction(number, nullptr, &before);
        if (number == SIGHUP && before.sa_handler == SIG_IGN) continue;
        sigaction(number, &action, nullptr);
    }
}

}  // namespace

StopSignals::StopSignals() {
    const int fd = ::eventfd(0, EFD_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    first_signal = 0;
    hung_up = false;
    rotated = false;
    wake_fd = fd;
    handle_all(on_signal);
}

StopSignals::~StopSignals() {
    handle_all(SIG_DFL);
    ::close(wake_fd.exchange(-1));
}

int StopSignals::wait() {
    for (;;) {
        if (const auto number = wait_for(base::milliseconds{60'000})) return *number;
    }
}

std::optional<int> StopSignals::wait_for(base::milliseconds patience) {
    // Waits in poll(), since ThreadSanitizer holds signals back while a thread is inside read().
    pollfd ready{wake_fd.load(), POLLIN, 0};
    // A signal that interrupts it has its place in the descriptor already, or is none of ours.
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0 && ::poll(&ready, 1, 0) <= 0) return std::nullopt;
    std::uint64_t count = 0;
    while (::read(wake_fd.load(), &count, sizeof count) < 0 && errno == EINTR) continue;
    const int stop = first_signal.load();
    if (stop != 0) return stop;
    if (hung_up.exchange(false)) {
        // The descriptor is empty now; the other must not wait for the next signal.
        if (rotated) wake();
        return SIGHUP;
    }
    return rotated.exchange(false) ? std::optional(SIGUSR1) : std::nullopt;
}

WithoutStopSignals::WithoutStopSignals() {
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : kOurSignals) sigaddset(&blocked, number);
    pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

WithoutStopSignals::~WithoutStopSignals() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace wshub::server
