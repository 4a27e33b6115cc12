#include "host/workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/alternate_stack.h"
#include "base/log.h"

namespace wshub::host {

struct Workers::State {
    struct Task {
        std::function<void()> work, after;
    };
    struct Thread {
        std::thread thread;
        std::shared_ptr<bool> ended;
    };

    explicit State(std::size_t most_threads) : most(most_threads) {}

    static void run(const std::shared_ptr<State>& state, const std::shared_ptr<bool>& ended);
    void start_thread(const std::shared_ptr<State>& self);
    bool is_quiet() const { return tasks.empty() && idle == threads.size(); }

    const std::size_t most;
    std::mutex mutex;                  // of everything here
    std::condition_variable changed;   // tasks, closed
    std::condition_variable finished;  // a task, a thread
    std::deque<Task> tasks;
    std::vector<Thread> threads;
    std::size_t idle = 0;
    bool closed = false;
};

Workers::Workers(std::size_t most) : state_(std::make_shared<State>(most)) {}

Workers::~Workers() {
    stop(base::milliseconds::zero());
}

void Workers::submit(std::function<void()> work, std::function<void()> after) {
    std::unique_lock lock(state_->mutex);
    if (state_->closed) return;
    if (state_->tasks.size() >= state_->idle && state_->threads.size() < state_->most) state_->start_thread(state_);
    if (!state_->threads.empty()) {
        state_->tasks.push_back({std::move(work), std::move(after)});
        state_->changed.notify_one();
        return;
    }
    // There is no thread to be had: better late than never.
    lock.unlock();
    work();
    after();
}

void Workers::State::start_thread(const std::shared_ptr<State>& self) {
    auto ended = std::make_shared<bool>(false);
    try {
        threads.push_back({std::thread([self, ended] { run(self, ended); }), ended});
        ++idle;  // until it takes its first task
    } catch (const std::system_error& error) {
        base::log::error("no thread for handlers that block: {}", error.what());
    }
}

void Workers::State::run(const std::shared_ptr<State>& state, const std::shared_ptr<bool>& ended) {
    const base::AlternateStack for_crashes;
    std::unique_lock lock(state->mutex);
    for (;;) {
        state->changed.wait(lock, [&] { return state->closed || !state->tasks.empty(); });
        if (state->closed) break;
        Task task = std::move(state->tasks.front());
        state->tasks.pop_front();
        --state->idle;
        lock.unlock();
        task.work();
        lock.lock();
        // Under the lock: whoever has closed it may be gone.
        if (!state->closed) task.after();
        ++state->idle;
        state->finished.notify_all();
    }
    *ended = true;
    state->finished.notify_all();
}

void Workers::stop(base::milliseconds patience) {
    std::unique_lock lock(state_->mutex);
    if (state_->closed) return;
    state_->finished.wait_for(lock, patience, [this] { return state_->is_quiet(); });
    state_->closed = true;
    std::vector<State::Thread> threads = std::exchange(state_->threads, {});
    const std::size_t busy = threads.size() - state_->idle;
    const std::deque<State::Task> dropped = std::exchange(state_->tasks, {});
    state_->changed.notify_all();
    // Those that are idle end at once.
    state_->finished.wait(lock, [&] {
        std::size_t running = 0;
        for (const State::Thread& each : threads) running += *each.ended ? 0u : 1u;
        return running <= busy;
    });
    for (State::Thread& each : threads) {
        if (*each.ended) {
            lock.unlock();
            each.thread.join();
            lock.lock();
        } else {
            each.thread.detach();
        }
    }
}

}  // namespace wshub::host
