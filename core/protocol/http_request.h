// HTTP/1.1 requests as bytes (RFC 9112), framed strictly: what two parsers could read differently is refused. Two
// lengths, a length and a coding, a last coding other than chunked, a coding in HTTP/1.0, obs-fold, bare CR or LF,
// white space before the colon, control characters: each ends in 400. So do a target that is neither a path, an http(s)
// URL nor OPTIONS' asterisk, or holds '#' or bytes that are not ASCII; a Host header that is no host, two of them, and
// none in HTTP/1.1. One empty line before a request is passed over (section 2.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wshub::protocol {

struct HttpHeader {
    std::string_view name;   // as sent
    std::string_view value;  // without white space around it; bytes as sent
};

// A request's head. Owns its bytes; moving it keeps all views valid.
class HttpHead {
public:
    std::string_view method() const { return method_; }
    std::string_view target() const { return target_; }  // as sent
    std::string_view path() const { return path_; }      // up to '?', not decoded, without an URL's scheme and host
    std::string_view query() const { return query_; }    // behind '?', not decoded
    int minor_version() const { return minor_version_; }
    std::span<const HttpHeader> headers() const { return headers_; }
    // The first header of that name (case does not matter), or nothing.
    std::optional<std::string_view> header(std::string_view name) const;
    // The comma-separated list of the header (all of that name) has this token; case does not matter.
    bool has_token(std::string_view header, std::string_view token) const;
    // What the client asked for the connection after this request (RFC 9112, section 9.3).
    bool keep_alive() const;
    // As sent, blank line included.
    std::string_view text() const { return text_ ? std::string_view(*text_) : std::string_view(); }

private:
    friend class HttpHeadParser;
    std::unique_ptr<std::string> text_;
    std::string_view method_, target_, path_, query_;
    int minor_version_ = 1;
    std::vector<HttpHeader> headers_;
};

struct HttpLimits {
    // From the first byte to the blank line. Also what a chunked body's extensions and trailers may take together.
    std::size_t max_head = 16 * 1024;
    std::size_t max_body = 1'000'000;
    std::size_t max_headers = 100;
};

// The status to answer with before the connection is closed.
enum class HttpError : std::uint16_t {
    kBadRequest = 400,
    kLengthRequired = 411,      // POST, PUT or PATCH without length or coding
    kBodyTooLarge = 413,        // above max_body
    kTargetTooLong = 414,       // max_head is used up before the first line ends
    kExpectationFailed = 417,   // Expect with something else than 100-continue
    kHeadTooLarge = 431,        // above max_head or max_headers
    kCodingUnknown = 501,       // another transfer coding before chunked
    kVersionUnsupported = 505,  // neither HTTP/1.1 nor HTTP/1.0
};

// Cuts a byte stream into requests. Length-delimited and chunked bodies; the body comes decoded.
class HttpReader {
public:
    explicit HttpReader(const HttpLimits& limits);
    ~HttpReader();
    HttpReader(HttpReader&&) noexcept;
    HttpReader& operator=(HttpReader&&) noexcept;

    enum class Step : std::uint8_t {
        kNeedMore,  // `in` is used up
        kHead,      // the head is whole: look at head(), then go on calling
        kContinue,  // like kHead, and the client waits for "100 Continue" before it sends the body
        kRequest,   // the request is whole: take it
    };
    // Takes from the front of `in`. A body over the limit fails (413) as soon as its size is known, before it is read.
    // After a failure it fails for ever.
    base::Result<Step, HttpError> next(std::span<const char>& in);

    // The head of the request that is being read is whole; also after a failure that lies behind its syntax (411, 413,
    // 417, 501, ...), so that the answer can fit the request.
    bool has_head() const;
    const HttpHead& head() const;  // only if has_head()
    // After kRequest, once: the request; then the reader is ready for the next one.
    struct Request {
        HttpHead head;
        std::string body;
    };
    Request take();
    // Something of a request has come, but not all of it.
    bool in_request() const;
    bool in_body() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Value of a query parameter, percent-decoded ('+' stays '+', as Engine.IO clients encode; "%" without two hex digits
// stays too); the first one of that name. May hold any bytes.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace wshub::protocol
