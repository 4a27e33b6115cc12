#include "process_probe.h"

#include <dirent.h>
#include <unistd.h>
#include <charconv>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace wshub::bench {

namespace {

struct Stat {
    pid_t group = 0;
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t threads = 0;
};

// /proc/PID/stat (proc(5)): the command stands in brackets and may hold anything, so reading starts behind the last
// one.
std::optional<Stat> read_stat(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const std::size_t bracket = line.rfind(')');
    if (bracket == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(bracket + 1));
    Stat stat;
    std::string state;
    std::string skipped;
    fields >> state >> skipped >> stat.group;
    constexpr int kBetweenGroupAndTimes = 8;
    for (int i = 0; i < kBetweenGroupAndTimes; ++i) fields >> skipped;
    fields >> stat.user_ticks >> stat.system_ticks;
    constexpr int kBetweenTimesAndThreads = 4;
    for (int i = 0; i < kBetweenTimesAndThreads; ++i) fields >> skipped;
    fields >> stat.threads;
    if (!fields) return std::nullopt;
    return stat;
}

void add_memory(pid_t pid, ProcessUsage& usage) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string line;
    constexpr std::uint64_t kKilobyte = 1024;  // what the kernel calls kB
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string name;
        std::uint64_t amount = 0;
        if (!(fields >> name >> amount)) continue;
        if (name == "Rss:") usage.resident_bytes += amount * kKilobyte;
        if (name == "Private_Clean:" || name == "Private_Dirty:") usage.private_bytes += amount * kKilobyte;
    }
}

std::vector<pid_t> members_of(pid_t group) {
    std::vector<pid_t> members;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), &closedir);
    if (!directory) return members;
    while (const dirent* entry = readdir(directory.get())) {
        const std::string_view name(entry->d_name);
        pid_t pid = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
        const auto stat = read_stat(pid);
        if (stat && stat->group == group) members.push_back(pid);
    }
    return members;
}

}  // namespace

ProcessUsage ProcessProbe::sample() const {
    std::vector<pid_t> pids = pids_;
    if (group_) {
        const std::vector<pid_t> members = members_of(*group_);
        pids.insert(pids.end(), members.begin(), members.end());
    }
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    ProcessUsage usage;
    for (const pid_t pid : pids) {
        const auto stat = read_stat(pid);
        if (!stat) continue;
        usage.user += std::chrono::duration<double>(static_cast<double>(stat->user_ticks) / tick);
        usage.system += std::chrono::duration<double>(static_cast<double>(stat->system_ticks) / tick);
        usage.threads += stat->threads;
        ++usage.processes;
        add_memory(pid, usage);
    }
    return usage;
}

}  // namespace wshub::bench
