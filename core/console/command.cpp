#include "console/command.h"

#include <algorithm>
#include <array>

#include "base/setting.h"
#include "console/json.h"
#include "console/payload.h"
#include "protocol/json_scan.h"
#include "protocol/utf8.h"

namespace wshub::console {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Reads a command from left to right.
class Line {
public:
    explicit Line(std::string_view text) : rest_(text) { skip_blanks(); }

    bool at_end() const { return rest_.empty(); }

    std::string_view word() {
        const std::string_view found = rest_.substr(0, rest_.find_first_of(kBlanks));
        rest_.remove_prefix(found.size());
        skip_blanks();
        return found;
    }

    // A word, or a JSON string; `what` it should be is for the message.
    std::string name(std::string_view what) {
        if (at_end()) throw CommandError("expected " + std::string(what));
        if (rest_.front() != '"') return std::string(word());
        const auto size = protocol::scan_value(rest_);
        if (!size) throw CommandError("expected " + std::string(what) + ", not " + plain(rest_));
        std::string text = protocol::unescape_string(rest_.substr(0, *size));
        rest_.remove_prefix(*size);
        skip_blanks();
        return text;
    }

    // All values that come next, as a JSON array.
    std::string values() {
        std::size_t behind = 0;
        std::string array = json_array_of(rest_, behind);
        rest_.remove_prefix(behind);
        return array;
    }

    bool take(std::string_view keyword) {
        if (rest_.substr(0, rest_.find_first_of(kBlanks)) != keyword) return false;
        word();
        return true;
    }

    std::chrono::milliseconds duration() {
        const std::string_view text = word();
        const auto time = base::parse_duration(text);
        if (!time) throw CommandError('"' + plain(text) + "\": expected " + std::string(base::kDurationForm));
        return *time;
    }

    // Nothing may be left.
    void end() const {
        if (at_end()) return;
        throw CommandError("\"" + plain(rest_) + "\" is too much here");
    }
    // The same where JSON could still have come.
    void end_of_values() const {
        if (at_end()) return;
        const std::string_view wrong = rest_.substr(0, rest_.find_first_of(kBlanks));
        throw CommandError("\"" + plain(wrong) + "\" is not JSON; a text needs its quotes: \"text\"");
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size())); }

    std::string_view rest_;
};

void read_emit(Command& command, Line& line) {
    command.name = line.name("the event's name");
    command.args = line.values();
    line.end_of_values();
}

void read_ack(Command& command, Line& line) {
    command.name = line.name("the event's name");
    command.args = line.values();
    if (line.take("=>")) command.wanted = line.values();
    line.end_of_values();
}

void read_room(Command& command, Line& line) {
    command.name = line.name("the room's name");
    line.end();
}

void read_watch(Command& command, Line& line) {
    if (!line.at_end()) command.name = line.name("a pattern of names");
    line.end();
}

void read_wait(Command& command, Line& line) {
    command.name = line.name("the event's name");
    if (!line.at_end()) command.time = line.duration();
    line.end();
}

void read_expect(Command& command, Line& line) {
    command.name = line.name("the event's name");
    command.wanted = line.values();
    if (line.take("within")) {
        command.time = line.duration();
        line.end();
    }
    line.end_of_values();
}

void read_sleep(Command& command, Line& line) {
    if (line.at_end()) throw CommandError("expected " + std::string(base::kDurationForm));
    command.time = line.duration();
    line.end();
}

void read_nothing(Command&, Line& line) {
    line.end();
}

void read_help(Command& command, Line& line) {
    command.name = line.word();
    line.end();
}

struct Known {
    std::string_view word;
    Verb verb;
    void (*read)(Command&, Line&);
    std::string_view form;
    std::string_view help;
};

constexpr std::array<Known, 12> kKnown{{
    {"emit", Verb::kEmit, read_emit, "emit EVENT JSON...",
     "Sends an event. Values stand behind each other: emit message \"hi\" 5 {\"a\":[1,2]}\n"
     "{\"$file\":\"picture.png\"} and {\"$base64\":\"AQID\"} go as binary."},
    {"ack", Verb::kAck, read_ack, "ack EVENT JSON... [=> JSON...]",
     "Sends an event, waits for its acknowledgement and shows it with the time it took. Behind =>\n"
     "stands what it must contain: ack ping => {\"status\":\"pong\"}"},
    {"join", Verb::kJoin, read_room, "join ROOM",
     "Joins a room: ack join_room \"ROOM\", and the answer must not be an error."},
    {"leave", Verb::kLeave, read_room, "leave ROOM",
     "Leaves a room: ack leave_room \"ROOM\", and the answer must not be an error."},
    {"watch", Verb::kWatch, read_watch, "watch [PATTERN]",
     "From now on only events are shown whose name is PATTERN, in which * is anything: watch room_*\n"
     "Without a pattern all are. wait and expect see all events, whatever is shown."},
    {"wait", Verb::kWait, read_wait, "wait EVENT [DURATION]",
     "Waits until such an event has come; * in the name is anything. One that came before, and that no\n"
     "wait or expect has taken yet, will do. What came before it is left behind."},
    {"expect", Verb::kExpect, read_expect, "expect EVENT JSON... [within DURATION]",
     "Waits until such an event has come whose arguments contain these: of objects the named members,\n"
     "of arrays all items. expect room_message {\"message\":\"hi\"} within 5s"},
    {"sleep", Verb::kSleep, read_sleep, "sleep DURATION", "Does nothing for so long, but shows what comes: sleep 1.5s"},
    {"connect", Verb::kConnect, read_nothing, "connect",
     "Connects again, after disconnect or when the server has put you out."},
    {"disconnect", Verb::kDisconnect, read_nothing, "disconnect", "Leaves the namespace and ends the connection."},
    {"help", Verb::kHelp, read_help, "help [COMMAND]", "Shows the commands, or what one does."},
    {"quit", Verb::kQuit, read_nothing, "quit", "Disconnects and ends. ctrl-D does too."},
}};

}  // namespace

std::optional<Command> parse_command(std::string_view text) {
    if (!protocol::is_utf8(text)) throw CommandError("the line is not UTF-8");
    Line line(text);
    if (line.at_end() || text[text.find_first_not_of(kBlanks)] == '#') return std::nullopt;
    const std::string_view word = line.word();
    const auto known =
        std::find_if(kKnown.begin(), kKnown.end(), [word](const Known& each) { return each.word == word; });
    if (known == kKnown.end()) {
        throw CommandError("there is no command \"" + plain(word) + "\"; help shows what there is");
    }
    Command command;
    command.verb = known->verb;
    try {
        known->read(command, line);
    } catch (const CommandError& error) {
        throw CommandError(std::string(known->word) + ": " + error.what() +
                           "; its form is: " + std::string(known->form));
    }
    return command;
}

std::string command_help(std::string_view name) {
    std::string text;
    for (const Known& known : kKnown) {
        if (name.empty()) {
            text += "  " + std::string(known.form) + '\n';
        } else if (known.word == name) {
            text = std::string(known.form) + '\n' + std::string(known.help) + '\n';
        }
    }
    return text;
}

bool matches(std::string_view pattern, std::string_view name) {
    // Where to go on if what followed the last * did not fit.
    std::size_t star = std::string_view::npos, retry = 0, p = 0, n = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            retry = n;
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++retry;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace wshub::console
