// What the sessions of all engines of a server have in common: how many there may be and how fast they come, and the
// memory that their messages may take before they are whole. Any thread.
#pragma once

#include <algorithm>

#include "base/limit.h"
#include "net/held_bytes.h"
#include "session/admission.h"
#include "session/engine.h"

namespace wshub::session {

struct SharedLimits {
    SharedLimits(const EngineSettings& settings, base::Metrics& metrics)
        : limits(settings.limits),
          admissions(limits, metrics),
          // An address may hold an eighth, and one message of the greatest size at least.
          halves(settings.max_held_bytes, std::max(settings.max_held_bytes / 8, settings.max_http_buffer_size)),
          bytes_limit(metrics, "bytes", limits.bytes_mode) {}

    const SessionLimits limits;
    Admissions admissions;
    net::HeldBytes halves;
    base::Limit bytes_limit;
};

}  // namespace wshub::session
