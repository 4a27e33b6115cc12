#include "net/http_context.h"

#include <algorithm>
#include <string>
#include <utility>

#include "net/http_connection.h"

namespace wshub::net {
namespace {

// One client may hold this part of what may be held.
constexpr std::size_t kShares = 8;

}  // namespace

HttpFigures::HttpFigures(base::Metrics& metrics)
    : connections_(metrics.gauge("wshub_http_connections", "Open HTTP connections that are not upgraded.")) {
    for (std::size_t i = 0; i < responses_.size(); ++i) {
        const std::string label = "code=\"" + std::to_string(i + 1) + "xx\"";
        responses_[i] = metrics.counter("wshub_http_requests_total", "HTTP responses by class of status.", label);
    }
    static constexpr std::array<std::string_view, kRefusals> kReasons{
        "malformed", "too_large", "timeout", "overload", "stopping", "descriptors", "untrusted", "proxy_header"};
    for (std::size_t i = 0; i < refusals_.size(); ++i) {
        const std::string label = "reason=\"" + std::string(kReasons[i]) + "\"";
        refusals_[i] = metrics.counter("wshub_http_refused_total",
                                       "Requests and connections turned away before a handler saw them.", label);
    }
    streams_.bytes_in = metrics.counter("wshub_net_received_bytes_total", "Bytes received from clients.");
    streams_.bytes_out = metrics.counter("wshub_net_sent_bytes_total", "Bytes sent to clients.");
}

void HttpFigures::count_response(int status) {
    const auto last = static_cast<int>(responses_.size()) - 1;
    responses_[static_cast<std::size_t>(std::clamp(status / 100 - 1, 0, last))]->add();
}

HttpContext::HttpContext(HttpSettings its_settings, const std::vector<Loop*>& loops, Routes its_routes,
                         HttpHooks its_hooks, base::Metrics& metrics)
    : settings(std::move(its_settings)),
      routes(std::move(its_routes)),
      hooks(std::move(its_hooks)),
      figures(metrics),
      bodies(settings.max_buffered_bytes, std::max(settings.max_buffered_bytes / kShares, settings.max_body_bytes)) {
    for (Loop* loop : loops) sides.push_back(std::make_unique<LoopConnections>(*loop));
}

}  // namespace wshub::net
