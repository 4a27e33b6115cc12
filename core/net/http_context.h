// What all connections of one HttpServer share. Outlives the server as long as a connection or an exchange does.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "base/token_bucket.h"
#include "net/gate.h"
#include "net/held_bytes.h"
#include "net/http_response.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/socket_stream.h"

namespace wshub::net {

class HttpConnection;

// Why a request or a connection was turned away, as the metric's label.
enum class Refusal : unsigned {
    kMalformed,
    kTooLarge,
    kTimeout,
    kOverload,
    kStopping,
    kDescriptors,
    kUntrusted,    // not from a trusted proxy, and only those may connect (PROXY protocol)
    kProxyHeader,  // from one, but without a good PROXY header
};
inline constexpr std::size_t kRefusals = 8;

// Any thread.
class HttpFigures {
public:
    explicit HttpFigures(base::Metrics& metrics);

    base::Gauge& connections() { return *connections_; }
    StreamFigures streams() const { return streams_; }
    void count_response(int status);
    void count_refusal(Refusal reason) { refusals_[static_cast<unsigned>(reason)]->add(); }

private:
    base::Gauge* connections_;
    std::array<base::Counter*, 5> responses_;  // 1xx to 5xx
    std::array<base::Counter*, kRefusals> refusals_;
    StreamFigures streams_;
};

// The connections of one loop, that are not upgraded. Its loop's thread only.
struct LoopConnections {
    explicit LoopConnections(Loop& its_loop) : loop(its_loop) {}

    Loop& loop;
    HttpDate date;
    base::TokenBucket proxy_warnings;
    std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> all;
};

struct HttpContext {
    HttpContext(HttpSettings its_settings, const std::vector<Loop*>& loops, Routes its_routes, HttpHooks its_hooks,
                base::Metrics& metrics);

    const HttpSettings settings;
    const Routes routes;
    const HttpHooks hooks;
    HttpFigures figures;
    std::vector<std::unique_ptr<LoopConnections>> sides;  // one a loop
    std::unique_ptr<Gate> gate;                           // from start() on
    std::atomic<bool> stopping{false};
    std::atomic<std::size_t> open{0};
    HeldBytes bodies;
};

}  // namespace wshub::net
