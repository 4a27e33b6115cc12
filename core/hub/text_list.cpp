#include "hub/text_list.h"

#include <algorithm>

#include "protocol/json_scan.h"

namespace wshub::hub {
namespace {

void skip_space(std::string_view& json) {
    json.remove_prefix(std::min(json.find_first_not_of(" \t\r\n"), json.size()));
}

}  // namespace

std::optional<std::vector<std::string>> read_text_list(std::string_view json) {
    if (json.empty() || json.front() != '[') return std::nullopt;
    std::vector<std::string> texts;
    json.remove_prefix(1);
    skip_space(json);
    while (json.front() != ']') {
        const auto length = protocol::scan_value(json);
        if (json.front() != '"' || !length) return std::nullopt;
        texts.push_back(protocol::unescape_string(json.substr(0, *length)));
        json.remove_prefix(*length);
        skip_space(json);
        if (json.front() != ',') continue;
        json.remove_prefix(1);
        skip_space(json);
    }
    return texts;
}

std::string write_text_list(const std::vector<std::string>& texts) {
    std::string json = "[";
    for (const std::string& text : texts) {
        if (json.size() > 1) json += ',';
        protocol::append_quoted(json, text);
    }
    return json + ']';
}

}  // namespace wshub::hub
