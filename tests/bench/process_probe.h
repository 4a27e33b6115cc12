// What the server under test has used so far, read from /proc: of processes named, or of a whole process group.
#pragma once

#include <sys/types.h>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace wshub::bench {

struct ProcessUsage {
    std::chrono::duration<double> user{0};
    std::chrono::duration<double> system{0};
    std::uint64_t resident_bytes = 0;  // Rss
    std::uint64_t private_bytes = 0;   // Private_Clean + Private_Dirty
    std::uint64_t threads = 0;
    std::uint64_t processes = 0;

    std::chrono::duration<double> cpu() const { return user + system; }
};

class ProcessProbe {
public:
    ProcessProbe(std::vector<pid_t> pids, std::optional<pid_t> group) : pids_(std::move(pids)), group_(group) {}

    // Something was named.
    bool wanted() const { return !pids_.empty() || group_.has_value(); }
    // The sum over all that still run. CPU time comes in steps of the kernel's tick (10 ms), so measure over seconds.
    ProcessUsage sample() const;

private:
    std::vector<pid_t> pids_;
    std::optional<pid_t> group_;
};

}  // namespace wshub::bench
