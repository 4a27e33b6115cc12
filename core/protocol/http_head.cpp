#include "protocol/http_head.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace wshub::protocol {
namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kAlphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

enum CharClass : std::uint8_t { kToken = 1, kTarget = 2, kField = 4, kHost = 8, kAddress = 16 };

constexpr std::array<std::uint8_t, 256> kClasses = [] {
    std::array<std::uint8_t, 256> classes{};
    const auto add = [&classes](std::string_view chars, unsigned which) {
        for (const char c : chars) {
            auto& entry = classes[static_cast<unsigned char>(c)];
            entry = static_cast<std::uint8_t>(entry | which);
        }
    };
    add(kAlphanumerics, kToken | kHost);
    add("!#$%&'*+-.^_`|~", kToken);
    add("-._~%!$&'()*+,;=", kHost);  // RFC 3986: unreserved, pct-encoded, sub-delims
    add("0123456789abcdefABCDEF:.", kAddress);
    // Browsers leave some characters unescaped that RFC 3986 would have escaped; none of them ends a target. A '#' does
    // for some readers.
    for (unsigned c = 0x21; c <= 0x7e; ++c) {
        if (c != '#') classes[c] = static_cast<std::uint8_t>(classes[c] | kTarget);
    }
    for (unsigned c = 0x20; c <= 0xff; ++c) {
        if (c != 0x7f) classes[c] = static_cast<std::uint8_t>(classes[c] | kField);
    }
    add("\t", kField);
    return classes;
}();

bool is(char c, CharClass which) {
    return (kClasses[static_cast<unsigned char>(c)] & which) != 0;
}

bool all(std::string_view text, CharClass which) {
    return std::all_of(text.begin(), text.end(), [which](char c) { return is(c, which); });
}

bool is_token(std::string_view text) {
    return !text.empty() && all(text, kToken);
}

bool is_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// uri-host [ ":" port ] (RFC 9110, section 7.2); not empty, as every http URI has a host.
bool is_host(std::string_view text) {
    std::size_t host_end;
    if (!text.empty() && text.front() == '[') {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos || bracket == 1) return false;
        if (!all(text.substr(1, bracket - 1), kAddress)) return false;
        host_end = bracket + 1;
    } else {
        host_end = std::min(text.find(':'), text.size());
        if (host_end == 0 || !all(text.substr(0, host_end), kHost)) return false;
    }
    const std::string_view port = text.substr(host_end);
    return port.empty() || (port.front() == ':' && is_digits(port.substr(1)));
}

base::Failure<HttpError> refuse(HttpError error) {
    return base::Failure<HttpError>(error);
}

// Looks at each header of that name: how many, and the last one.
struct Named {
    std::size_t count = 0;
    std::string_view value;
};
Named find_all(const HttpHead& head, std::string_view name) {
    Named found;
    for (const HttpHeader& header : head.headers()) {
        if (!base::equals_ignoring_case(header.name, name)) continue;
        ++found.count;
        found.value = header.value;
    }
    return found;
}

std::optional<HttpError> check_host(const HttpHead& head) {
    const Named host = find_all(head, "host");
    if (host.count == 0 && head.minor_version() == 0) return {};
    if (host.count != 1 || !is_host(host.value)) return HttpError::kBadRequest;
    return {};
}

// Only "chunked" alone is understood. Codings before it we do not have (501); without it at the end, or with it twice,
// nobody knows where the body ends (400).
std::optional<HttpError> check_codings(const HttpHead& head) {
    bool other_before = false, chunked = false;
    for (const HttpHeader& header : head.headers()) {
        if (!base::equals_ignoring_case(header.name, "transfer-encoding")) continue;
        for (std::string_view rest = header.value;;) {
            const std::size_t comma = rest.find(',');
            const std::string_view coding = base::trim_blanks(rest.substr(0, comma));
            if (coding.empty() || chunked) return HttpError::kBadRequest;
            chunked = base::equals_ignoring_case(coding, "chunked");
            if (!chunked) other_before = true;
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    if (!chunked) return HttpError::kBadRequest;
    if (other_before) return HttpError::kCodingUnknown;
    return {};
}

// Digits and nothing else. A number above `most` is too large, however long it is.
base::Result<std::size_t, HttpError> parse_length(std::string_view text, std::size_t most) {
    if (text.empty() || !is_digits(text)) return refuse(HttpError::kBadRequest);
    std::size_t length = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::size_t>(c - '0');
        if (digit > most || length > (most - digit) / 10) return refuse(HttpError::kBodyTooLarge);
        length = length * 10 + digit;
    }
    return length;
}

bool needs_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

// In HTTP/1.0 the header means nothing (RFC 9110, section 10.1.1).
base::Result<bool, HttpError> wants_continue(const HttpHead& head) {
    bool wanted = false;
    if (head.minor_version() == 0) return false;
    for (const HttpHeader& header : head.headers()) {
        if (!base::equals_ignoring_case(header.name, "expect")) continue;
        if (!base::equals_ignoring_case(header.value, "100-continue")) return refuse(HttpError::kExpectationFailed);
        wanted = true;
    }
    return wanted;
}

}  // namespace

base::Result<HttpHead, HttpError> HttpHeadParser::parse(std::string text) {
    head_.text_ = std::make_unique<std::string>(std::move(text));
    std::string_view rest = *head_.text_;
    for (bool first = true;; first = false) {
        const std::size_t end = rest.find(kCrlf);
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + kCrlf.size());
        if (first) {
            if (!request_line(line)) return refuse(error_);
            continue;
        }
        if (line.empty()) return std::move(head_);
        if (head_.headers_.size() == limits_.max_headers) return refuse(HttpError::kHeadTooLarge);
        const auto header = parse_header_line(line);
        if (!header) return refuse(HttpError::kBadRequest);
        head_.headers_.push_back(*header);
    }
}

// method SP request-target SP HTTP-version, one blank each.
bool HttpHeadParser::request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    if (first == std::string_view::npos) return false;
    const std::size_t second = line.find(' ', first + 1);
    if (second == std::string_view::npos) return false;
    head_.method_ = line.substr(0, first);
    if (!is_token(head_.method_)) return false;

    const std::string_view version = line.substr(second + 1);
    const bool well_formed = version.size() == 8 && version.substr(0, 5) == "HTTP/" &&
                             is_digits(version.substr(5, 1)) && version[6] == '.' && is_digits(version.substr(7));
    if (!well_formed) return false;
    if (version[5] != '1' || version[7] > '1') {
        error_ = HttpError::kVersionUnsupported;
        return false;
    }
    head_.minor_version_ = version[7] - '0';
    return target(line.substr(first + 1, second - first - 1));
}

bool HttpHeadParser::target(std::string_view target) {
    if (target.empty() || !all(target, kTarget)) return false;
    head_.target_ = target;
    if (target.front() == '/') {
        split_query(target);
        return true;
    }
    if (target == "*") {
        head_.path_ = target;
        return head_.method_ == "OPTIONS";
    }
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (base::equals_ignoring_case(target.substr(0, scheme.size()), scheme))
            return absolute_target(target.substr(scheme.size()));
    }
    return false;
}

bool HttpHeadParser::absolute_target(std::string_view behind_scheme) {
    const std::size_t end = std::min(behind_scheme.find_first_of("/?"), behind_scheme.size());
    if (!is_host(behind_scheme.substr(0, end))) return false;
    split_query(behind_scheme.substr(end));
    if (head_.path_.empty()) head_.path_ = "/";
    return true;
}

void HttpHeadParser::split_query(std::string_view path_and_query) {
    const std::size_t mark = path_and_query.find('?');
    head_.path_ = path_and_query.substr(0, mark);
    if (mark != std::string_view::npos) head_.query_ = path_and_query.substr(mark + 1);
}

base::Result<HttpFraming, HttpError> http_framing(const HttpHead& head, const HttpLimits& limits) {
    if (const auto error = check_host(head)) return refuse(*error);
    HttpFraming framing;
    const Named length = find_all(head, "content-length");
    if (find_all(head, "transfer-encoding").count > 0) {
        if (length.count > 0 || head.minor_version() == 0) return refuse(HttpError::kBadRequest);
        if (const auto error = check_codings(head)) return refuse(*error);
        framing.chunked = true;
    } else if (length.count > 0) {
        if (length.count > 1) return refuse(HttpError::kBadRequest);
        const auto parsed = parse_length(length.value, limits.max_body);
        if (!parsed) return refuse(parsed.error());
        framing.length = *parsed;
    } else if (needs_body(head.method())) {
        return refuse(HttpError::kLengthRequired);
    }
    const auto wanted = wants_continue(head);
    if (!wanted) return refuse(wanted.error());
    framing.wants_continue = *wanted && (framing.chunked || framing.length > 0);
    return framing;
}

std::optional<HttpHeader> parse_header_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const HttpHeader header{line.substr(0, colon), base::trim_blanks(line.substr(colon + 1))};
    if (!is_token(header.name) || !is_field_text(header.value)) return std::nullopt;
    return header;
}

bool is_field_text(std::string_view text) {
    return all(text, kField);
}

bool is_token_char(char c) {
    return is(c, kToken);
}

}  // namespace wshub::protocol
