// A stack for signal handlers, for the thread that makes it: where the thread's own is used up, nothing else can tell
// of it.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace wshub::base {

// Whether a sanitizer is built in, which has handlers and stacks of its own.
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

// Does nothing where the thread has such a stack already, whoever gave it that. To be destroyed by the thread that made
// it.
class AlternateStack {
public:
    AlternateStack() {
        stack_t before{};
        if (kSanitized || ::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
        guard_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        void* const memory =
            ::mmap(nullptr, guard_ + kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED) return;
        ::mprotect(memory, guard_, PROT_NONE);  // stacks grow down
        stack_t ours{};
        ours.ss_sp = static_cast<std::byte*>(memory) + guard_;
        ours.ss_size = kSize;
        if (::sigaltstack(&ours, nullptr) == 0) {
            memory_ = memory;
        } else {
            ::munmap(memory, guard_ + kSize);
        }
    }
    ~AlternateStack() {
        if (memory_ == nullptr) return;
        stack_t off{};
        off.ss_flags = SS_DISABLE;
        ::sigaltstack(&off, nullptr);
        ::munmap(memory_, guard_ + kSize);
    }
    AlternateStack(const AlternateStack&) = delete;

private:
    // What the processor saves at a signal can be more than 10 KB; finding out the callers takes the rest.
    static constexpr std::size_t kSize = 128 * 1024;

    void* memory_ = nullptr;
    std::size_t guard_ = 0;
};

}  // namespace wshub::base
