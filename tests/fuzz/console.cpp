// What the console makes of a server's bytes and of a line: JSON is walked whole and contains itself, what is shown is
// harmless and still JSON, and a line is a command or refused.
#include <algorithm>
#include <string>
#include <vector>

#include "console/command.h"
#include "console/json.h"
#include "console/payload.h"
#include "fuzz.h"
#include "protocol/json_scan.h"

using namespace wshub;
using namespace wshub::console;

namespace {

void check_parts(std::string_view value) {
    for (const std::string_view item : json_items(value)) {
        fuzz::check(protocol::scan_document(item, protocol::kMaxJsonDepth).has_value());
    }
    for (const auto& [name, member] : json_members(value)) {
        fuzz::check(protocol::scan_document(member, protocol::kMaxJsonDepth).has_value());
        fuzz::check(json_member(value, name).has_value());
    }
}

// Of objects with two members of one name only the last counts, so such a one need not contain itself.
bool has_twins(std::string_view value) {
    auto members = json_members(value);
    std::sort(members.begin(), members.end());
    const auto same_name = [](const auto& one, const auto& other) { return one.first == other.first; };
    if (std::adjacent_find(members.begin(), members.end(), same_name) != members.end()) return true;
    const auto items = json_items(value);
    return std::any_of(members.begin(), members.end(), [](const auto& member) { return has_twins(member.second); }) ||
           std::any_of(items.begin(), items.end(), has_twins);
}

void check_shown(std::string_view value) {
    const std::vector<std::string> attachments{"abc", ""};
    const std::string text = shown(value, attachments);
    fuzz::check(protocol::scan_document(text).has_value());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        fuzz::check(c >= 0x20 && c != 0x7f);
        if (c == 0xc2 && i + 1 < text.size()) fuzz::check(static_cast<unsigned char>(text[i + 1]) >= 0xa0);
    }
}

void check_line(std::string_view line) {
    try {
        const auto command = parse_command(line);
        if (!command) return;
        fuzz::check(protocol::scan_document(command->args).has_value());
        if (command->wanted) fuzz::check(protocol::scan_document(*command->wanted).has_value());
    } catch (const CommandError&) {
        // What is refused is told to whoever typed it.
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    check_line(text);
    matches(text, text);
    const auto value = protocol::scan_document(text);
    if (!value) return 0;
    check_parts(*value);
    check_shown(*value);
    if (!has_twins(*value)) fuzz::check(json_contains(*value, *value));
    // Files of this machine are none of its business.
    if (value->find("$") == std::string_view::npos && value->find("\\u") == std::string_view::npos) {
        fuzz::check(with_binary(*value, 16).args == *value);
    }
    return 0;
}
