#include "protocol/http_request.h"

#include "base/ascii.h"

namespace wshub::protocol {
namespace {

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && text.size() - i > 2) {
            const int high = base::hex_value(text[i + 1]), low = base::hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high << 4 | low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

bool is_encoded_as(std::string_view encoded, std::string_view text) {
    if (encoded.find('%') == std::string_view::npos) return encoded == text;
    return percent_decode(encoded) == text;
}

bool list_has(std::string_view list, std::string_view token) {
    for (;;) {
        const std::size_t comma = list.find(',');
        if (base::equals_ignoring_case(base::trim_blanks(list.substr(0, comma)), token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace

std::optional<std::string_view> HttpHead::header(std::string_view name) const {
    for (const HttpHeader& header : headers_) {
        if (base::equals_ignoring_case(header.name, name)) return header.value;
    }
    return std::nullopt;
}

bool HttpHead::has_token(std::string_view header, std::string_view token) const {
    for (const HttpHeader& each : headers_) {
        if (base::equals_ignoring_case(each.name, header) && list_has(each.value, token)) return true;
    }
    return false;
}

bool HttpHead::keep_alive() const {
    if (has_token("connection", "close")) return false;
    return minor_version_ >= 1 || has_token("connection", "keep-alive");
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    for (;;) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (is_encoded_as(pair.substr(0, equals), name) && !pair.empty())
            return percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
        if (end == std::string_view::npos) return std::nullopt;
        query.remove_prefix(end + 1);
    }
}

}  // namespace wshub::protocol
