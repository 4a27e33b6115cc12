#include "server/supervision.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/crash_report.h"

namespace wshub::server {
namespace {

constexpr base::milliseconds kLookEvery{1'000};
constexpr base::milliseconds kLookForEndOfReload{50};
constexpr base::milliseconds kStatusEvery{5'000};
// Nothing that a loop does may take a noticeable part of that.
constexpr base::milliseconds kLongestTurn{5'000};
// What a stop takes beside its timeout: plugins that stop, polls that fetch what is left.
constexpr base::milliseconds kRestOfStop{30'000};

// Soon enough for the log to name what stands still before the watchdog strikes.
base::milliseconds longest_turn(const ServiceManager& manager) {
    return manager.watchdog() ? std::min(kLongestTurn, *manager.watchdog() / 2) : kLongestTurn;
}

std::string microseconds(base::milliseconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

Supervision::Supervision(ServiceManager manager, Server& server, std::string where, base::SteadyTime now)
    : manager_(std::move(manager)),
      server_(server),
      where_(std::move(where)),
      loops_(server.loops(), longest_turn(manager_)),
      next_status_(now + kStatusEvery),
      next_sign_of_life_(now) {
    manager_.tell("READY=1\n" + status(0));
    loops_.look(now);
}

void Supervision::look(base::SteadyTime now) {
    const bool alive = loops_.look(now);
    blame_thread(loops_.still_thread());
    server_.watch_calls();
    if (alive && manager_.watchdog() && now >= next_sign_of_life_) {
        manager_.tell("WATCHDOG=1");
        next_sign_of_life_ = now + *manager_.watchdog() / 4;
    }
    if (reloading_ && !server_.is_reloading()) {
        reloading_ = false;
        told_sessions_ = server_.sessions();
        manager_.tell("READY=1\n" + status(told_sessions_));
    }
    if (now < next_status_ || reloading_) return;
    next_status_ = now + kStatusEvery;
    if (const std::size_t sessions = server_.sessions(); sessions != told_sessions_) {
        told_sessions_ = sessions;
        manager_.tell(status(sessions));
    }
}

base::milliseconds Supervision::patience() const {
    if (reloading_ && manager_.listens()) return kLookForEndOfReload;
    if (!manager_.watchdog()) return kLookEvery;
    return std::clamp(*manager_.watchdog() / 8, base::milliseconds{1}, kLookEvery);
}

void Supervision::reloading(base::SteadyTime now) {
    reloading_ = true;
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    manager_.tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(time.count()) +
                  "\nSTATUS=reading the configuration again");
}

void Supervision::stopping(base::milliseconds shutdown_timeout) {
    blame_thread(0);
    manager_.tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + microseconds(shutdown_timeout + kRestOfStop) +
                  "\nSTATUS=closing " + std::to_string(server_.sessions()) + " sessions");
}

std::string Supervision::status(std::size_t sessions) const {
    return "STATUS=" + std::to_string(sessions) + (sessions == 1 ? " session" : " sessions") + " on " + where_;
}

}  // namespace wshub::server
