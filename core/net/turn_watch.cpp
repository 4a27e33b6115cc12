#include "net/turn_watch.h"

#include <algorithm>

namespace wshub::net {
namespace {

constexpr std::int64_t kWindowTicks = std::chrono::nanoseconds(TurnWatch::kWindow).count();
constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

void TurnWatch::ended(base::SteadyTime now) {
    const std::int64_t at = ticks(now);
    const std::int64_t took = std::max<std::int64_t>(at - began_.load(kRelaxed), 0);
    if (histogram_ != nullptr) histogram_->observe(std::chrono::nanoseconds(took));
    const std::int64_t age = at - window_.load(kRelaxed);
    if (age >= kWindowTicks) {
        before_.store(age >= 2 * kWindowTicks ? 0 : worst_.load(kRelaxed), kRelaxed);
        worst_.store(0, kRelaxed);
        window_.store(at, kRelaxed);
    }
    if (took > worst_.load(kRelaxed)) worst_.store(took, kRelaxed);
    began_.store(0, kRelaxed);
}

std::chrono::nanoseconds TurnWatch::underway(base::SteadyTime now) const {
    const std::int64_t began = began_.load(kRelaxed);
    return std::chrono::nanoseconds(began == 0 ? 0 : std::max<std::int64_t>(ticks(now) - began, 0));
}

// An idle loop does not move its windows on: their age decides what still counts.
std::chrono::nanoseconds TurnWatch::longest(base::SteadyTime now) const {
    const std::int64_t age = ticks(now) - window_.load(kRelaxed);
    std::int64_t most = underway(now).count();
    if (age < 2 * kWindowTicks) most = std::max(most, worst_.load(kRelaxed));
    if (age < kWindowTicks) most = std::max(most, before_.load(kRelaxed));
    return std::chrono::nanoseconds(most);
}

}  // namespace wshub::net
