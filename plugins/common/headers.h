// The headers of a client's request, as the hub gives them: "Name: value\r\n" for each.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace families {

// Calls visit(name, value) for each, the value without the blanks around it; false ends it.
template <class Visit>
void each_header(std::string_view lines, Visit&& visit) {
    constexpr std::string_view kBlanks = " \t";
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(std::min(lines.size(), line.size() + 2));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        std::string_view value = line.substr(colon + 1);
        const std::size_t first = value.find_first_not_of(kBlanks);
        value = first == std::string_view::npos ? std::string_view()
                                                : value.substr(first, value.find_last_not_of(kBlanks) - first + 1);
        if (!visit(line.substr(0, colon), value)) return;
    }
}

// Of A to Z: names of headers and hosts do not care for case.
inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return lower;
}

}  // namespace families
