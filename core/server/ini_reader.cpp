#include "server/ini_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "base/log.h"
#include "protocol/utf8.h"

namespace wshub::server {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

bool begins_comment(char c) {
    return c == '#' || c == ';';
}

// Nothing, or a comment.
bool is_idle(std::string_view text) {
    text = trim(text);
    return text.empty() || begins_comment(text.front());
}

// The text in front of a comment that stands behind a blank.
std::string_view without_comment(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (begins_comment(text[at]) && is_blank(text[at - 1])) return text.substr(0, at);
    }
    return text;
}

class Reader {
public:
    explicit Reader(std::string_view name) : name_(name) {}

    Ini read(std::string_view text) {
        if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
        while (!text.empty() && ini_.problems.size() < kMostIniProblems) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            std::string_view line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
            ++line_;
            take_line(line);
        }
        if (!text.empty()) ini_.problems.push_back(name_ + ": too many problems, the rest was not read");
        return std::move(ini_);
    }

private:
    void take_line(std::string_view line) {
        if (line.size() > kLongestIniLine) {
            return problem("the line is longer than " + std::to_string(kLongestIniLine) + " bytes");
        }
        const auto control = std::find_if(line.begin(), line.end(), is_control);
        if (control != line.end()) {
            return problem("the line has the control character " + base::log::printable({&*control, 1}));
        }
        if (!protocol::is_utf8(line)) return problem("the line is not UTF-8");
        line = trim(line);
        if (is_idle(line)) return;
        if (line.front() == '[') return take_section(line);
        take_setting(line);
    }

    void take_section(std::string_view line) {
        section_.clear();
        keys_.clear();
        state_ = State::kBrokenSection;
        const std::size_t end = line.find(']');
        if (end == std::string_view::npos) return problem("the section name has no ]");
        const std::string_view name = line.substr(1, end - 1);
        if (!is_name(name)) return problem("expected a section name such as [server]");
        if (!is_idle(line.substr(end + 1))) return problem("unexpected text behind the section name");
        const auto [first, is_new] = sections_.emplace(name, line_);
        if (!is_new) {
            return problem("section [" + std::string(name) + "] was there before, in line " +
                           std::to_string(first->second));
        }
        state_ = State::kSection;
        section_ = name;
        ini_.sections.push_back({section_, origin()});
    }

    void take_setting(std::string_view line) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) {
            return problem("expected [section], key = value, or a comment that begins with # or ;");
        }
        const std::string_view key = trim(line.substr(0, equals));
        if (!is_name(key)) return problem("expected a key of letters, digits, _ - . in front of =");
        const auto value = take_value(line.substr(equals + 1));
        if (!value) return;
        // What stands below a broken section name is not told again: mending the name mends it.
        if (state_ == State::kBrokenSection) return;
        if (state_ == State::kStart)
            return problem("the key " + std::string(key) + " stands in front of any [section]");
        const auto [first, is_new] = keys_.emplace(key, line_);
        if (!is_new) {
            return problem("[" + section_ + "] " + std::string(key) + " was set before, in line " +
                           std::to_string(first->second));
        }
        ini_.settings.push_back({section_, std::string(key), *value, origin()});
    }

    // Nothing, and the problem told, if quotes are wrong.
    std::optional<std::string> take_value(std::string_view text) {
        if (trim(text).substr(0, 1) != "\"") return std::string(trim(without_comment(text)));
        text = trim(text);
        std::string value;
        for (std::size_t at = 1; at < text.size(); ++at) {
            if (text[at] != '"') {
                value += text[at];
            } else if (text.substr(at + 1, 1) == "\"") {
                value += text[at++];
            } else if (is_closed_by(text.substr(at + 1))) {
                return value;
            } else {
                problem("unexpected text behind the closing quote (write \"\" for a quote inside)");
                return std::nullopt;
            }
        }
        problem("the value has no closing quote");
        return std::nullopt;
    }

    // Behind a closing quote: nothing, or a blank and then perhaps a comment.
    static bool is_closed_by(std::string_view rest) {
        return rest.empty() || (is_blank(rest.front()) && is_idle(rest));
    }

    std::string origin() const { return name_ + ":" + std::to_string(line_); }
    void problem(const std::string& text) { ini_.problems.push_back(origin() + ": " + text); }

    enum class State { kStart, kSection, kBrokenSection };

    std::string name_;
    std::size_t line_ = 0;
    State state_ = State::kStart;
    std::string section_;
    std::map<std::string, std::size_t, std::less<>> sections_;  // their lines
    std::map<std::string, std::size_t, std::less<>> keys_;      // of this section, their lines
    Ini ini_;
};

Ini unreadable(const std::string& name, const std::string& why) {
    Ini ini;
    ini.problems.push_back(name + ": cannot be read: " + why);
    return ini;
}

}  // namespace

Ini read_ini(std::string_view text, std::string_view name) {
    if (text.find('\0') != std::string_view::npos) return unreadable(std::string(name), "not a text file");
    return Reader(name).read(text);
}

Ini read_ini_file(const std::filesystem::path& file) {
    const std::string name = file.string();
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) return unreadable(name, "it is a directory");
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) return unreadable(name, std::generic_category().message(errno != 0 ? errno : EIO));
    std::string text(kLargestIniFile + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return unreadable(name, std::generic_category().message(EIO));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLargestIniFile) return unreadable(name, "it is larger than 1 MiB");
    return read_ini(text, name);
}

std::string ini_value(std::string_view value) {
    const bool plain = trim(value) == value && without_comment(value) == value &&
                       (value.empty() || (value.front() != '"' && !begins_comment(value.front())));
    if (plain) return std::string(value);
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

}  // namespace wshub::server
