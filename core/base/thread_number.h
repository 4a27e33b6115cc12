// Which cell of a sharded figure a thread adds to.
#pragma once

#include <atomic>
#include <cstdint>

namespace wshub::base {

namespace detail {
extern constinit thread_local unsigned t_thread_number;  // plus one; 0: it has none yet
unsigned take_thread_number();
}  // namespace detail

// A number for this thread, the same for its whole life and no other's ever; the first ones are small.
inline unsigned thread_number() {
    const unsigned known = detail::t_thread_number;
    return known != 0 ? known - 1 : detail::take_thread_number();
}

// Threads that come early, as loops do, have a cell to themselves, where adding costs next to nothing; later ones share
// the rest. A figure has kCells of them, each on a cache line of its own.
class ThreadCell {
public:
    static constexpr unsigned kOwned = 16, kShared = 16;
    static constexpr unsigned kCells = kOwned + kShared;

    unsigned index() const { return owned() ? number_ : kOwned + number_ % kShared; }
    // To a value in that cell. Relaxed: others that read it see it sooner or later.
    void add(std::atomic<std::int64_t>& value, std::int64_t by) const {
        if (owned())
            value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
        else
            value.fetch_add(by, std::memory_order_relaxed);
    }

private:
    bool owned() const { return number_ < kOwned; }

    const unsigned number_ = thread_number();
};

}  // namespace wshub::base
