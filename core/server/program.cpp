#include "server/program.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "console/console.h"
#include "host/child_probe.h"
#include "server/command_line.h"
#include "server/core_keys.h"
#include "server/crash_report.h"
#include "server/descriptors.h"
#include "server/new_plugin.h"
#include "server/places.h"
#include "server/server.h"
#include "server/service_manager.h"
#include "server/settings.h"
#include "server/spare_memory.h"
#include "server/stop_signals.h"
#include "server/supervision.h"

namespace wshub::server {
namespace {

// The pipe may be closed at the other end; then there is nobody to tell.
void say(std::FILE* stream, const std::string& text) {
    std::fputs(text.c_str(), stream);
    if (text.empty() || text.back() != '\n') std::fputc('\n', stream);
    std::fflush(stream);
}

int refuse(const std::vector<std::string>& problems) {
    // The journal has the program's name, and would take a line without priority for a mere notice.
    const char* const prefix = base::log::stderr_is_journal() ? "<3>" : "wshub: ";
    for (const std::string& problem : problems) say(stderr, prefix + problem);
    return kNotStarted;
}

SettingSources sources_of(const CommandLine& line) {
    SettingSources sources;
    sources.file = line.config.empty() ? installed_configuration() : std::filesystem::path(line.config);
    sources.overrides = line.overrides;
    std::error_code error;
    sources.working_directory = std::filesystem::current_path(error);
    sources.plugin_directory = bundled_plugins(program_directory());
    sources.state_directory = default_state_directory();
    return sources;
}

std::string name_of(const std::filesystem::path& file) {
    return file.empty() ? "the built-in defaults" : base::log::printable(file.string(), 4096);
}

// The log of commands that start nothing: warnings only, so that what was asked for stands out.
void set_up_quiet_log() {
    base::log::Settings quiet;
    quiet.level = "warn";
    base::log::set_up(quiet);
}

void set_up_log(const base::log::Settings& settings) {
    try {
        base::log::set_up(settings);
    } catch (const spdlog::spdlog_ex& error) {
        throw base::ConfigError("[log] file = \"" + base::log::printable(settings.file, 4096) +
                                "\": cannot be opened for appending: " + error.what());
    }
}

// As set_up_log() would find, without making the file.
bool can_append(const std::filesystem::path& file) {
    if (::access(file.c_str(), W_OK) == 0) return !std::filesystem::is_directory(file);
    return errno == ENOENT && ::access(file.parent_path().c_str(), W_OK | X_OK) == 0;
}

// The settings, and what only the program knows of itself.
LoadedSettings load(const SettingSources& sources) {
    LoadedSettings loaded = load_settings(sources);
    loaded.settings.host.probe_program = "/proc/self/exe";
    return loaded;
}

// All that is wrong, as far as it can be known without starting. `print` shows the configuration if nothing is.
int inspect(const CommandLine& line, bool print) {
    set_up_quiet_log();
    const SettingSources sources = sources_of(line);
    LoadedSettings loaded = load(sources);
    loaded.settings.host.check_only = !print;
    std::vector<std::string> problems = loaded.problems;
    std::vector<host::PluginInfo> plugins;
    if (loaded.plugins_known) {
        Server server(loaded.settings);
        const host::Problems more = server.load_plugins();
        problems.insert(problems.end(), more.begin(), more.end());
        plugins = server.plugins();
    }
    if (!loaded.settings.log.file.empty() && !can_append(loaded.settings.log.file)) {
        problems.push_back("[log] file = \"" + loaded.settings.log.file + "\": cannot be opened for appending");
    }
    if (!problems.empty()) return refuse(problems);
    say(stdout, print ? print_settings(loaded, plugins) : "ok: " + name_of(sources.file));
    return kDone;
}

// What can be changed without a restart, beside the sections of plugins.
bool applies_at_once(const CoreKey& key) {
    return key.section == "plugins" &&
           (key.key == "enabled" || key.key == "rollback_window" || key.key == "rollback_errors");
}

// The settings of plugins as they stand now, if nothing is wrong in the whole configuration. What else has changed is
// named.
std::optional<host::HostSettings> read_again(const SettingSources& sources, const LoadedSettings& in_force) {
    LoadedSettings now = load(sources);
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

int serve(const CommandLine& line) {
    const SettingSources sources = sources_of(line);
    LoadedSettings loaded = load(sources);
    if (!loaded.problems.empty()) return refuse(loaded.problems);
    loaded.settings.host.read_again = [&sources, &loaded] { return read_again(sources, loaded); };
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

int make_plugin(const CommandLine& line) {
    const std::filesystem::path program = program_directory();
    const std::filesystem::path project =
        make_plugin_project(plugin_template(program), line.directory, line.plugin_name);
    say(stdout, next_steps(project, program.parent_path()));
    return kDone;
}

int act(const CommandLine& line) {
    switch (line.action) {
        case Action::kServe: return serve(line);
        case Action::kCheck: return inspect(line, false);
        case Action::kPrintConfig: return inspect(line, true);
        case Action::kVersion: say(stdout, "wshub " WSHUB_VERSION); return kDone;
        case Action::kHelp: say(stdout, help_text()); return kDone;
        case Action::kNewPlugin: return make_plugin(line);
        case Action::kProbePlugin: return host::probe_main(line.plugin_file);
    }
    return kUsage;
}

}  // namespace

int run_program(const std::vector<std::string_view>& arguments) {
    if (!arguments.empty() && arguments.front() == "client") {
        return console::run_client({arguments.begin() + 1, arguments.end()});
    }
    try {
        return act(parse_command_line(arguments));
    } catch (const UsageError& error) {
        say(stderr, std::string("wshub: ") + error.what() + "\nwshub --help shows what there is");
        return kUsage;
    } catch (const std::exception& error) {
        return refuse({error.what()});
    }
}

}  // namespace wshub::server
