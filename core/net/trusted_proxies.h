// Whose word about a client's address is taken: requests of proxies that the operator trusts say in X-Forwarded-For and
// X-Forwarded-Proto whom they forward for. Immutable; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "net/stream.h"
#include "protocol/http_request.h"
#include "protocol/ip_address.h"

namespace wshub::net {

class TrustedProxies {
public:
    TrustedProxies() = default;
    explicit TrustedProxies(std::vector<protocol::IpNetwork> networks) : networks_(std::move(networks)) {}

    bool empty() const { return networks_.empty(); }
    bool trusts(const protocol::IpAddress& address) const;
    // False for what is no address.
    bool trusts(std::string_view address) const;

    // Whose request this is, of one that came from `proxy`, which is trusted. X-Forwarded-For grows to the right, a
    // proxy each: the client is the last one there whom we do not trust, or the first of all if we trust them all. It
    // has no port. A list without addresses, and one in which another word comes up on the way, leave the proxy's own.
    // `secure` is as the last X-Forwarded-Proto says (https or wss, http or ws), else the connection's.
    Peer client_of(const protocol::HttpHead& head, const Peer& proxy) const;

private:
    std::vector<protocol::IpNetwork> networks_;
};

}  // namespace wshub::net
