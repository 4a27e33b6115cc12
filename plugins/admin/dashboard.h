// The files of the dashboard, and how a browser is answered that asks for one. Knows no server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace admin {

// A file of the page, for as long as the plugin is loaded.
struct PageFile {
    std::string_view name;  // below /admin/: "views/rooms.js"
    std::string_view content_type;
    std::string_view etag;                    // with its quotes
    std::string_view identity, gzip, brotli;  // empty: not offered
};

// Made at build time by embed_dashboard.mjs; by the name.
const std::vector<PageFile>& dashboard_files();

struct PageAnswer {
    int status = 200;
    std::string content_type;
    std::string headers;  // "Name: value\r\n" for each
    std::string body;
};

// What a GET of that name is answered, 404 and 304 included; the empty name is index.html. `headers` are the request's.
PageAnswer answer_page(const std::vector<PageFile>& files, std::string_view name, std::string_view headers);

// With what every answer below /admin/ goes: no foreign or inline scripts, no frames around it, no guessing of types.
// And nothing is kept, but for files, which are asked for anew each time.
std::string page_headers(std::string_view cache_control = "no-store");

}  // namespace admin
