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
    std::string file;  // empty: standard error
};

// Sets up the process-wide log, whose every line is one line of UTF-8, or one JSON object. Main thread, before other
// threads start. Throws spdlog::spdlog_ex when the file cannot be opened.
void set_up(const Settings& settings);

// Text of a peer or a file made safe for one log line: control characters and bytes that are no UTF-8 escaped (\x1b),
// cut after at most `most` bytes of it, never inside a character. (The log escapes the like in whole lines too; this is
// for quoting, and for what is printed elsewhere.)
std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace wshub::base::log
