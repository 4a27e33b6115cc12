// The head of an HTTP request: its syntax, and what it says of the body. Private to this folder.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/http_request.h"

namespace wshub::protocol {

// Takes apart a head whose lines all end in CRLF, the last of them empty.
class HttpHeadParser {
public:
    explicit HttpHeadParser(const HttpLimits& limits) : limits_(limits) {}

    base::Result<HttpHead, HttpError> parse(std::string text);

private:
    bool request_line(std::string_view line);
    bool target(std::string_view target);
    bool absolute_target(std::string_view behind_scheme);
    void split_query(std::string_view path_and_query);

    const HttpLimits& limits_;
    HttpHead head_;
    HttpError error_ = HttpError::kBadRequest;
};

// How the body is delimited (RFC 9112, section 6.3).
struct HttpFraming {
    bool chunked = false;
    std::size_t length = 0;  // if not chunked
    bool wants_continue = false;
};
base::Result<HttpFraming, HttpError> http_framing(const HttpHead& head, const HttpLimits& limits);

// A header line without its CRLF; nothing if it is none (RFC 9112, section 5).
std::optional<HttpHeader> parse_header_line(std::string_view line);
// No control characters but the tab: what may stand in a header's value or a chunk's extension.
bool is_field_text(std::string_view text);
bool is_token_char(char c);

}  // namespace wshub::protocol
