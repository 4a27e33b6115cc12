// What is allowed to sessions: how many of them, how fast they come, and how fast they send.
#pragma once

#include <cstddef>

#include "base/limit.h"
#include "base/token_bucket.h"

namespace wshub::session {

// Of the clients of one address together; of IPv6, of one /64 network.
struct AddressLimits {
    base::Rate events;    // asked by those who know events, through Address::take_event()
    base::Rate connects;  // new sessions
    std::size_t max_sessions = 0;

    // Without any, addresses cost nothing.
    bool any() const { return events.per_second > 0 || connects.per_second > 0 || max_sessions > 0; }
};

// 0 is no limit everywhere.
struct SessionLimits {
    std::size_t max_sessions = 100'000;
    AddressLimits per_address;
    // What one client sends, as it travels. Who sends faster is not refused but read later; see throttle.cpp.
    base::Rate bytes{2'000'000, 2'000'000};

    base::LimitMode sessions_mode = base::LimitMode::kEnforced;
    base::LimitMode sessions_per_address_mode = base::LimitMode::kEnforced;
    base::LimitMode connects_per_address_mode = base::LimitMode::kEnforced;
    base::LimitMode bytes_mode = base::LimitMode::kEnforced;
};

}  // namespace wshub::session
