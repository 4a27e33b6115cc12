// The door to one plugin: many threads pass at once; whoever closes it knows when the last one has left. That no call
// of the plugin is running is all that unloading it needs, since the host keeps no pointer into it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/clock.h"

namespace wshub::host {

// Any thread. Passing costs two additions in a cell that few threads share.
class Gate {
public:
    // Begins shut: what is loaded is not called before it was started.
    Gate() = default;
    Gate(const Gate&) = delete;

    void open();
    // Whoever comes waits until open() or shut(). False: those inside did not leave in time; the gate is as it was.
    // Not from inside.
    bool pause(base::milliseconds patience);
    // Whoever comes is sent away. False: those inside did not leave in time; the gate stays shut.
    bool shut(base::milliseconds patience);

    // Being inside, if the gate let us.
    class Pass {
    public:
        explicit Pass(Gate& gate) : gate_(gate.enter() ? &gate : nullptr) {}
        ~Pass() {
            if (gate_) gate_->leave();
        }
        Pass(const Pass&) = delete;
        explicit operator bool() const { return gate_ != nullptr; }

    private:
        Gate* gate_;
    };

private:
    enum class State : std::uint8_t { kOpen, kPaused, kShut };

    bool enter();
    void leave();
    void set(State state);
    std::atomic<std::int64_t>& cell();
    bool drained(std::unique_lock<std::mutex>& lock, base::milliseconds patience);

    static constexpr std::size_t kCells = 32;
    struct alignas(64) Cell {
        std::atomic<std::int64_t> inside{0};
    };
    std::array<Cell, kCells> cells_;
    alignas(64) std::atomic<State> state_{State::kShut};  // written under the mutex
    std::mutex mutex_;
    std::condition_variable changed_;  // state_
    std::condition_variable left_;     // somebody left while the gate was not open
};

}  // namespace wshub::host
