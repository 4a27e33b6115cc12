// Responses as bytes (RFC 9112, section 4).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/http_exchange.h"

namespace wshub::net {

// "Not Found" for 404; the class's general phrase for a status that has no name.
std::string_view reason_phrase(int status);

// How the connection goes on after a response.
struct ResponseFraming {
    bool keep_alive = true;
    bool http_1_0 = false;  // such a client must be told that the connection stays open
    bool to_head = false;   // answers HEAD
};

// Status line and headers with Content-Length, Date and Connection, up to and with the blank line. Those three are ours
// alone: the response's own are left out, but for a "Content-Length: 0" with 204, which some browsers wait for.
// `date` as from HttpDate.
std::string response_head(const HttpResponse& response, const ResponseFraming& framing, std::string_view date);

// The response's own Connection header ends the connection.
bool asks_to_close(const HttpResponse& response);

// "HTTP/1.1 101 Switching Protocols" with exactly these headers.
std::string switching_head(const std::vector<std::pair<std::string, std::string>>& headers);

// No body goes with this status (RFC 9110, section 6.4.1).
bool is_bodiless(int status);

// A response that net gives by itself: the reason phrase as plain text.
HttpResponse plain_response(int status);

// The text without CR, LF and NUL, which would let a value write headers of its own.
std::string one_line(std::string_view text);

// The Date header's value, formatted once a second. One thread.
class HttpDate {
public:
    // Valid until the next call.
    std::string_view at(base::WallTime time);

private:
    long long second_ = -1;
    std::string text_;
};

}  // namespace wshub::net
