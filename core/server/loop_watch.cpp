#include "server/loop_watch.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "base/log.h"
#include "host/call_scope.h"

namespace wshub::server {
namespace {

std::int64_t milliseconds_between(base::SteadyTime from, base::SteadyTime to) {
    return std::chrono::duration_cast<base::milliseconds>(to - from).count();
}

// What holds it up, if it is in a plugin.
std::string call_on(pid_t thread) {
    const auto call = thread == 0 ? std::nullopt : host::running_call_of(thread);
    if (!call) return {};
    return " plugin=" + call->plugin + " handler=" + std::string(host::kind_name(call->kind)) +
           " name=" + base::log::printable(call->what);
}

}  // namespace

LoopWatch::LoopWatch(std::vector<net::Loop*> loops, base::milliseconds patience) : patience_(patience) {
    for (net::Loop* const loop : loops) loops_.push_back({loop});
}

bool LoopWatch::look(base::SteadyTime now) {
    still_thread_ = 0;
    for (Watched& watched : loops_) {
        if (!asked_ || watched.answer->given.load(std::memory_order_acquire)) {
            if (watched.still) {
                base::log::warn("loop turns again loop={} after={}ms", watched.loop->index(),
                                milliseconds_between(watched.asked, now));
            }
            watched.has_turned = asked_;
            ask(watched, now);
            continue;
        }
        if (now - watched.asked < patience_) continue;
        // Of a thread that never answered the number is not known.
        still_thread_ = watched.answer->thread.load(std::memory_order_relaxed);
        if (watched.still) continue;
        watched.still = true;
        base::log::error("loop stands still, its clients wait; does a handler not return? loop={} thread={} for={}ms{}",
                         watched.loop->index(), still_thread_, milliseconds_between(watched.asked, now),
                         call_on(still_thread_));
    }
    asked_ = true;
    const auto has_turned = [](const Watched& watched) { return watched.has_turned; };
    if (!std::all_of(loops_.begin(), loops_.end(), has_turned)) return false;
    for (Watched& watched : loops_) watched.has_turned = false;
    return true;
}

void LoopWatch::ask(Watched& watched, base::SteadyTime now) {
    watched.still = false;
    watched.asked = now;
    watched.answer->given.store(false, std::memory_order_relaxed);
    watched.loop->post([answer = watched.answer] {
        answer->thread.store(static_cast<pid_t>(::syscall(SYS_gettid)), std::memory_order_relaxed);
        answer->given.store(true, std::memory_order_release);
    });
}

}  // namespace wshub::server
