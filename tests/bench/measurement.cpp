#include "measurement.h"

#include <sys/resource.h>

namespace wshub::bench {

namespace {

std::chrono::duration<double> own_cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return std::chrono::duration<double>(static_cast<double>(time.tv_sec) +
                                             static_cast<double>(time.tv_usec) / 1e6);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void Measurement::begin(std::uint64_t count) {
    begun_ = true;
    from_ = sample(count);
}

void Measurement::end(std::uint64_t count) {
    to_ = sample(count);
}

Measurement::Sample Measurement::sample(std::uint64_t count) const {
    Sample taken;
    taken.count = count;
    taken.own_cpu = own_cpu_time();
    if (server_.wanted()) taken.server = server_.sample();
    taken.at = Clock::now();
    return taken;
}

void Measurement::add_to(Report& report, std::string_view operation, std::string_view plural) const {
    const auto count = static_cast<double>(to_.count - from_.count);
    const double wall = std::chrono::duration<double>(to_.at - from_.at).count();
    report.add("measured_" + std::string(plural), to_.count - from_.count);
    report.add("measured_seconds", wall);
    report.add(std::string(plural) + "_per_second", count / wall);
    report.add("generator_cpu_percent", 100 * (to_.own_cpu - from_.own_cpu).count() / wall);
    if (!server_.wanted()) return;
    const double user = (to_.server.user - from_.server.user).count();
    const double system = (to_.server.system - from_.server.system).count();
    report.add("server_cpu_seconds", user + system);
    report.add("server_cpu_percent", 100 * (user + system) / wall);
    report.add("server_cpu_us_per_" + std::string(operation), 1e6 * (user + system) / count);
    report.add("server_user_us_per_" + std::string(operation), 1e6 * user / count);
    report.add("server_system_us_per_" + std::string(operation), 1e6 * system / count);
    report.add("server_threads", to_.server.threads);
}

}  // namespace wshub::bench
