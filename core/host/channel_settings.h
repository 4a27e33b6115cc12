// What the channels of plugins have from the server.
#pragma once

#include <memory>

#include "base/limit.h"
#include "base/token_bucket.h"
#include "session/engine.h"
#include "session/shared_limits.h"

namespace wshub::host {

struct ChannelSettings {
    session::EngineSettings engine;                 // the server's own; its path is nobody else's
    std::shared_ptr<session::SharedLimits> limits;  // the same; null: the channels have some of their own
    // Messages of one session; who sends faster is read later, and closed when far behind. The rate of an address is
    // the session layer's; who goes above that is closed.
    base::Rate messages{100, 200};
    base::LimitMode messages_mode = base::LimitMode::kEnforced;
    base::LimitMode messages_per_address_mode = base::LimitMode::kEnforced;
};

}  // namespace wshub::host
