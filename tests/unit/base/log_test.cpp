#include "base/log.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace wshub::base;

namespace {

// A log that writes into a file of its own, and the process' log as it was before once it goes.
class LogFile {
public:
    explicit LogFile(log::Format format)
        : path_(std::filesystem::temp_directory_path() / ("wshub-log-" + std::to_string(::getpid()))),
          before_(spdlog::default_logger()) {
        std::filesystem::remove(path_);
        log::set_up({"debug", format, path_.string()});
    }
    ~LogFile() {
        spdlog::set_default_logger(before_);
        std::filesystem::remove(path_);
    }
    // What was logged, each line without its time.
    std::string text(std::size_t time_length) const {
        spdlog::default_logger()->flush();
        std::ifstream in(path_);
        std::string out;
        for (std::string line; std::getline(in, line);) out += line.substr(time_length) + "\n";
        return out;
    }

private:
    std::filesystem::path path_;
    std::shared_ptr<spdlog::logger> before_;
};

constexpr std::size_t kTextTime = 25;  // "2026-01-31T12:00:00.000Z "
constexpr std::size_t kJsonTime = 35;  // {"time":"2026-01-31T12:00:00.000Z",

}  // namespace

TEST_CASE("a text may be quoted in one line whatever it holds", "[log]") {
    auto [text, shown] = GENERATE(table<std::string, std::string>({
        {"plain", "plain"},
        {"tab\tline\nend\x7f", "tab\\x09line\\x0aend\\x7f"},
        {"caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80"},
        {"\xc3", "\\xc3"},
        {"\xc0\xaf", "\\xc0\\xaf"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
        {"\xc2\x9b"
         "31m\x9b",
         "\\u009b31m\\x9b"},
        {"\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6", "\\u2028\\u202e\\u2066"},
    }));
    CHECK(log::printable(text) == shown);
}

TEST_CASE("a long text is cut in front of the character that does not fit", "[log]") {
    CHECK(log::printable("abcdef", 6) == "abcdef");
    CHECK(log::printable("abcdef", 5) == "abcde...");
    CHECK(log::printable("ab\xc3\xa9", 3) == "ab...");
}

TEST_CASE("a line of the text log stays one line", "[log]") {
    const LogFile file(log::Format::kText);
    log::warn("a\nb\xff caf\xc3\xa9");
    CHECK(file.text(kTextTime) == "warning a\\x0ab\\xff caf\xc3\xa9\n");
}

TEST_CASE("a log that is looked at on a terminal does nothing to it", "[log]") {
    auto [format, time, line] = GENERATE(table<log::Format, std::size_t, std::string>({
        {log::Format::kText, kTextTime, "warning \\u009b31m \\u202ex\n"},
        {log::Format::kJson, kJsonTime, "\"level\":\"warning\",\"message\":\"\\u009b31m \\u202ex\"}\n"},
    }));
    const LogFile file(format);
    log::warn(
        "\xc2\x9b"
        "31m \xe2\x80\xaex");
    CHECK(file.text(time) == line);
}

TEST_CASE("a line of the JSON log is a JSON object whatever was logged", "[log]") {
    const LogFile file(log::Format::kJson);
    log::info("say \"hi\" \\ \n\xff caf\xc3\xa9");
    CHECK(file.text(kJsonTime) == R"("level":"info","message":"say \"hi\" \\ \u000a\ufffd caf)"
                                  "\xc3\xa9\"}\n");
}

TEST_CASE("what lies below the level is not written", "[log]") {
    const LogFile file(log::Format::kText);
    log::set_up({"error", log::Format::kText, ""});
    CHECK_FALSE(spdlog::default_logger()->should_log(spdlog::level::warn));
    CHECK(spdlog::default_logger()->should_log(spdlog::level::err));
}
