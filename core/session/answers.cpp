#include "session/answers.h"

#include "protocol/json_scan.h"

namespace wshub::session {
namespace {

constexpr std::string_view kMessages[kEngineErrors] = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version",
};

}  // namespace

net::HttpResponse Answers::error(const protocol::HttpHead& head, EngineError error, std::string_view message) const {
    const auto code = static_cast<std::size_t>(error);
    std::string body = "{\"code\":" + std::to_string(code) + ",\"message\":";
    protocol::append_quoted(body, message.empty() ? kMessages[code] : message);
    body += '}';
    return answer(head, error == EngineError::kForbidden ? 403 : 400, "application/json", std::move(body));
}

net::HttpResponse Answers::payload(const protocol::HttpHead& head, std::string body) const {
    return answer(head, 200, "text/plain; charset=UTF-8", std::move(body));
}

net::HttpResponse Answers::ok(const protocol::HttpHead& head) const {
    return answer(head, 200, "text/html", "ok");
}

net::HttpResponse Answers::bare(const protocol::HttpHead& head, int status) const {
    return answer(head, status, {}, {});
}

net::HttpResponse Answers::unavailable(const protocol::HttpHead& head) const {
    auto response = answer(head, 503, "application/json", "{\"message\":\"Service unavailable\"}");
    response.headers.emplace_back("Connection", "close");
    return response;
}

net::HttpResponse Answers::answer(const protocol::HttpHead& head, int status, std::string_view type,
                                  std::string body) const {
    net::HttpResponse response;
    response.status = status;
    response.headers.reserve(4);
    if (!type.empty()) response.headers.emplace_back("Content-Type", type);
    response.headers.emplace_back("Cache-Control", "no-store");
    cors_.decorate(&head, response.headers);
    response.body = std::move(body);
    return response;
}

}  // namespace wshub::session
