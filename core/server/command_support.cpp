// What several commands need.
#include <system_error>

#include "base/log.h"
#include "control/json_writer.h"
#include "server/commands.h"
#include "server/places.h"

namespace wshub::server {

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

int tell_as_json(const std::filesystem::path& configuration, const std::vector<std::string>& problems) {
    say(stdout, control::Object()
                    .add("ok", problems.empty())
                    .add("configuration", control::or_null(configuration.string()))
                    .add("problems", control::array_of(problems))
                    .done()
                    .text);
    return problems.empty() ? kDone : kNotStarted;
}

SettingSources sources_of(const std::string& config, const std::vector<std::string>& overrides) {
    SettingSources sources;
    sources.file = config.empty() ? installed_configuration() : std::filesystem::path(config);
    sources.overrides = overrides;
    std::error_code error;
    sources.working_directory = std::filesystem::current_path(error);
    sources.plugin_directory = bundled_plugins(program_directory());
    sources.state_directory = default_state_directory();
    sources.runtime_directory = runtime_directory();
    return sources;
}

LoadedSettings load(const SettingSources& sources) {
    LoadedSettings loaded = load_settings(sources);
    loaded.settings.host.probe_program = "/proc/self/exe";
    return loaded;
}

std::string name_of(const std::filesystem::path& configuration) {
    return configuration.empty() ? "the built-in defaults" : base::log::printable(configuration.string(), 4096);
}

void set_up_quiet_log() {
    base::log::Settings quiet;
    quiet.level = "warn";
    base::log::set_up(quiet);
}

}  // namespace wshub::server
