// A token bucket: `rate` tokens a second, at most `burst` saved up. 16 bytes, no lock: its owner's thread only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace wshub::base {

struct Rate {
    double per_second = 0;  // 0: no limit
    double burst = 0;
};

class TokenBucket {
public:
    // Takes a token. False if there is none; then nothing changes. The first call finds the bucket full.
    bool take(const Rate& rate, SteadyTime now) {
        if (rate.per_second <= 0) return true;
        const double capacity = std::max(rate.burst, 1.0);
        const std::int64_t at = now.time_since_epoch().count();
        if (refilled_at_ == 0) {
            tokens_ = static_cast<float>(capacity);
        } else {
            const double earned = static_cast<double>(at - refilled_at_) * 1e-9 * rate.per_second;
            tokens_ = static_cast<float>(std::min(capacity, static_cast<double>(tokens_) + earned));
        }
        refilled_at_ = at;
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

private:
    std::int64_t refilled_at_ = 0;
    float tokens_ = 0;
};

}  // namespace wshub::base
