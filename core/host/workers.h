// Threads for handlers that block. Started when they are first needed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"

namespace wshub::host {

// Any thread, but for stop().
class Workers {
public:
    explicit Workers(std::size_t most);
    ~Workers();  // after stop()
    Workers(const Workers&) = delete;

    // Runs `work`, which throws nothing, on one of the threads, then `after` there. The order is that of the calls;
    // what runs at the same time is up to `most` of them.
    void submit(std::function<void()> work, std::function<void()> after);
    // Waits until nothing is left to do, and ends the threads. One that does not come back in time is left alone: its
    // `after` will not run. Main thread.
    void stop(base::milliseconds patience);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace wshub::host
