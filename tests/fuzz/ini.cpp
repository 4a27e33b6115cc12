// The INI reader: whatever the file holds, what was read can be written and read again, and problems say where.
#include "server/ini_reader.h"

#include <string>

#include "fuzz.h"
#include "protocol/utf8.h"

using namespace wshub::server;

namespace {

std::string written(const Ini& ini) {
    std::string text;
    std::size_t next = 0;
    for (const IniSection& section : ini.sections) {
        text += "[" + section.name + "]\n";
        for (; next < ini.settings.size() && ini.settings[next].section == section.name; ++next) {
            text += ini.settings[next].key + " = " + ini_value(ini.settings[next].value) + "\n";
        }
    }
    fuzz::check(next == ini.settings.size());
    return text;
}

// Quotes may make a line of nearly the longest length longer than that: then it cannot be written, which is no fault.
bool has_long_line(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (end > kLongestIniLine) return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Ini first = read_ini(fuzz::as_text(data, size), "f");
    fuzz::check(first.problems.size() <= kMostIniProblems + 1);
    for (const std::string& problem : first.problems) {
        fuzz::check(problem.rfind("f:", 0) == 0 && wshub::protocol::is_utf8(problem));
        fuzz::check(problem.find('\n') == std::string::npos);
    }
    const std::string text = written(first);
    if (has_long_line(text)) return 0;
    const Ini second = read_ini(text, "f");
    fuzz::check(second.problems.empty());
    fuzz::check(second.sections.size() == first.sections.size());
    fuzz::check(second.settings.size() == first.settings.size());
    for (std::size_t at = 0; at < first.settings.size(); ++at) {
        fuzz::check(second.settings[at].key == first.settings[at].key);
        fuzz::check(second.settings[at].value == first.settings[at].value);
    }
    return 0;
}
