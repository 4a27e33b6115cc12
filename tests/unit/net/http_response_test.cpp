#include "net/http_response.h"

#include <catch2/catch.hpp>
#include <string>

using namespace wshub;
using net::HttpResponse;
using net::response_head;

namespace {
constexpr const char* kDate = "Tue, 14 Nov 2023 22:13:20 GMT";
}

TEST_CASE("a response's head has its headers, then Date and Content-Length", "[http_response]") {
    const HttpResponse response{200, {{"Content-Type", "text/plain"}, {"X-A", "b"}}, "hello"};
    CHECK(response_head(response, {}, kDate) ==
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: b\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
          "Content-Length: 5\r\n\r\n");
}

TEST_CASE("the Connection header says how the connection goes on", "[http_response]") {
    const HttpResponse response{200, {{"connection", "Upgrade"}}, ""};
    const auto [keep_alive, http_1_0, expected] = GENERATE(table<bool, bool, std::string>({
        {true, false, ""},
        {true, true, "Connection: keep-alive\r\n"},
        {false, false, "Connection: close\r\n"},
        {false, true, "Connection: close\r\n"},
    }));
    CHECK(response_head(response, {.keep_alive = keep_alive, .http_1_0 = http_1_0}, kDate) ==
          "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 0\r\n" + expected + "\r\n");
}

TEST_CASE("a response cannot bring framing of its own", "[http_response]") {
    const HttpResponse response{
        200, {{"content-length", "999"}, {"TRANSFER-ENCODING", "chunked"}, {"date", "yesterday"}}, "body"};
    CHECK(response_head(response, {}, kDate) ==
          "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 4\r\n\r\n");
}

TEST_CASE("header names and values lose what would end their line", "[http_response]") {
    const HttpResponse response{200,
                                {{"X-A", "b\r\nSet-Cookie: evil=1"},
                                 {"X\r\n-B", "c"},
                                 {"\r\n", "no name is left"},
                                 {"X-N", std::string("n\0m", 3)}},
                                ""};
    CHECK(response_head(response, {}, kDate) ==
          "HTTP/1.1 200 OK\r\nX-A: bSet-Cookie: evil=1\r\nX-B: c\r\nX-N: nm\r\n"
          "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("statuses without a body have no length, but for the zero that comes with 204", "[http_response]") {
    const int status = GENERATE(204, 304);
    CHECK(response_head({status, {}, "ignored"}, {}, kDate).find("Content-Length") == std::string::npos);
    const bool allowed = status == 204;
    const std::string head = response_head({status, {{"Content-Length", "0"}}, ""}, {}, kDate);
    CHECK((head.find("Content-Length: 0\r\n") != std::string::npos) == allowed);
}

TEST_CASE("a status has its phrase, a strange one a general phrase", "[http_response]") {
    const auto [status, phrase] = GENERATE(table<int, std::string>({{200, "OK"},
                                                                    {204, "No Content"},
                                                                    {299, "OK"},
                                                                    {304, "Not Modified"},
                                                                    {404, "Not Found"},
                                                                    {413, "Content Too Large"},
                                                                    {431, "Request Header Fields Too Large"},
                                                                    {499, "Bad Request"},
                                                                    {505, "HTTP Version Not Supported"},
                                                                    {599, "Server Error"}}));
    CHECK(net::reason_phrase(status) == phrase);
}

TEST_CASE("a status that is no three digits goes out as 500", "[http_response]") {
    const int status = GENERATE(-1, 0, 99, 1000);
    CHECK(response_head({status, {}, ""}, {}, kDate).starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST_CASE("switching protocols sends the caller's headers and no others", "[http_response]") {
    CHECK(net::switching_head({{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}) ==
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_CASE("the date is of the second, in the form of HTTP", "[http_response]") {
    base::ManualClock clock;
    net::HttpDate date;
    CHECK(date.at(clock.wall()) == "Tue, 14 Nov 2023 22:13:20 GMT");
    clock.advance(base::milliseconds(999));
    CHECK(date.at(clock.wall()) == "Tue, 14 Nov 2023 22:13:20 GMT");
    clock.advance(base::milliseconds(1));
    CHECK(date.at(clock.wall()) == "Tue, 14 Nov 2023 22:13:21 GMT");
    clock.advance(std::chrono::hours(24 * 50));
    CHECK(date.at(clock.wall()) == "Wed, 03 Jan 2024 22:13:21 GMT");
}
