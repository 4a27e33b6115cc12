#include "server/readiness.h"

namespace wshub::server {
namespace {

bool leads(Readiness::State from, Readiness::State to) {
    switch (to) {
        case Readiness::State::kStarting: return false;
        case Readiness::State::kReady: return from != Readiness::State::kStopping;
        case Readiness::State::kDraining: return from == Readiness::State::kReady || from == to;
        case Readiness::State::kStopping: return true;
    }
    return false;
}

}  // namespace

bool Readiness::set(State to) {
    State from = state();
    do {
        if (!leads(from, to)) return false;
    } while (!state_.compare_exchange_weak(from, to, std::memory_order_acq_rel));
    return true;
}

std::string_view Readiness::name(State state) {
    switch (state) {
        case State::kStarting: return "starting";
        case State::kReady: return "ready";
        case State::kDraining: return "draining";
        case State::kStopping: return "stopping";
    }
    return "unknown";
}

}  // namespace wshub::server
