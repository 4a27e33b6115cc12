// HTTP/1.1 requests as bytes (RFC 9112), framed strictly: what two parsers could read differently is refused. Two
// lengths, a length and a coding, an unknown coding, obs-fold, bare CR or LF, white space before the colon, NUL: each
// ends in 400.
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
    std::string_view path() const { return path_; }      // target up to '?', not decoded
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
    std::string_view text() const { return *text_; }

private:
    friend class HttpReader;
    std::unique_ptr<std::string> text_;
    std::string_view method_, target_, path_, query_;
    int minor_version_ = 1;
    std::vector<HttpHeader> headers_;
};

struct HttpLimits {
    std::size_t max_head = 16 * 1024;
    std::size_t max_body = 1'000'000;
    std::size_t max_headers = 100;
};

// The status to answer with before the connection is closed: 400, 411 (a body without length), 413, 414, 417, 431, 501
// (coding), 505.
enum class HttpError : std::uint16_t {};

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
    base::Result<Step, HttpError> next(std::span<const char>& in);

    const HttpHead& head() const;
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

// Value of a query parameter, percent-decoded ('+' stays '+', as Engine.IO clients encode); the first one of that name.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace wshub::protocol
