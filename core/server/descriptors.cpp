#include "server/descriptors.h"

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

#include "base/log.h"

namespace wshub::server {
namespace {

constexpr std::size_t kForOthers = 256;  // loops, plugins and what they open, files, health checks
constexpr std::size_t kEachSession = 2;

}  // namespace

std::size_t raise_descriptor_limit() {
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlim_t before = limit.rlim_cur;
    if (before == limit.rlim_max) return before;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return limit.rlim_max;
    base::log::warn("the limit of open files stays at {}: {}", before, std::generic_category().message(errno));
    return before;
}

std::size_t sessions_for(std::size_t descriptors) {
    return descriptors < kForOthers ? 0 : (descriptors - kForOthers) / kEachSession;
}

void advise_on_descriptors(std::size_t descriptors, std::size_t max_sessions) {
    const std::size_t fit = sessions_for(descriptors);
    if (max_sessions == 0 || max_sessions <= fit) {
        return base::log::info("open files are enough limit={} sessions={}", descriptors, fit);
    }
    base::log::warn(
        "open files may run out before sessions do: {} are enough for {} sessions, [limits] max_sessions = {} needs "
        "{}; "
        "raise the limit (LimitNOFILE= in the unit, ulimit -n), or lower max_sessions",
        descriptors, fit, max_sessions, max_sessions * kEachSession + kForOthers);
}

}  // namespace wshub::server
