#include "session/cors.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"

namespace wshub::session {
namespace {

constexpr std::size_t kMaxOrigin = 512;
constexpr std::size_t kMaxRequestedHeaders = 2048;

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), base::lower_ascii);
    return out;
}

// What a client wrote is given back to it only if it can do no harm in a header: visible ASCII, of reasonable length.
bool is_echoable_origin(std::string_view origin) {
    return !origin.empty() && origin.size() <= kMaxOrigin &&
           std::all_of(origin.begin(), origin.end(), [](char c) { return c > ' ' && c < '\x7f' && c != ','; });
}

// A list of header names.
bool is_echoable_list(std::string_view names) {
    return names.size() <= kMaxRequestedHeaders && std::all_of(names.begin(), names.end(), [](char c) {
               return base::is_token_char(c) || c == ',' || c == ' ' || c == '	';
           });
}

// Labels between the pattern's two ends: nothing in them may end the host's name.
bool are_host_labels(std::string_view text) {
    if (text.empty() || text.front() == '.' || text.back() == '.') return false;
    if (text.find("..") != std::string_view::npos) return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return base::is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

std::string join(const std::vector<std::string>& items) {
    std::string out;
    for (const std::string& item : items) {
        if (!out.empty()) out += ',';
        out += item;
    }
    return out;
}

std::string_view behind_scheme(std::string_view origin) {
    const std::size_t scheme = origin.find("://");
    return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

std::optional<std::string_view> origin_of(const protocol::HttpHead* head) {
    return head == nullptr ? std::nullopt : head->header("Origin");
}

}  // namespace

bool is_same_origin(const protocol::HttpHead& head, std::string_view origin) {
    // The scheme is left out: behind a proxy that ends TLS we may not know our own.
    const auto host = head.header("Host");
    const std::string_view authority = behind_scheme(origin);
    return host && !authority.empty() && base::equals_ignoring_case(authority, *host);
}

Cors::Cors(CorsSettings settings)
    : settings_(std::move(settings)),
      methods_(join(settings_.methods)),
      allowed_headers_(join(settings_.allowed_headers)),
      exposed_headers_(join(settings_.exposed_headers)) {
    for (const std::string& written : settings_.origins) {
        const std::string origin = lower_case(written);
        Pattern pattern;
        const std::size_t star = origin.find("*.");
        pattern.wildcard = star != std::string::npos;
        pattern.prefix = origin.substr(0, star);
        if (pattern.wildcard) pattern.suffix = origin.substr(star + 1);
        pattern.any_scheme = pattern.wildcard && pattern.prefix.empty();
        patterns_.push_back(std::move(pattern));
    }
}

bool Cors::Pattern::matches(std::string_view origin) const {
    if (!wildcard) return origin == prefix;
    if (any_scheme) origin = behind_scheme(origin);
    if (origin.size() <= prefix.size() + suffix.size()) return false;
    if (!origin.starts_with(prefix) || !origin.ends_with(suffix)) return false;
    return are_host_labels(origin.substr(prefix.size(), origin.size() - prefix.size() - suffix.size()));
}

bool Cors::allows(std::string_view origin) const {
    if (!settings_.enabled || !is_echoable_origin(origin)) return false;
    if (settings_.any_origin) return true;
    const std::string plain = lower_case(origin);
    return std::any_of(patterns_.begin(), patterns_.end(),
                       [&](const Pattern& pattern) { return pattern.matches(plain); });
}

void Cors::decorate(const protocol::HttpHead* head, HttpHeaders& headers) const {
    if (!settings_.enabled) return;
    add_common(head, headers);
    // Said even when no origin came: a cache must not give the answer to another origin.
    if (depends_on_origin()) headers.emplace_back("Vary", "Origin");
    if (!exposed_headers_.empty()) headers.emplace_back("Access-Control-Expose-Headers", exposed_headers_);
}

net::HttpResponse Cors::preflight(const protocol::HttpHead& head) const {
    net::HttpResponse response;
    response.status = 204;
    // Against RFC 9110, section 8.6, but as Node does: some browsers wait for a body otherwise.
    response.headers.emplace_back("Content-Length", "0");
    add_common(&head, response.headers);
    response.headers.emplace_back("Access-Control-Allow-Methods", methods_);
    std::string vary = depends_on_origin() ? "Origin" : "";
    if (!allowed_headers_.empty()) {
        response.headers.emplace_back("Access-Control-Allow-Headers", allowed_headers_);
    } else {
        const auto requested = head.header("Access-Control-Request-Headers");
        if (requested && !requested->empty() && is_echoable_list(*requested))
            response.headers.emplace_back("Access-Control-Allow-Headers", *requested);
        vary += vary.empty() ? "Access-Control-Request-Headers" : ", Access-Control-Request-Headers";
    }
    if (!vary.empty()) response.headers.emplace_back("Vary", std::move(vary));
    if (settings_.max_age)
        response.headers.emplace_back("Access-Control-Max-Age", std::to_string(settings_.max_age->count()));
    return response;
}

void Cors::add_common(const protocol::HttpHead* head, HttpHeaders& headers) const {
    if (!depends_on_origin()) {
        headers.emplace_back("Access-Control-Allow-Origin", "*");
        return;
    }
    // An origin that may not read the answer gets it all the same, without the headers; its browser then hides it.
    const auto origin = origin_of(head);
    if (!origin || !allows(*origin)) return;
    headers.emplace_back("Access-Control-Allow-Origin", *origin);
    if (settings_.credentials) headers.emplace_back("Access-Control-Allow-Credentials", "true");
}

}  // namespace wshub::session
