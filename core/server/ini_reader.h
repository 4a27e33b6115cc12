// The INI file, read strictly: what is not understood is an error with its place, never a silent guess. Knows the form
// of the file; knows no section or key (see settings.h). Touches no file but in read_ini_file(). Any thread.
//
//   # a comment, or ; a comment: a line of its own, or behind a blank at the end of a line
//   [section]                      letters, digits, _ - . ; each section once
//   key = value                    letters, digits, _ - . ; each key once in its section; blanks around both go
//   key = "  a # b ""c"" "         double quotes keep blanks, # and ; in a value; "" stands for one "
//   key =                          an empty value
//
// Values are taken literally: no escapes, no ${variables}, no lines that go on. UTF-8, with or without a byte order
// mark; lines end with LF or CR LF and have up to 4096 bytes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/setting.h"

namespace wshub::server {

struct IniSection {
    std::string name;
    std::string origin;  // "etc/wshub.ini:12"
};

struct Ini {
    std::vector<IniSection> sections;        // in their order, empty ones too
    std::vector<base::RawSetting> settings;  // in their order
    // All that is wrong, one line each: `etc/wshub.ini:12: ...`. What is right beside it is read all the same.
    std::vector<std::string> problems;
};

inline constexpr std::size_t kLongestIniLine = 4096;
inline constexpr std::size_t kLargestIniFile = 1024 * 1024;
inline constexpr std::size_t kMostIniProblems = 100;  // then one line that says there are more, and the rest is unread

// `name` is what the origins and problems call the text.
Ini read_ini(std::string_view text, std::string_view name);

// A file that cannot be read, or is too large, is a problem like the others.
Ini read_ini_file(const std::filesystem::path& file);

// The value as it must be written for read_ini() to give it back: in quotes where it needs them. Not for values with
// line ends or other control characters, which no INI file can hold.
std::string ini_value(std::string_view value);

}  // namespace wshub::server
