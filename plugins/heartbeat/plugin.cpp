#include <wshub/plugin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "answers.h"
#include "beats.h"

namespace {

using wshub::Millis;
using wshub::Session;

class Heartbeat : public wshub::Plugin {
public:
    explicit Heartbeat(wshub::Host host) : Plugin(host) {
        on("ping", [](wshub::Event& event) {
            if (event.wants_ack()) event.ack(heartbeat::pong(event.session().sid()));
        });
        on("client-ping", [this](wshub::Event& event) {
            const wshub::json::Raw pong = heartbeat::client_pong(timestamp());
            to(event.session()).emit("client-pong", pong);
            event.ack(pong);
        });
        on("system:heartbeat-ack", [this](wshub::Event& event) { acknowledged(event); });
        if (interval_ <= Millis::zero()) return;
        beats_.emplace(rhythm_);
        on_connected([this](Session session) { add(session); });
        on_disconnect([this](Session session, std::string_view) { remove(session); });
        every(std::max(Millis(1), std::chrono::floor<Millis>(rhythm_.step)), [this] { tick(); });
    }

protected:
    // A client that answers no heartbeat is warned, and closed, as if nothing had happened.
    std::string save() override { return beats_ ? beats_->save() : std::string(); }
    void restore(std::uint32_t, std::string_view text) override {
        if (beats_) beats_->restore(text, [this] { return random_.number(); });
    }
    // Sessions may be older than this instance of the plugin.
    void on_start() override {
        if (!beats_) return;
        pace_.emplace(rhythm_.step, std::chrono::steady_clock::now());
        for (const Session& session : sessions()) add(session);
    }

private:
    void add(const Session& session) {
        const std::lock_guard<std::mutex> lock(mutex_);
        beats_->add(session.id(), random_.number());
    }

    void remove(const Session& session) {
        const std::lock_guard<std::mutex> lock(mutex_);
        beats_->remove(session.id());
    }

    void acknowledged(wshub::Event& event) {
        const std::optional<std::string> id = heartbeat::read_acknowledged(event[0]);
        if (!id)
            return event.fail("INVALID_FORMAT", "A heartbeat is acknowledged with an object that has its id, a text");
        if (const auto uuid = heartbeat::read_uuid(*id); uuid && beats_) {
            const std::lock_guard<std::mutex> lock(mutex_);
            beats_->acknowledge(event.session().id(), *uuid);
        }
        event.ack(wshub::json::obj("status", "ok"));
    }

    // The plugin's timer: never overlaps itself.
    void tick() {
        for (std::uint64_t due = pace_->due(std::chrono::steady_clock::now()); due > 0; --due) {
            const heartbeat::Beats::Step step = advance();
            for (const auto& missed : step.missed) tell_missed(session(missed.client), missed.in_a_row);
            for (const auto& sent : step.sent) {
                // One that went while the plugin was being started was never said goodbye to.
                if (session(sent.client).connected_at_ms() == 0) remove(session(sent.client));
                to(session(sent.client)).emit("system:heartbeat", heartbeat::heartbeat(sent.id));
            }
            sent_.inc(step.sent.size());
            missed_.inc(step.missed.size());
        }
    }

    heartbeat::Beats::Step advance() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return beats_->advance([this] { return random_.uuid(); });
    }

    void tell_missed(const Session& session, std::uint32_t in_a_row) {
        constexpr std::uint32_t kFirstWarning = 2;
        if (in_a_row >= kFirstWarning) {
            to(session).emit("system:heartbeat-warning", heartbeat::warning(in_a_row, timestamp()));
        }
        if (max_missed_ == 0 || in_a_row < static_cast<std::uint32_t>(max_missed_)) return;
        session.close_transport();
        closed_.inc();
    }

    const Millis interval_ =
        config("interval", Millis(30'000), "How often each client gets a system:heartbeat; 0 sends none.",
               wshub::Range<Millis>{Millis(0), Millis(3'600'000)});
    const Millis timeout_ =
        config("timeout", Millis(5'000), "How long a client has to acknowledge a heartbeat before it counts as missed.",
               wshub::Range<Millis>{Millis(1), Millis(3'600'000)});
    const int max_missed_ = config("max_missed", 0,
                                   "How many heartbeats a client may miss in a row before its connection is closed, so "
                                   "that it comes back; 0 never closes one.",
                                   wshub::Range<int>{0, 1'000'000});
    wshub::Counter sent_ = counter("heartbeats_total", "Heartbeats sent.");
    wshub::Counter missed_ = counter("heartbeats_missed_total", "Heartbeats that were not acknowledged in time.");
    wshub::Counter closed_ =
        counter("heartbeats_closed_total", "Connections closed because of max_missed heartbeats in a row.");

    const heartbeat::Rhythm rhythm_ = heartbeat::rhythm_of(std::max(interval_, Millis(1)), timeout_);
    std::optional<heartbeat::Pace> pace_;  // the timer's

    std::mutex mutex_;  // of what follows
    heartbeat::Random random_;
    std::optional<heartbeat::Beats> beats_;  // none: no heartbeats are sent
};

}  // namespace

WSHUB_PLUGIN(Heartbeat, "heartbeat", "0.1.0")
