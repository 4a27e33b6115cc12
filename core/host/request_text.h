// Parts of the request that opened a connection, as plugins get them.
#pragma once

#include <string_view>

namespace wshub::host {

// Header lines of a request's head as sent: without the request line and the blank line.
inline std::string_view header_lines(std::string_view head) {
    const std::size_t first = head.find("\r\n");
    if (first == std::string_view::npos) return {};
    head.remove_prefix(first + 2);
    if (head.size() >= 2 && head.substr(head.size() - 2) == "\r\n") head.remove_suffix(2);
    return head;
}

inline std::string_view query_of(std::string_view target) {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

// Of the target: the part before the query.
inline std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

}  // namespace wshub::host
