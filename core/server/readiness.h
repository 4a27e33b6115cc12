// Whether new clients should be sent here, as /readyz answers. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace wshub::server {

class Readiness {
public:
    enum class State : std::uint8_t { kStarting, kReady, kDraining, kStopping };

    State state() const { return state_.load(std::memory_order_acquire); }

    // False, and nothing changes, where the way does not lead there: kStarting ends with kReady, kDraining comes from
    // kReady and may go back, kStopping comes from anywhere and is the end.
    bool set(State to);

    static std::string_view name(State state);

private:
    std::atomic<State> state_{State::kStarting};
};

}  // namespace wshub::server
