// Which plugin answers which paths. Built with the routing table, unchanged from then on.
#pragma once

#include <wshub/abi.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wshub::host {

struct HttpRoute {
    std::string method, path;
    bool is_prefix = false;
    std::size_t plugin = 0;  // number in the table's list
    wshub_slot slot = 0;
};

class HttpTable {
public:
    // "GET /metrics", or with a star at the end.
    static bool is_route(std::string_view text);

    // Of two that are the same, the first counts.
    void add(std::string_view route, std::size_t plugin, wshub_slot slot);

    // Null: there is none; `allowed` then names the methods that the path has, if it is known.
    const HttpRoute* find(std::string_view method, std::string_view path, std::string& allowed) const;
    // Whether plugins answer for what begins as this path does, be it with 404.
    bool owns(std::string_view path) const;
    // What paths of plugins begin with.
    std::vector<std::string> prefixes() const;

private:
    std::vector<HttpRoute> routes_;  // in the order in which they are looked at
};

}  // namespace wshub::host
