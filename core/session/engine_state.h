// What the shards of an engine share.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

#include "session/answers.h"
#include "session/cors.h"
#include "session/engine.h"
#include "session/engine_metrics.h"
#include "session/heartbeat.h"
#include "session/shared_limits.h"

namespace wshub::session {

struct EngineState {
    EngineState(EngineSettings from, std::shared_ptr<SharedLimits> limits, SessionFactory& makes_users,
                base::Metrics& registry)
        : settings(std::move(from)),
          shared(std::move(limits)),
          heartbeat{settings.ping_interval, settings.ping_timeout},
          cors(settings.cors),
          answers(cors),
          metrics(registry, settings.metric_labels),
          factory(makes_users) {}

    const EngineSettings settings;
    const std::shared_ptr<SharedLimits> shared;
    const HeartbeatTimes heartbeat;
    const Cors cors;
    const Answers answers;
    const EngineMetrics metrics;
    SessionFactory& factory;

    std::atomic<bool> refuses{false};
    std::array<std::atomic<std::size_t>, kTransports> open{};  // sessions, by transport

    // For close_all(), which waits until nothing is left: sessions that are not destroyed yet, and loops that were not
    // asked yet.
    std::atomic<std::size_t> alive{0};
    std::atomic<std::size_t> unasked{0};
    std::mutex mutex;
    std::condition_variable all_gone;

    std::atomic<std::size_t>& open_by(TransportKind kind) { return open[static_cast<std::size_t>(kind)]; }

    // One of the two figures above has come down to zero.
    void tell_gone() {
        // Taken so that the news cannot fall between the waiter's look and its sleep.
        { const std::lock_guard lock(mutex); }
        all_gone.notify_all();
    }
};

}  // namespace wshub::session
