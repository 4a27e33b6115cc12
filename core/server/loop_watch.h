// Whether the loops turn. Each is sent a task now and then, like any other thread's; one that does not come to it is
// held up, most likely by a handler that does not return. Main thread.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"

namespace wshub::server {

class LoopWatch {
public:
    // The loops run as long as look() is called. One that has not turned for `patience` stands still.
    LoopWatch(std::vector<net::Loop*> loops, base::milliseconds patience);

    // Whether every loop has come to a task since the call that gave true last; the first call only sends them. Says in
    // the log when a loop comes to stand still, and when it turns again.
    bool look(base::SteadyTime now);

    // The thread of a loop that stands still; 0: none does. As of the last look().
    pid_t still_thread() const { return still_thread_; }

private:
    // Also the task's, which may outlive the watch.
    struct Answer {
        std::atomic<bool> given{false};
        std::atomic<pid_t> thread{0};
    };
    struct Watched {
        net::Loop* loop;
        std::shared_ptr<Answer> answer = std::make_shared<Answer>();
        base::SteadyTime asked{};
        bool has_turned = false;  // since look() gave true
        bool still = false;
    };

    static void ask(Watched& watched, base::SteadyTime now);

    std::vector<Watched> loops_;
    const base::milliseconds patience_;
    bool asked_ = false;
    pid_t still_thread_ = 0;
};

}  // namespace wshub::server
