// Timers and posts of plugins. Each runs on one loop, inside the gate of its plugin: once that is shut, none runs.
#pragma once

#include <wshub/abi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/control.h"
#include "net/loop.h"

namespace wshub::host {

class Instance;

// What is to be called, and where.
struct TimerTask {
    std::shared_ptr<Instance> instance;
    net::Loop* loop = nullptr;
    wshub_slot slot = 0;
    std::uint64_t cookie = 0;
    std::string nsp;  // of the session it belongs to; empty: none
};

// Any thread.
class Timers {
public:
    Timers();
    ~Timers();
    Timers(const Timers&) = delete;

    // What is asked for before release() begins to count then.
    wshub_timer add(TimerTask task, std::uint64_t first_ms, std::uint64_t period_ms);
    // False: this instance has no such timer, any more.
    bool cancel(const Instance& instance, wshub_timer timer);
    void post(TimerTask task);
    // The answer to what a plugin has asked for: expect() when it asks, answer() later. Of a plugin that was dropped
    // meanwhile nobody is told.
    void expect(const Instance& instance);
    void answer(TimerTask task, std::shared_ptr<const ControlAnswer> answer);

    // The plugin was started: timers count, posts run.
    void release(const Instance& instance);
    // The plugin was stopped: forgets all it has. The loops must still run.
    void drop(const Instance& instance);

private:
    class Entry;
    struct Plugin {
        bool released = false;
        std::vector<std::function<void()>> waiting;
        std::unordered_map<wshub_timer, std::shared_ptr<Entry>> timers;
    };
    struct State {
        std::mutex mutex;
        std::unordered_map<const Instance*, Plugin> plugins;
        wshub_timer last_id = 0;
    };

    static void forget(State& state, const Instance& instance, wshub_timer timer);
    // Now, or when the plugin is released. Under the mutex.
    static void run_or_wait(Plugin& plugin, std::function<void()> action);

    std::shared_ptr<State> state_;  // timers on loops outlive us by a turn
};

}  // namespace wshub::host
