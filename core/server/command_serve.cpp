// `wshub serve`, which is what the program does without a command.
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "base/log.h"
#include "server/commands.h"
#include "server/core_keys.h"
#include "server/crash_report.h"
#include "server/descriptors.h"
#include "server/server.h"
#include "server/service_manager.h"
#include "server/spare_memory.h"
#include "server/stop_signals.h"
#include "server/supervision.h"

namespace wshub::server {
namespace {

void set_up_log(const base::log::Settings& settings) {
    try {
        base::log::set_up(settings);
    } catch (const spdlog::spdlog_ex& error) {
        throw base::ConfigError("[log] file = \"" + base::log::printable(settings.file, 4096) +
                                "\": cannot be opened for appending: " + error.what());
    }
}

// What can be changed without a restart, beside the sections of plugins.
bool applies_at_once(const CoreKey& key) {
    return key.section == "plugins" && (key.key == "enabled" || key.key == "reload_patience" ||
                                        key.key == "rollback_window" || key.key == "rollback_errors");
}

// The settings of plugins as they stand now, if nothing is wrong in the whole configuration. What else has changed is
// named.
std::optional<host::HostSettings> read_again(const SettingSources& sources, const LoadedSettings& in_force,
                                             std::vector<std::string>& errors) {
    LoadedSettings now = load(sources);
    errors = now.problems;
    for (const std::string& problem : now.problems) base::log::error("{}", problem);
    if (!now.problems.empty()) {
        base::log::error("the configuration has errors ({}): nothing was changed", now.problems.size());
        return std::nullopt;
    }
    std::string changed;
    for (const CoreKey& key : core_keys()) {
        const std::string name = key.section + "." + key.key;
        if (applies_at_once(key) ||
            now.configuration->getRawString(name) == in_force.configuration->getRawString(name)) {
            continue;
        }
        changed += (changed.empty() ? "[" : ", [") + key.section + "] " + key.key;
    }
    if (!changed.empty()) base::log::warn("changed, but in force only after a restart: {}", changed);
    base::log::info("configuration read again configuration=\"{}\"", name_of(sources.file));
    return std::move(now.settings.host);
}

// Until a stop signal comes, whose number it gives.
int wait_for_stop(StopSignals& signals, Server& server, Supervision& supervision) {
    const base::SystemClock clock;
    SpareMemory spare;
    base::SteadyTime next_look_at_memory = clock.steady();
    for (;;) {
        const auto number = signals.wait_for(supervision.patience());
        const base::SteadyTime now = clock.steady();
        if (number == SIGHUP) {
            server.reload();
            supervision.reloading(now);
        } else if (number == SIGUSR1) {
            base::log::reopen();
        } else if (number) {
            return *number;
        }
        supervision.look(now);
        if (now < next_look_at_memory) continue;
        next_look_at_memory = now + SpareMemory::kLookEvery;
        if (spare.is_due(server.sessions(), now)) SpareMemory::give_back();
    }
}

}  // namespace

int serve(const CommandLine& line) {
    const SettingSources sources = sources_of(line.config, line.overrides);
    LoadedSettings loaded = load(sources);
    if (!loaded.problems.empty()) return refuse(loaded.problems);
    loaded.settings.host.read_again = [&sources, &loaded](std::vector<std::string>& errors) {
        return read_again(sources, loaded, errors);
    };
    set_up_log(loaded.settings.log);
    base::log::info("starting version={} pid={} configuration=\"{}\"", WSHUB_VERSION, ::getpid(),
                    name_of(sources.file));
    ServiceManager manager = ServiceManager::from_environment();
    advise_on_descriptors(raise_descriptor_limit(), loaded.settings.engine.limits.max_sessions);
    ::signal(SIGPIPE, SIG_IGN);
    install_crash_report();
    StopSignals signals;

    Server server(loaded.settings);
    const host::Problems problems = server.load_plugins();
    if (!problems.empty()) return refuse(problems);
    server.start();
    say(stdout, server.start_line());
    if (!loaded.settings.log.file.empty()) base::log::info("{}", server.start_line());

    Supervision supervision(std::move(manager), server, server.url(), base::SystemClock().steady());
    const int signal = wait_for_stop(signals, server, supervision);
    base::log::info("stopping signal={}", ::sigabbrev_np(signal));
    supervision.stopping(loaded.settings.shutdown_timeout);
    server.stop();
    base::log::info("stopped");
    return kDone;
}

}  // namespace wshub::server
