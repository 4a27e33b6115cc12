#include "server/spare_memory.h"

#include <malloc.h>

#include <algorithm>

namespace wshub::server {

bool SpareMemory::is_due(std::size_t sessions, base::SteadyTime now) {
    most_ = std::max(most_, sessions);
    if (most_ < kFew || sessions > most_ / 2 || now < not_before_) return false;
    most_ = sessions;
    not_before_ = now + kLeastPause;
    return true;
}

void SpareMemory::give_back() {
    ::malloc_trim(0);
}

}  // namespace wshub::server
