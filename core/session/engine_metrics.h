// The engine's figures. Any thread.
#pragma once

#include <array>
#include <cstddef>

#include "base/metrics.h"
#include "session/answers.h"
#include "session/session.h"

namespace wshub::session {

inline constexpr std::size_t kTransports = 2;
inline constexpr std::size_t kCloseReasons = static_cast<std::size_t>(CloseReason::kOverload) + 1;

enum class UpgradeResult : std::uint8_t { kDone, kTimeout, kFailed };
inline constexpr std::size_t kUpgradeResults = 3;

struct EngineMetrics {
    // `labels` tell an engine's figures from those of others: `channel="/devices/"`.
    EngineMetrics(base::Metrics& metrics, std::string_view labels);

    base::Gauge& sessions_of(TransportKind kind) const { return *sessions[static_cast<std::size_t>(kind)]; }
    base::Counter& handshakes_of(TransportKind kind) const { return *handshakes[static_cast<std::size_t>(kind)]; }
    base::Counter& closes_for(CloseReason reason) const { return *closes[static_cast<std::size_t>(reason)]; }
    base::Counter& upgrades_with(UpgradeResult result) const { return *upgrades[static_cast<std::size_t>(result)]; }
    base::Counter& errors_of(EngineError error) const { return *errors[static_cast<std::size_t>(error)]; }

    std::array<base::Gauge*, kTransports> sessions;
    std::array<base::Counter*, kTransports> handshakes;
    std::array<base::Counter*, kUpgradeResults> upgrades;
    std::array<base::Counter*, kCloseReasons> closes;
    std::array<base::Counter*, kEngineErrors> errors;
    // Engine.IO packets, and bytes as they travel: WebSocket frames, bodies of polling.
    base::Counter* packets_in;
    base::Counter* packets_out;
    base::Counter* packets_dropped;  // that waited for clients which did not read
    base::Counter* bytes_in;
    base::Counter* bytes_out;
};

// Bytes that wait in the queues of one loop's sessions. Only that loop writes it, so that it costs a store and meets
// no other thread.
class QueuedBytes {
public:
    QueuedBytes(base::Metrics& metrics, unsigned loop, std::string_view labels);
    void add(std::ptrdiff_t by) {
        sum_ += by;
        gauge_->set(static_cast<double>(sum_));
    }

private:
    std::ptrdiff_t sum_ = 0;
    base::Gauge* gauge_;
};

}  // namespace wshub::session
