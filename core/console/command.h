// One line of what people type or scripts say.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wshub::console {

enum class Verb { kEmit, kAck, kJoin, kLeave, kWatch, kWait, kExpect, kSleep, kConnect, kDisconnect, kHelp, kQuit };

struct Command {
    Verb verb = Verb::kHelp;
    std::string name;                               // event, room, pattern, or command to explain; may be empty
    std::string args = "[]";                        // JSON array of what is sent
    std::optional<std::string> wanted;              // JSON array of what must be in the answer or event
    std::optional<std::chrono::milliseconds> time;  // what was said of it
};

// Nothing that can be done: what() is one sentence.
class CommandError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Nothing for an empty line and for a comment (#). Names are words, or JSON strings if they have blanks. Throws
// CommandError.
std::optional<Command> parse_command(std::string_view line);

// What `help` shows; with the name of a command, what that one does. Empty if there is no such command.
std::string command_help(std::string_view name);

// Whether the name is one that the pattern means; * is any text, also none.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace wshub::console
