// The HTTP answers of the engine, CORS headers included. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_exchange.h"
#include "session/cors.h"

namespace wshub::session {

// The numbers that clients see as `code`.
enum class EngineError : std::uint8_t {
    kTransportUnknown = 0,
    kSessionUnknown = 1,
    kBadHandshakeMethod = 2,
    kBadRequest = 3,
    kForbidden = 4,
    kUnsupportedVersion = 5,
};
inline constexpr std::size_t kEngineErrors = 6;

class Answers {
public:
    explicit Answers(const Cors& cors) : cors_(cors) {}

    // {"code":1,"message":"Session ID unknown"}, 400 or 403. `message` replaces the usual one.
    net::HttpResponse error(const protocol::HttpHead& head, EngineError error, std::string_view message = {}) const;
    // What a poll gets.
    net::HttpResponse payload(const protocol::HttpHead& head, std::string body) const;
    // What a POST gets.
    net::HttpResponse ok(const protocol::HttpHead& head) const;
    // A status without a body.
    net::HttpResponse bare(const protocol::HttpHead& head, int status) const;
    // To those who come while we are leaving: they try again, and the proxy before us sends them elsewhere.
    net::HttpResponse unavailable(const protocol::HttpHead& head) const;

private:
    net::HttpResponse answer(const protocol::HttpHead& head, int status, std::string_view type, std::string body) const;

    const Cors& cors_;
};

}  // namespace wshub::session
