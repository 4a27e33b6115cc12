#include "net/http_response.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include "base/ascii.h"

namespace wshub::net {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 41> kReasons{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

bool breaks_line(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

void append_clean(std::string& out, std::string_view text) {
    if (std::none_of(text.begin(), text.end(), breaks_line)) {
        out += text;
        return;
    }
    for (const char c : text)
        if (!breaks_line(c)) out += c;
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    const std::size_t start = out.size();
    append_clean(out, name);
    if (out.size() == start) return;
    out += ": ";
    append_clean(out, value);
    out += "\r\n";
}

void append_status_line(std::string& out, int status) {
    out += "HTTP/1.1 ";
    out += std::to_string(status);
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
}

}  // namespace

std::string_view reason_phrase(int status) {
    const auto* known = std::lower_bound(kReasons.begin(), kReasons.end(), status,
                                         [](const auto& entry, int wanted) { return entry.first < wanted; });
    if (known != kReasons.end() && known->first == status) return known->second;
    if (status < 200) return "Continue";
    if (status < 300) return "OK";
    if (status < 400) return "Redirect";
    return status < 500 ? "Bad Request" : "Server Error";
}

bool is_bodiless(int status) {
    return status < 200 || status == 204 || status == 304;
}

std::string response_head(const HttpResponse& response, const ResponseFraming& framing, std::string_view date) {
    const int status = response.status >= 100 && response.status <= 999 ? response.status : 500;
    std::string out;
    out.reserve(256);
    append_status_line(out, status);
    for (const auto& [name, value] : response.headers) {
        if (base::equals_ignoring_case(name, "Connection")) continue;
        if (base::equals_ignoring_case(name, "Content-Length") && !(status == 204 && value == "0")) continue;
        if (base::equals_ignoring_case(name, "Transfer-Encoding") || base::equals_ignoring_case(name, "Date")) continue;
        append_header(out, name, value);
    }
    out += "Date: ";
    out += date;
    if (!is_bodiless(status)) {
        out += "\r\nContent-Length: ";
        out += std::to_string(response.body.size());
    }
    if (!framing.keep_alive)
        out += "\r\nConnection: close";
    else if (framing.http_1_0)
        out += "\r\nConnection: keep-alive";
    out += "\r\n\r\n";
    return out;
}

bool asks_to_close(const HttpResponse& response) {
    return std::any_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
        return base::equals_ignoring_case(header.first, "Connection") &&
               base::equals_ignoring_case(header.second, "close");
    });
}

std::string switching_head(const std::vector<std::pair<std::string, std::string>>& headers) {
    std::string out;
    append_status_line(out, 101);
    for (const auto& [name, value] : headers) append_header(out, name, value);
    out += "\r\n";
    return out;
}

HttpResponse plain_response(int status) {
    HttpResponse response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = reason_phrase(status);
    response.body += '\n';
    return response;
}

std::string one_line(std::string_view text) {
    std::string out;
    append_clean(out, text);
    return out;
}

std::string_view HttpDate::at(base::WallTime time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    if (second == second_) return text_;
    second_ = second;
    const auto stamp = static_cast<std::time_t>(second);
    std::tm parts{};
    ::gmtime_r(&stamp, &parts);
    // Not strftime: its names of days and months follow the locale.
    static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    text_ = std::string(kDays[static_cast<std::size_t>(parts.tm_wday)]) + ", " + two(parts.tm_mday) + ' ' +
            kMonths[static_cast<std::size_t>(parts.tm_mon)] + ' ' + std::to_string(1900 + parts.tm_year) + ' ' +
            two(parts.tm_hour) + ':' + two(parts.tm_min) + ':' + two(parts.tm_sec) + " GMT";
    return text_;
}

}  // namespace wshub::net
