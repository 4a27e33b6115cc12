#include "console/payload.h"

#include <fstream>
#include <optional>

#include "base/log.h"
#include "base/visible.h"
#include "console/json.h"
#include "protocol/base64.h"
#include "protocol/json_scan.h"
#include "protocol/placeholders.h"

namespace wshub::console {
namespace {

std::string read_file(const std::string& name, std::size_t most) {
    std::ifstream in(name, std::ios::binary);
    if (!in) throw PayloadError("cannot read the file " + plain(name));
    std::string bytes(most + 1, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    // A folder can be opened, but not read.
    if (in.bad()) throw PayloadError("cannot read the file " + plain(name));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > most) {
        throw PayloadError("the file " + plain(name) + " is larger than the " + std::to_string(most) +
                           " bytes that the server takes in one message");
    }
    return bytes;
}

// The bytes that the object stands for; nothing if it is an object like any other.
std::optional<std::string> bytes_of(std::string_view object, std::size_t most) {
    const auto members = json_members(object);
    if (members.size() != 1 || members.front().second.front() != '"') return std::nullopt;
    const std::string& name = members.front().first;
    if (name != "$file" && name != "$base64") return std::nullopt;
    const std::string value = protocol::unescape_string(members.front().second);
    if (name == "$file") return read_file(value, most);
    auto bytes = protocol::decode_base64(value);
    if (!bytes) throw PayloadError("the text of $base64 is not base64");
    return std::move(*bytes);
}

std::string placeholder(std::size_t number) {
    return R"({"_placeholder":true,"num":)" + std::to_string(number) + '}';
}

// Behind the string whose opening quote stands at `at`.
std::size_t behind_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

}  // namespace

Payload with_binary(std::string_view args, std::size_t most) {
    Payload payload;
    payload.args.clear();
    std::size_t copied = 0;
    for (std::size_t at = 0; at < args.size();) {
        if (args[at] == '"') {
            at = behind_string(args, at);
            continue;
        }
        if (args[at] != '{') {
            ++at;
            continue;
        }
        // Only an object that begins as one of the two is worth a closer look.
        const std::size_t name = args.find_first_not_of(" \t\n\r", at + 1);
        if (name == std::string_view::npos || !args.substr(name).starts_with("\"$")) {
            ++at;
            continue;
        }
        const auto size = protocol::scan_value(args.substr(at), protocol::kMaxJsonDepth);
        auto bytes = size ? bytes_of(args.substr(at, *size), most) : std::nullopt;
        if (!bytes) {
            ++at;
            continue;
        }
        payload.args += args.substr(copied, at - copied);
        payload.args += placeholder(payload.attachments.size());
        payload.attachments.push_back(std::move(*bytes));
        at += *size;
        copied = at;
    }
    payload.args += args.substr(copied);
    return payload;
}

std::string shown(std::string_view args, std::span<const std::string> attachments) {
    std::string text;
    std::size_t from = 0;
    if (!attachments.empty()) {
        for (const protocol::Placeholder& place : protocol::find_placeholders(args)) {
            if (place.num >= attachments.size()) continue;
            text += args.substr(from, place.begin - from);
            text += "{\"$binary\":" + std::to_string(attachments[place.num].size()) + '}';
            from = place.end;
        }
    }
    text += args.substr(from);
    return base::visible_json(text);
}

std::string plain(std::string_view text) {
    return base::log::printable(text);
}

}  // namespace wshub::console
