#include "host/gate.h"

#include "base/thread_number.h"

namespace wshub::host {

std::atomic<std::int64_t>& Gate::cell() {
    return cells_[base::thread_number() % kCells].inside;
}

// Counting ourselves in before looking at the state, and the closer changing the state before it counts, in one total
// order: either it sees us or we see it.
bool Gate::enter() {
    for (;;) {
        cell().fetch_add(1, std::memory_order_seq_cst);
        const State state = state_.load(std::memory_order_seq_cst);
        if (state == State::kOpen) return true;
        leave();
        if (state == State::kShut) return false;
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return state_.load() != State::kPaused; });
    }
}

void Gate::leave() {
    cell().fetch_sub(1, std::memory_order_seq_cst);
    if (state_.load(std::memory_order_seq_cst) == State::kOpen) return;
    const std::lock_guard lock(mutex_);
    left_.notify_all();
}

void Gate::set(State state) {
    state_.store(state, std::memory_order_seq_cst);
    changed_.notify_all();
}

bool Gate::drained(std::unique_lock<std::mutex>& lock, base::milliseconds patience) {
    return left_.wait_for(lock, patience, [this] {
        std::int64_t inside = 0;
        for (const Cell& each : cells_) inside += each.inside.load(std::memory_order_seq_cst);
        return inside == 0;
    });
}

void Gate::open() {
    const std::lock_guard lock(mutex_);
    set(State::kOpen);
}

bool Gate::pause(base::milliseconds patience) {
    std::unique_lock lock(mutex_);
    const State before = state_.load();
    set(State::kPaused);
    if (drained(lock, patience)) return true;
    set(before);
    return false;
}

bool Gate::shut(base::milliseconds patience) {
    std::unique_lock lock(mutex_);
    set(State::kShut);
    return drained(lock, patience);
}

}  // namespace wshub::host
