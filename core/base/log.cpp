#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>

namespace wshub::base::log {
namespace {

// Bytes of the UTF-8 character at the front (RFC 3629, section 4), 0 if there is none.
std::size_t character_length(std::string_view text) {
    const auto byte = [text](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : static_cast<unsigned char>(0);
    };
    const auto follows = [&byte](std::size_t at, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(at) >= low && byte(at) <= high;
    };
    const unsigned char first = byte(0);
    if (text.empty()) return 0;
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
        return second && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
        return second && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Everything that reaches the log ends as one line of UTF-8, whoever wrote the text.
class Payload final : public spdlog::custom_flag_formatter {
public:
    explicit Payload(Format format) : format_(format) {}

    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        std::string_view text(message.payload.data(), message.payload.size());
        while (!text.empty()) {
            const std::size_t length = character_length(text);
            append(text.substr(0, std::max<std::size_t>(length, 1)), length != 0, out);
            text.remove_prefix(std::max<std::size_t>(length, 1));
        }
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Payload>(format_); }

private:
    void append(std::string_view character, bool valid, spdlog::memory_buf_t& out) const {
        const auto code = static_cast<unsigned>(static_cast<unsigned char>(character[0]));
        if (format_ == Format::kText && (!valid || is_control(character[0]))) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
        } else if (!valid || is_control(character[0])) {
            // JSON text cannot hold a byte that is no character (RFC 8259, section 8.1): U+FFFD stands for it.
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", valid ? code : 0xfffdu);
        } else {
            if (format_ == Format::kJson && (character == "\"" || character == "\\")) out.push_back('\\');
            out.append(character.data(), character.data() + character.size());
        }
    }

    Format format_;
};

// The priority of syslog(3) that stands for a level, as the journal wants it in front of a line.
class Priority final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        switch (message.level) {
            case spdlog::level::critical: return out.push_back('2');
            case spdlog::level::err: return out.push_back('3');
            case spdlog::level::warn: return out.push_back('4');
            case spdlog::level::info: return out.push_back('6');
            default: return out.push_back('7');
        }
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Priority>(); }
};

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %*";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})";
constexpr const char* kJournalTextPattern = "<%?>%*";
constexpr const char* kJournalJsonPattern = R"(<%?>{"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%*"})";

const char* pattern_of(const Settings& settings) {
    if (settings.file.empty() && stderr_is_journal()) {
        return settings.format == Format::kJson ? kJournalJsonPattern : kJournalTextPattern;
    }
    return settings.format == Format::kJson ? kJsonPattern : kTextPattern;
}

// Throws spdlog::spdlog_ex.
spdlog::sink_ptr open_sink(const Settings& settings) {
    using namespace spdlog::sinks;
    spdlog::sink_ptr sink;
    if (settings.file.empty() && stderr_is_journal()) {
        sink = std::make_shared<stderr_sink_mt>();
    } else if (settings.file.empty()) {
        sink = std::make_shared<stderr_color_sink_mt>();
    } else if (settings.max_bytes == 0) {
        sink = std::make_shared<basic_file_sink_mt>(settings.file);
    } else {
        sink = std::make_shared<rotating_file_sink_mt>(settings.file, settings.max_bytes, settings.keep);
    }
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<Payload>('*', settings.format).add_flag<Priority>('?').set_pattern(pattern_of(settings));
    sink->set_formatter(std::move(formatter));
    return sink;
}

// What set_up() was given, for reopen(), and the sink that stands in the logger for the one that is written to.
struct Current {
    std::mutex mutex;
    Settings settings;
    std::shared_ptr<spdlog::sinks::dist_sink_mt> place;
};

Current& current() {
    static Current current;
    return current;
}

}  // namespace

void set_up(const Settings& settings) {
    auto place = std::make_shared<spdlog::sinks::dist_sink_mt>();
    place->add_sink(open_sink(settings));
    auto logger = std::make_shared<spdlog::logger>("wshub", place);
    logger->set_level(spdlog::level::from_str(settings.level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
    const std::lock_guard lock(current().mutex);
    current().settings = settings;
    current().place = std::move(place);
}

void reopen() {
    const std::lock_guard lock(current().mutex);
    if (current().place == nullptr || current().settings.file.empty()) return;
    try {
        current().place->set_sinks({open_sink(current().settings)});
    } catch (const spdlog::spdlog_ex& problem) {
        error("the log file cannot be opened anew: {}", problem.what());
    }
}

bool stderr_is_journal() {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    struct stat here = {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &here) != 0) return false;
    return stream == std::to_string(here.st_dev) + ":" + std::to_string(here.st_ino);
}

std::string printable(std::string_view text, std::size_t most) {
    std::string out;
    std::size_t taken = 0;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const std::size_t step = std::max<std::size_t>(length, 1);
        if (taken + step > most) return out + "...";
        if (length == 0 || is_control(text[0])) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
        } else {
            out += text.substr(0, step);
        }
        taken += step;
        text.remove_prefix(step);
    }
    return out;
}

}  // namespace wshub::base::log
