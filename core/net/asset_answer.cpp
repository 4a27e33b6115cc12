#include "net/asset_answer.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"

namespace wshub::net {
namespace {

// Cuts the part before the separator off the front of `text`, or all of it; the separator goes too.
std::string_view cut_front(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return base::trim_blanks(part);
}

// False for "q=0", "q=0.0" and so on among the parameters.
bool has_weight(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view value = cut_front(parameters, ';');
        if (!base::equals_ignoring_case(cut_front(value, '='), "q")) continue;
        return value.find_first_of("123456789") != std::string_view::npos;
    }
    return true;
}

}  // namespace

bool accepts_coding(const protocol::HttpHead& head, std::string_view coding) {
    std::optional<bool> named;
    std::optional<bool> any;
    for (const protocol::HttpHeader& header : head.headers()) {
        if (!base::equals_ignoring_case(header.name, "Accept-Encoding")) continue;
        for (std::string_view list = header.value; !list.empty();) {
            std::string_view item = cut_front(list, ',');
            const std::string_view name = cut_front(item, ';');
            if (base::equals_ignoring_case(name, coding)) named = has_weight(item);
            if (name == "*") any = has_weight(item);
        }
    }
    return named.value_or(any.value_or(base::equals_ignoring_case(coding, "identity")));
}

bool none_match_fails(const protocol::HttpHead& head, std::string_view etag) {
    const auto opaque = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
    for (const protocol::HttpHeader& header : head.headers()) {
        if (!base::equals_ignoring_case(header.name, "If-None-Match")) continue;
        if (header.value == "*") return true;
        for (std::string_view list = header.value; !list.empty();)
            if (const std::string_view tag = cut_front(list, ','); !tag.empty() && opaque(tag) == opaque(etag))
                return true;
    }
    return false;
}

AssetAnswer answer_with(const Asset& asset, const protocol::HttpHead& head) {
    AssetAnswer answer;
    auto& headers = answer.response.headers;
    headers.emplace_back("ETag", asset.etag);
    headers.emplace_back("Cache-Control", asset.cache_control);
    if (!asset.gzip.empty() || !asset.brotli.empty()) headers.emplace_back("Vary", "Accept-Encoding");
    if (none_match_fails(head, asset.etag)) {
        answer.response.status = 304;
        return answer;
    }
    headers.emplace_back("Content-Type", asset.content_type);
    if (!asset.brotli.empty() && accepts_coding(head, "br")) {
        headers.emplace_back("Content-Encoding", "br");
        answer.body = asset.brotli;
    } else if (!asset.gzip.empty() && accepts_coding(head, "gzip")) {
        headers.emplace_back("Content-Encoding", "gzip");
        answer.body = asset.gzip;
    } else {
        answer.body = asset.identity;
    }
    return answer;
}

}  // namespace wshub::net
