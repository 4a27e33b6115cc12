#include "server/ini_reader.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

using namespace wshub::server;

namespace {

// "[section] key=value;..." of all that was read, for tables.
std::string summary(const Ini& ini) {
    std::string out;
    for (const auto& setting : ini.settings) {
        out += "[" + setting.section + "] " + setting.key + "=" + setting.value + ";";
    }
    return out;
}

std::string value_of(const std::string& line) {
    const Ini ini = read_ini("[s]\n" + line, "f");
    REQUIRE(ini.problems.empty());
    REQUIRE(ini.settings.size() == 1);
    return ini.settings[0].value;
}

std::vector<std::string> problems_of(const std::string& text) {
    return read_ini(text, "f").problems;
}

}  // namespace

TEST_CASE("an INI file is sections of keys with values", "[ini]") {
    const Ini ini =
        read_ini("# about\n\n[server]\nhost = ::1\n  port=80\n[plugin.a-b]\n\tx.y = z\n[empty]\n", "etc/w.ini");
    CHECK(ini.problems.empty());
    CHECK(summary(ini) == "[server] host=::1;[server] port=80;[plugin.a-b] x.y=z;");
    REQUIRE(ini.sections.size() == 3);
    CHECK(ini.sections[2].name == "empty");
    CHECK(ini.sections[2].origin == "etc/w.ini:8");
    CHECK(ini.settings[1].origin == "etc/w.ini:5");
}

TEST_CASE("an empty file is an empty configuration", "[ini]") {
    const std::string text = GENERATE("", "\n", "\xef\xbb\xbf", "\r\n\r\n", " \t \n", "#", ";x");
    const Ini ini = read_ini(text, "f");
    CHECK(ini.problems.empty());
    CHECK(ini.sections.empty());
}

TEST_CASE("line ends of Windows and a byte order mark change nothing", "[ini]") {
    const Ini ini = read_ini("\xef\xbb\xbf[s]\r\nk = v\r\nl = w", "f");
    CHECK(ini.problems.empty());
    CHECK(summary(ini) == "[s] k=v;[s] l=w;");
}

TEST_CASE("a value is what stands behind the equals sign, literally", "[ini]") {
    auto [line, value] = GENERATE(table<std::string, std::string>({
        {"k=v", "v"},
        {"k =  v w \t", "v w"},
        {"k = a=b", "a=b"},
        {"k =", ""},
        {"k = # nothing", ""},
        {"k = v # why", "v"},
        {"k = v\t; why", "v"},
        {"k = a#b;c", "a#b;c"},
        {"k =#fff", "#fff"},
        {"k = ${HOME} \\n %x", "${HOME} \\n %x"},
        {"k = say \"hi\" now", "say \"hi\" now"},
        {"k = 'v'", "'v'"},
        {"k = \"  v # w \"", "  v # w "},
        {"k = \"v\"   ; why", "v"},
        {"k = \"\"", ""},
        {"k = \"a \"\"b\"\" c\"", "a \"b\" c"},
        {"k = \"\"\"\"", "\""},
        {"k = caf\xc3\xa9", "caf\xc3\xa9"},
    }));
    CAPTURE(line);
    CHECK(value_of(line) == value);
}

TEST_CASE("what is written by ini_value is read back the same", "[ini]") {
    const std::string value = GENERATE("", "v", " v", "v ", "a # b", "a ;b", "#", "\"", "\"\"", "a\"b", "\"a\"", "a=b",
                                       "\ta", "[x]", "a;b", "x \"#\" y");
    CAPTURE(value, ini_value(value));
    CHECK(value_of("k = " + ini_value(value)) == value);
    CHECK(ini_value("plain text") == "plain text");
}

TEST_CASE("each broken line is told with its place and what is wrong", "[ini]") {
    auto [text, problem] = GENERATE(table<std::string, std::string>({
        {"[s", "f:1: the section name has no ]"},
        {"[]", "f:1: expected a section name such as [server]"},
        {"[ s ]", "f:1: expected a section name such as [server]"},
        {"[a b]", "f:1: expected a section name such as [server]"},
        {"[a]x", "f:1: unexpected text behind the section name"},
        {"[a]]", "f:1: unexpected text behind the section name"},
        {"k = v", "f:1: the key k stands in front of any [section]"},
        {"[s]\nnonsense", "f:2: expected [section], key = value, or a comment that begins with # or ;"},
        {"[s]\n= v", "f:2: expected a key of letters, digits, _ - . in front of ="},
        {"[s]\na b = v", "f:2: expected a key of letters, digits, _ - . in front of ="},
        {"[s]\nk\xc3\xa9 = v", "f:2: expected a key of letters, digits, _ - . in front of ="},
        {"[s]\nk = v\nk = w", "f:3: [s] k was set before, in line 2"},
        {"[s]\n[t]\n[s]", "f:3: section [s] was there before, in line 1"},
        {"[s]\nk = \"v", "f:2: the value has no closing quote"},
        {"[s]\nk = \"v\"\"", "f:2: the value has no closing quote"},
        {"[s]\nk = \"v\" w", "f:2: unexpected text behind the closing quote (write \"\" for a quote inside)"},
        {"[s]\nk = \"v\"#w", "f:2: unexpected text behind the closing quote (write \"\" for a quote inside)"},
        {"[s]\nk = \xff", "f:2: the line is not UTF-8"},
        {"[s]\nk = \xed\xa0\x80", "f:2: the line is not UTF-8"},
        {"[s]\n# \x1b", "f:2: the line has the control character \\x1b"},
        {"[s]\nk = a\rb = c", "f:2: the line has the control character \\x0d"},
        {"[s]\n\xef\xbb\xbf[t]", "f:2: expected [section], key = value, or a comment that begins with # or ;"},
    }));
    CAPTURE(text);
    CHECK(problems_of(text) == std::vector<std::string>{problem});
}

TEST_CASE("every problem is told, and what is right beside it is read", "[ini]") {
    const Ini ini = read_ini("x\n[s]\ny\nk = v\n[t\na = b\na = b\nz\n[u]\nl = w\n", "f");
    CHECK(ini.problems.size() == 4);
    CHECK(summary(ini) == "[s] k=v;[u] l=w;");
}

TEST_CASE("the same key may stand in two sections", "[ini]") {
    CHECK(problems_of("[s]\nk = v\n[t]\nk = v\n").empty());
}

TEST_CASE("a line may have 4096 bytes and no more", "[ini]") {
    CHECK(problems_of("[s]\nk=" + std::string(4094, 'v') + "\r\n").empty());
    CHECK(problems_of("[s]\nk=" + std::string(4095, 'v')) ==
          std::vector<std::string>{"f:2: the line is longer than 4096 bytes"});
}

TEST_CASE("a file that holds a NUL is no text", "[ini]") {
    CHECK(problems_of(std::string("[s]\nk = \0v\n", 11)) ==
          std::vector<std::string>{"f: cannot be read: not a text file"});
}

TEST_CASE("after a hundred problems the rest is left alone", "[ini]") {
    std::string text;
    for (int line = 0; line < 1000; ++line) text += "x\n";
    const auto problems = problems_of(text);
    REQUIRE(problems.size() == kMostIniProblems + 1);
    CHECK(problems.back() == "f: too many problems, the rest was not read");
}

TEST_CASE("a file that cannot be read is a problem like the others", "[ini]") {
    const auto folder = std::filesystem::temp_directory_path() / ("wshub-ini-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    const auto missing = folder / "none.ini";
    CHECK(read_ini_file(missing).problems ==
          std::vector<std::string>{missing.string() + ": cannot be read: No such file or directory"});
    CHECK(read_ini_file(folder).problems ==
          std::vector<std::string>{folder.string() + ": cannot be read: it is a directory"});
    const auto large = folder / "large.ini";
    std::ofstream(large) << std::string(kLargestIniFile + 1, '\n');
    CHECK(read_ini_file(large).problems ==
          std::vector<std::string>{large.string() + ": cannot be read: it is larger than 1 MiB"});
    const auto good = folder / "good.ini";
    std::ofstream(good) << "[s]\nk = v\n";
    CHECK(summary(read_ini_file(good)) == "[s] k=v;");
    std::filesystem::remove_all(folder);
}
