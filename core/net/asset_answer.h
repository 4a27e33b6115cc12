// Which form of an asset answers a request (RFC 9110, sections 12.5.3 and 13.1.2).
#pragma once

#include <string_view>

#include "net/http_server.h"

namespace wshub::net {

struct AssetAnswer {
    HttpResponse response;  // without its body
    std::string_view body;  // the asset's own bytes; empty for 304
};

AssetAnswer answer_with(const Asset& asset, const protocol::HttpHead& head);

// The request's Accept-Encoding admits this coding. Without the header only identity is taken for admitted.
bool accepts_coding(const protocol::HttpHead& head, std::string_view coding);

// The request's If-None-Match names this entity tag (weak comparison) or is "*".
bool none_match_fails(const protocol::HttpHead& head, std::string_view etag);

}  // namespace wshub::net
