// When the server pings and how long it waits for the answer (Engine.IO protocol 4, "Heartbeat"). Knows no timer.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"

namespace wshub::session {

struct HeartbeatTimes {
    base::milliseconds interval;
    base::milliseconds timeout;
};

class Heartbeat {
public:
    void start(base::SteadyTime now, const HeartbeatTimes& times) { due_ = now + times.interval; }

    // When the next ping goes out or, while a pong is missing, when it is too late for it.
    base::SteadyTime due() const { return due_; }
    bool waiting() const { return waiting_; }
    bool too_late(base::SteadyTime now) const { return waiting_ && now >= due_; }

    void ping_sent(base::SteadyTime now, const HeartbeatTimes& times) {
        // Counted from when the ping should have gone: clients count so. Not if we are late ourselves.
        const base::SteadyTime from = now - due_ <= kPunctual ? due_ : now;
        due_ = from + times.timeout;
        sent_ = from;
        asked_ = now;
        waiting_ = true;
        extended_ = false;
    }

    // The rest: true if due() has moved.
    bool pong_came(base::SteadyTime now, const HeartbeatTimes& times) {
        if (!waiting_) return false;
        waiting_ = false;
        due_ = now + times.interval;
        latency_ = std::chrono::duration_cast<std::chrono::microseconds>(now - asked_);
        return true;
    }
    // From the last ping that was answered to its pong.
    std::optional<std::chrono::microseconds> latency() const {
        return latency_ < std::chrono::microseconds::zero() ? std::nullopt : std::optional(latency_);
    }
    // A client that sends is alive, though its pong stands in a queue behind what it sends: it gets more time, once.
    bool other_packet_came(base::SteadyTime now, const HeartbeatTimes& times) {
        if (!waiting_ || extended_) return false;
        extended_ = true;
        due_ = now + times.timeout;
        return true;
    }
    // Until now we read nothing of what the client sent, and its pong may lie there: the wait for it begins anew.
    bool held_up(base::SteadyTime now, const HeartbeatTimes& times) {
        if (!waiting_) return false;
        due_ = now + times.timeout;
        return true;
    }
    // While a pong is held up so long, the client must hear from us nevertheless: it gives up when no ping has come for
    // interval + timeout. True if another one is to go out now.
    bool ping_again(base::SteadyTime now, const HeartbeatTimes& times) {
        if (!waiting_ || now - sent_ < times.interval) return false;
        sent_ = now;
        asked_ = now;
        return true;
    }

private:
    static constexpr base::milliseconds kPunctual{50};

    base::SteadyTime due_{};
    base::SteadyTime sent_{};   // when the last ping should have gone
    base::SteadyTime asked_{};  // when it went
    std::chrono::microseconds latency_{-1};
    bool waiting_ = false;
    bool extended_ = false;
};

}  // namespace wshub::session
