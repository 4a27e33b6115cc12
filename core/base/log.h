// The hub's log: one line, a short sentence, then facts (`session closed sid=Xk2 reason=ping_timeout`). Never payloads.
// Error: somebody must act. Warning: it may become an error. Info: start, stop, configuration, plugins. Debug: one
// connection.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>
#include <utility>

namespace wshub::base::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

enum class Format { kText, kJson };

struct Settings {
    std::string level = "info";  // trace, debug, info, warn, error, off
    Format format = Format::kText;
    std::string file;           // empty: standard error
    std::size_t max_bytes = 0;  // above it the file becomes NAME.1.log and a new one begins; 0: never
    std::size_t keep = 5;       // how many of the old ones stay
};

// Sets up the process-wide log, whose every line is one line of UTF-8, or one JSON object. Main thread, before other
// threads start. Throws spdlog::spdlog_ex when the file cannot be opened.
//
// On standard error that is the journal's (stderr_is_journal()), a line begins with its priority, <6> and the like
// (sd-daemon(3)), and leaves out what the journal knows anyway: time and level.
void set_up(const Settings& settings);

// Opens the log file anew, by its name, so that what a tool has moved away is not written to any more. Nothing happens
// if there is none. If it cannot be opened, the old one stays, and one line there says so. Any thread.
void reopen();

// Whether what this process writes to standard error goes straight to systemd's journal ($JOURNAL_STREAM).
bool stderr_is_journal();

// Text of a peer or a file made safe for one log line and a terminal: characters that do something there
// (base/visible.h) and bytes that are no UTF-8 escaped (\x1b, \u009b), cut after at most `most` bytes of it, never
// inside a character. (The log escapes the like in whole lines too; this is for quoting, and for what is printed
// elsewhere.)
std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace wshub::base::log
