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
#include <optional>

#include "base/visible.h"

namespace wshub::base::log {
namespace {

// What stands for a character that is not seen, and for a byte that is none: \x1b, \u009b.
std::string escape(std::string_view character, std::optional<char32_t> unseen) {
    const auto code = static_cast<unsigned>(unseen.value_or(static_cast<unsigned char>(character[0])));
    return character.size() == 1 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
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
        const auto unseen = unseen_code(character);
        if (format_ == Format::kText && (!valid || unseen)) {
            fmt::format_to(std::back_inserter(out), "{}", escape(character, unseen));
        } else if (!valid || unseen) {
            // JSON text cannot hold a byte that is no character (RFC 8259, section 8.1): U+FFFD stands for it.
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", valid ? static_cast<unsigned>(*unseen) : 0xfffdu);
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
        const std::string_view character = text.substr(0, step);
        const auto unseen = unseen_code(character);
        if (length == 0 || unseen) {
            out += escape(character, unseen);
        } else {
            out += character;
        }
        taken += step;
        text.remove_prefix(step);
    }
    return out;
}

}  // namespace wshub::base::log
