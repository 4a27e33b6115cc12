#include "server/process_figures.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace wshub::server {
namespace {

using std::chrono::nanoseconds;

nanoseconds duration_of(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

nanoseconds cpu_time() {
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    return duration_of(usage.ru_utime) + duration_of(usage.ru_stime);
}

// proc(5): pages in all, pages in memory.
struct Memory {
    double all = 0, resident = 0;
};
Memory memory() {
    Memory pages;
    std::ifstream("/proc/self/statm") >> pages.all >> pages.resident;
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    return {pages.all * page, pages.resident * page};
}

double open_files() {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), ::closedir);
    if (!directory) return 0;
    int count = -1;  // the directory itself
    while (const dirent* const entry = ::readdir(directory.get())) count += entry->d_name[0] != '.';
    return count;
}

double most_files() {
    rlimit limit = {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
}

double now_by(clockid_t clock) {
    timespec time = {};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// proc(5): the 22nd field, in ticks since the system started; the second one may hold blanks and brackets. When the
// system started is not read from /proc/stat, which a service does not see (ProcSubset=pid).
double start_time() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    double ticks = 0;
    fields >> ticks;
    const double age = now_by(CLOCK_BOOTTIME) - ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return now_by(CLOCK_REALTIME) - age;
}

}  // namespace

void add_process_figures(base::Metrics& metrics) {
    metrics.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.")->set(start_time());
    base::TimeCounter* const cpu = metrics.seconds("process_cpu_seconds_total", "Processor time, user and system.");
    base::Gauge* const resident = metrics.gauge("process_resident_memory_bytes", "Memory that is in use.");
    base::Gauge* const all = metrics.gauge("process_virtual_memory_bytes", "Address space.");
    base::Gauge* const open = metrics.gauge("process_open_fds", "Open files and connections.");
    base::Gauge* const most = metrics.gauge("process_max_fds", "How many files and connections may be open.");
    metrics.before_reading([=] {
        cpu->add(cpu_time() - cpu->value());
        const Memory now = memory();
        resident->set(now.resident);
        all->set(now.all);
        open->set(open_files());
        most->set(most_files());
    });
}

}  // namespace wshub::server
