#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "console/console.h"

namespace wshub::console {
namespace {

constexpr std::size_t kLargestScript = 64 * 1024 * 1024;

std::vector<Line> lines_of_script(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw OptionError("--script: cannot open " + plain(file) + ": " + std::strerror(errno));
    std::vector<Line> lines;
    std::size_t bytes = 0;
    for (std::string text; std::getline(in, text);) {
        bytes += text.size() + 1;
        if (bytes > kLargestScript) throw OptionError("--script: " + plain(file) + " is too large");
        lines.push_back({text, plain(file) + ':' + std::to_string(lines.size() + 1)});
    }
    if (in.bad()) throw OptionError("--script: cannot read " + plain(file));
    return lines;
}

// Everything that is known before the start is checked before the start.
std::unique_ptr<LineSource> checked(std::vector<Line> lines) {
    for (const Line& line : lines) {
        try {
            parse_command(line.text);
        } catch (const CommandError& error) {
            throw OptionError(line.where + ": " + error.what());
        }
    }
    return listed_lines(std::move(lines));
}

std::unique_ptr<LineSource> source_of(const Options& options) {
    if (!options.commands.empty()) {
        std::vector<Line> lines;
        for (const std::string& command : options.commands) {
            lines.push_back({command, "-e " + std::to_string(lines.size() + 1)});
        }
        return checked(std::move(lines));
    }
    if (!options.script.empty() && options.script != "-") return checked(lines_of_script(options.script));
    const bool typed =
        options.script.empty() && !options.json && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    return typed ? typed_lines() : stream_lines(STDIN_FILENO, "stdin");
}

}  // namespace

int run_client(const std::vector<std::string_view>& arguments) {
    try {
        const Options options = parse_options(arguments);
        if (options.help) {
            std::fputs(options_help().c_str(), stdout);
            return kDone;
        }
        // A connection that ends is told by the calls that meet it.
        ::signal(SIGPIPE, SIG_IGN);
        const base::SystemClock clock;
        const auto lines = source_of(options);
        Output output(stdout, options.json, clock);
        output.set_around({[&lines] { lines->step_aside(); }, [&lines] { lines->come_back(); }});
        return Console(options, *lines, output, clock).run();
    } catch (const OptionError& error) {
        std::fprintf(stderr, "wshub client: %s\nwshub client --help shows what there is\n", error.what());
        return kUsage;
    }
}

}  // namespace wshub::console
