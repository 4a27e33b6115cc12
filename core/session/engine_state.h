// What the shards of an engine share.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "net/held_bytes.h"
#include "session/admission.h"
#include "session/answers.h"
#include "session/cors.h"
#include "session/engine.h"
#include "session/engine_metrics.h"
#include "session/heartbeat.h"

namespace wshub::session {

struct EngineState {
    EngineState(EngineSettings from, SessionFactory& makes_users, base::Metrics& registry)
        : settings(std::move(from)),
          heartbeat{settings.ping_interval, settings.ping_timeout},
          cors(settings.cors),
          answers(cors),
          metrics(registry),
          admissions(settings.limits, registry),
          bytes_limit(registry, "bytes", settings.limits.bytes_mode),
          factory(makes_users) {}

    const EngineSettings settings;
    const HeartbeatTimes heartbeat;
    const Cors cors;
    const Answers answers;
    const EngineMetrics metrics;
    Admissions admissions;
    // An address may hold an eighth, and one message of the greatest size at least.
    net::HeldBytes halves{settings.max_held_bytes,
                          std::max(settings.max_held_bytes / 8, settings.max_http_buffer_size)};
    base::Limit bytes_limit;
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
