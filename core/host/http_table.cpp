#include "host/http_table.h"

#include <algorithm>
#include <utility>

namespace wshub::host {

bool HttpTable::is_route(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || space == 0) return false;
    const std::string_view method = text.substr(0, space), path = text.substr(space + 1);
    const bool upper = std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return upper && path.substr(0, 1) == "/" && path.size() > 1 &&
           path.find_first_of(" ?#") == std::string_view::npos && path.find('*') >= path.size() - 1;
}

void HttpTable::add(std::string_view route, std::size_t plugin, wshub_slot slot) {
    const std::size_t space = route.find(' ');
    HttpRoute added;
    added.method = route.substr(0, space);
    added.path = route.substr(space + 1);
    added.is_prefix = added.path.back() == '*';
    if (added.is_prefix) added.path.pop_back();
    added.plugin = plugin;
    added.slot = slot;
    // Exact paths before prefixes, long prefixes before short ones: the first match is the right one.
    const auto later = [&added](const HttpRoute& other) {
        if (other.is_prefix != added.is_prefix) return other.is_prefix;
        return other.path.size() < added.path.size();
    };
    routes_.insert(std::find_if(routes_.begin(), routes_.end(), later), std::move(added));
}

const HttpRoute* HttpTable::find(std::string_view method, std::string_view path, std::string& allowed) const {
    for (const HttpRoute& route : routes_) {
        const bool same = route.is_prefix ? path.substr(0, route.path.size()) == route.path : path == route.path;
        if (!same) continue;
        if (route.method == method || (method == "HEAD" && route.method == "GET")) return &route;
        if (allowed.find(route.method) == std::string::npos) allowed += (allowed.empty() ? "" : ", ") + route.method;
    }
    return nullptr;
}

bool HttpTable::owns(std::string_view path) const {
    return std::any_of(routes_.begin(), routes_.end(),
                       [path](const HttpRoute& route) { return path.substr(0, route.path.size()) == route.path; });
}

std::vector<std::string> HttpTable::prefixes() const {
    std::vector<std::string> prefixes;
    for (const HttpRoute& route : routes_) prefixes.push_back(route.path);
    std::sort(prefixes.begin(), prefixes.end());
    prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
    return prefixes;
}

}  // namespace wshub::host
