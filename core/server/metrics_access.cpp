#include "server/metrics_access.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "protocol/ip_address.h"

namespace wshub::server {
namespace {

bool is_loopback(std::string_view text) {
    const auto address = protocol::IpAddress::parse(text);
    if (!address) return false;
    if (address->is_v4()) return address->bytes()[12] == 127;
    return *address == *protocol::IpAddress::parse("::1");
}

// "localhost:8080", "[::1]:8080", "127.0.0.1": of this machine.
bool is_local_place(std::string_view place) {
    const bool bracketed = !place.empty() && place.front() == '[';
    const std::string_view host = bracketed ? place.substr(1, place.find(']') - 1) : place.substr(0, place.find(':'));
    return base::equals_ignoring_case(host, "localhost") || is_loopback(host);
}

bool is_local_page(std::string_view origin) {
    const std::size_t scheme = origin.find("://");
    return scheme != std::string_view::npos && is_local_place(origin.substr(scheme + 3));
}

// Takes as long for any token that was offered, but for its length.
bool is_same(std::string_view offered, std::string_view token) {
    volatile unsigned difference = offered.size() == token.size() ? 0 : 1;  // volatile: every turn is taken
    for (std::size_t i = 0; i < offered.size() && !token.empty(); ++i) {
        difference = difference | static_cast<unsigned>(static_cast<unsigned char>(offered[i]) ^
                                                        static_cast<unsigned char>(token[i % token.size()]));
    }
    return difference == 0 && !token.empty();
}

// RFC 6750, 2.1
std::optional<std::string_view> bearer_token(const protocol::HttpHead& head) {
    constexpr std::string_view kScheme = "Bearer ";
    const auto value = head.header("Authorization");
    if (!value || !base::equals_ignoring_case(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
    return base::trim_blanks(value->substr(kScheme.size()));
}

}  // namespace

bool is_local_request(const protocol::HttpHead& head, const net::Peer& client) {
    constexpr std::array<std::string_view, 3> kOfProxies{"X-Forwarded-For", "Forwarded", "X-Real-IP"};
    if (!is_loopback(client.address)) return false;
    if (std::any_of(kOfProxies.begin(), kOfProxies.end(), [&](std::string_view name) { return head.header(name); })) {
        return false;
    }
    const auto headers = head.headers();
    return std::all_of(headers.begin(), headers.end(), [](const protocol::HttpHeader& header) {
        if (base::equals_ignoring_case(header.name, "Host")) return is_local_place(header.value);
        return !base::equals_ignoring_case(header.name, "Origin") || is_local_page(header.value);
    });
}

bool MetricsRule::admits(const protocol::HttpHead& head, const net::Peer& client) const {
    switch (access) {
        case MetricsAccess::kLoopback: return is_local_request(head, client);
        case MetricsAccess::kToken: {
            const auto offered = bearer_token(head);
            return offered && is_same(*offered, token);
        }
        case MetricsAccess::kOpen: return true;
    }
    return false;
}

}  // namespace wshub::server
