#include "net/trusted_proxies.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/ascii.h"

namespace wshub::net {
namespace {

// Calls visit(item) for the items of the header's list, all lines joined, from the last to the first, until it gives
// false. Empty items are none (RFC 9110, section 5.6.1).
template <class Visit>
void from_the_last(const protocol::HttpHead& head, std::string_view name, Visit visit) {
    const auto headers = head.headers();
    for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
        if (!base::equals_ignoring_case(header->name, name)) continue;
        std::string_view rest = header->value;
        for (;;) {
            const std::size_t comma = rest.rfind(',');
            const std::string_view item =
                base::trim_blanks(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
            if (!item.empty() && !visit(item)) return;
            if (comma == std::string_view::npos) break;
            rest = rest.substr(0, comma);
        }
    }
}

std::optional<bool> forwarded_secure(const protocol::HttpHead& head) {
    std::optional<bool> secure;
    from_the_last(head, "X-Forwarded-Proto", [&secure](std::string_view proto) {
        const auto is = [proto](std::string_view name) { return base::equals_ignoring_case(proto, name); };
        if (is("https") || is("wss")) secure = true;
        if (is("http") || is("ws")) secure = false;
        return false;
    });
    return secure;
}

}  // namespace

bool TrustedProxies::trusts(const protocol::IpAddress& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const auto& network) { return network.has(address); });
}

bool TrustedProxies::trusts(std::string_view address) const {
    if (networks_.empty()) return false;
    const auto parsed = protocol::IpAddress::parse(address);
    return parsed && trusts(*parsed);
}

Peer TrustedProxies::client_of(const protocol::HttpHead& head, const Peer& proxy) const {
    Peer client = proxy;
    client.secure = forwarded_secure(head).value_or(proxy.secure);
    std::optional<protocol::IpAddress> found;
    from_the_last(head, "X-Forwarded-For", [&](std::string_view item) {
        found = protocol::parse_forwarded_address(item);
        return found && trusts(*found);
    });
    if (found) {
        client.address = found->text();
        client.port = 0;
    }
    return client;
}

}  // namespace wshub::net
