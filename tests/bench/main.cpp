// wshub_load: measures a Socket.IO server on this machine. See usage() in options.cpp, and docs/performance.md.
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <span>
#include <string_view>

#include "modes.h"

namespace wshub::bench {

namespace {

// Raises this process's limit of descriptors to what the run needs.
void make_room_for_connections(const Options& options) {
    constexpr rlim_t kSpare = 256;
    const rlim_t each = options.transport == TransportChoice::kWebSocket ? 1 : 2;
    const rlim_t needed = options.clients * each + kSpare;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= needed) return;
    rlimit raised{needed, std::max(limit.rlim_max, needed)};  // above the hard limit: only with the privilege
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
    throw OptionError("--clients: needs " + std::to_string(needed) + " open files, and the limit is " +
                      std::to_string(limit.rlim_max) + " (ulimit -Hn)");
}

bool run_mode(const Run& run) {
    switch (run.options.mode) {
        case Mode::kConnect: return run_connect(run);
        case Mode::kIdle: return run_idle(run);
        case Mode::kEcho: return run_echo(run);
        case Mode::kFanout:
        case Mode::kRooms: return run_flow(run);
        case Mode::kSlow: return run_slow(run);
    }
    return false;
}

void write_json(const Options& options, const Report& report) {
    if (options.json_file.empty()) return;
    if (options.json_file == "-") {
        std::cout << report.json();
        return;
    }
    std::ofstream file(options.json_file);
    file << report.json();
    if (!file.flush()) throw OptionError("--json " + options.json_file + ": cannot be written");
}

int run_program(std::span<char* const> arguments) {
    if (!arguments.empty() &&
        (std::string_view(arguments[0]) == "--help" || std::string_view(arguments[0]) == "help")) {
        std::cout << usage();
        return 0;
    }
    const Options options = parse_options(arguments);
    make_room_for_connections(options);
    // Each mode bounds itself; should one fail to, the kernel ends the program.
    constexpr unsigned kLongestBesidesMeasuring = 1200;
    alarm(kLongestBesidesMeasuring + static_cast<unsigned>(options.time.count() + options.warm_up.count()));

    Loop loop;
    const ProcessProbe server(options.pids, options.process_group);
    if (server.wanted() && server.sample().processes == 0) throw OptionError("--pid or --pgid: no such process");
    Report report;
    report.add("mode", std::string_view(options.mode_name));
    report.add("transport", std::string_view(options.transport_name));
    report.add("clients", std::uint64_t{options.clients});
    report.add("payload_bytes", std::uint64_t{options.payload});
    const bool clean = run_mode(Run{loop, options, server, report});
    report.add("clean", clean);
    write_json(options, report);
    if (!options.quiet && options.json_file != "-") std::cout << report.text();
    return clean ? 0 : 1;
}

}  // namespace

}  // namespace wshub::bench

int main(int argc, char** argv) {
    try {
        return wshub::bench::run_program(std::span<char* const>(argv + 1, static_cast<std::size_t>(argc - 1)));
    } catch (const wshub::bench::OptionError& error) {
        std::cerr << "wshub_load: " << error.what() << "\nTry wshub_load --help.\n";
    } catch (const std::exception& error) {
        std::cerr << "wshub_load: " << error.what() << '\n';
    }
    return 2;
}
