// Who may read the metrics. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "protocol/http_request.h"

namespace wshub::server {

enum class MetricsAccess : std::uint8_t {
    kLoopback,  // who asks from this machine
    kToken,     // who knows the token: "Authorization: Bearer TOKEN"
    kOpen,      // everybody
};

struct MetricsRule {
    MetricsAccess access = MetricsAccess::kLoopback;
    std::string token;

    // `client`: whose request it is, behind a trusted proxy as that says.
    bool admits(const protocol::HttpHead& head, const net::Peer& client) const;
};

// Whether the request comes from this machine and from nobody behind it: a proxy that passes on others, and a browser
// that shows a page of another machine (also one whose name leads here), come from here too.
bool is_local_request(const protocol::HttpHead& head, const net::Peer& client);

}  // namespace wshub::server
