#include "dashboard.h"

#include <algorithm>

#include "common/headers.h"

namespace admin {

namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Calls visit(item) for each item of the lists that the headers of that name hold.
template <class Visit>
void each_item(std::string_view headers, std::string_view name, Visit&& visit) {
    families::each_header(headers, [&](std::string_view each, std::string_view list) {
        if (families::lower_case(each) != name) return true;
        while (!list.empty()) {
            const std::size_t end = std::min(list.find(','), list.size());
            visit(trimmed(list.substr(0, end)));
            list.remove_prefix(std::min(end + 1, list.size()));
        }
        return true;
    });
}

// Named, and not with a weight of nothing. A browser names what it takes; stars are not worth looking at.
bool accepts(std::string_view headers, std::string_view coding) {
    bool found = false;
    each_item(headers, "accept-encoding", [&](std::string_view item) {
        const std::size_t end = std::min(item.find(';'), item.size());
        if (families::lower_case(trimmed(item.substr(0, end))) != coding) return;
        const std::string_view weight = item.substr(end);
        const std::size_t value = weight.find('=');
        found = value == std::string_view::npos || weight.find_first_of("123456789", value) != std::string_view::npos;
    });
    return found;
}

bool is_known(std::string_view headers, std::string_view etag) {
    bool found = false;
    each_item(headers, "if-none-match", [&](std::string_view item) {
        if (item.substr(0, 2) == "W/") item.remove_prefix(2);
        found = found || item == "*" || item == etag;
    });
    return found;
}

}  // namespace

std::string page_headers(std::string_view cache_control) {
    std::string headers =
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "Cache-Control: ";
    headers += cache_control;
    headers += "\r\n";
    return headers;
}

PageAnswer answer_page(const std::vector<PageFile>& files, std::string_view name, std::string_view headers) {
    if (name.empty()) name = "index.html";
    const auto file =
        std::find_if(files.begin(), files.end(), [name](const PageFile& each) { return each.name == name; });
    PageAnswer answer;
    if (file == files.end()) {
        answer.status = 404;
        answer.content_type = "text/plain; charset=utf-8";
        answer.headers = page_headers();
        answer.body = "Not found.\n";
        return answer;
    }
    answer.content_type = file->content_type;
    const bool is_page = file->content_type.substr(0, 9) == "text/html";
    answer.headers = page_headers(is_page ? "no-store" : "no-cache");
    answer.headers += "Vary: Accept-Encoding\r\n";
    if (!is_page) {
        answer.headers.append("ETag: ").append(file->etag).append("\r\n");
        if (is_known(headers, file->etag)) {
            answer.status = 304;
            return answer;
        }
    }
    if (!file->brotli.empty() && accepts(headers, "br")) {
        answer.headers += "Content-Encoding: br\r\n";
        answer.body = file->brotli;
    } else if (!file->gzip.empty() && accepts(headers, "gzip")) {
        answer.headers += "Content-Encoding: gzip\r\n";
        answer.body = file->gzip;
    } else {
        answer.body = file->identity;
    }
    return answer;
}

}  // namespace admin
