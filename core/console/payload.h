// Binary in what people type and read: {"$file": "path"} and {"$base64": "..."} on the way out, {"$binary": SIZE} on
// the way in.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace wshub::console {

// What was typed cannot be sent: what() is one sentence.
class PayloadError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Arguments of an event as the codec takes them: a JSON array whose placeholders name the attachments.
struct Payload {
    std::string args = "[]";
    std::vector<std::string> attachments;
};

// `args`: a JSON array that has been scanned. An object whose only member is "$file" or "$base64", a string, stands for
// bytes. Throws PayloadError if a file cannot be read or is larger than `most`, or the text is not base64.
Payload with_binary(std::string_view args, std::size_t most);

// A received array as it can be shown: placeholders became {"$binary": SIZE}, and what a terminal could take for a
// command (DEL and the C1 controls) is escaped. Still JSON.
std::string shown(std::string_view args, std::span<const std::string> attachments);

// Text of the other side for a terminal, as base::log::printable escapes it.
std::string plain(std::string_view text);

}  // namespace wshub::console
