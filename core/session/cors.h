// Cross-origin resource sharing (fetch standard, "CORS protocol"): which origins may read our answers, and the headers
// that say so. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_exchange.h"
#include "protocol/http_request.h"
#include "session/engine.h"

namespace wshub::session {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

class Cors {
public:
    explicit Cors(CorsSettings settings);

    bool enabled() const { return settings_.enabled; }
    // Pages of this origin may talk to us. Never true while CORS is off.
    bool allows(std::string_view origin) const;

    // Headers for the answer to this request, whatever it is; nothing while CORS is off.
    void decorate(const protocol::HttpHead* head, HttpHeaders& headers) const;
    // The answer to OPTIONS.
    net::HttpResponse preflight(const protocol::HttpHead& head) const;

private:
    // "https://*.example.org" as prefix "https://" and suffix ".example.org". Without a star: all prefix, exact.
    struct Pattern {
        std::string prefix, suffix;
        bool wildcard = false;
        bool any_scheme = false;  // written without "://"
        bool matches(std::string_view origin) const;
    };
    bool depends_on_origin() const { return !settings_.any_origin || settings_.credentials; }
    void add_common(const protocol::HttpHead* head, HttpHeaders& headers) const;

    CorsSettings settings_;
    std::vector<Pattern> patterns_;
    std::string methods_, allowed_headers_, exposed_headers_;
};

// The request's origin is the server's own, as its Host header names it.
bool is_same_origin(const protocol::HttpHead& head, std::string_view origin);

}  // namespace wshub::session
