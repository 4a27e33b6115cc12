#include "console/link.h"

#include <algorithm>

#include "console/json.h"
#include "protocol/json_scan.h"

namespace wshub::console {
namespace {

// What is out of these bounds comes from no server that means well.
constexpr double kLongest = 86'400'000;
constexpr double kLargest = 1e12;

double within(std::optional<double> value, double otherwise, double most) {
    return value && *value >= 1 && *value <= most ? *value : otherwise;
}

}  // namespace

void Link::read_open(std::string_view json) {
    const auto whole = protocol::scan_document(json);
    if (!whole || whole->front() != '{') throw LinkError("the server's first packet is no OPEN packet of Engine.IO 4");
    auto sid = json_text(*whole, "sid");
    if (!sid || sid->empty()) throw LinkError("the server's OPEN packet has no sid");
    opened_.sid = std::move(*sid);
    const auto time = [&whole](std::string_view name, std::chrono::milliseconds otherwise) {
        const double value = within(json_number(*whole, name), static_cast<double>(otherwise.count()), kLongest);
        return std::chrono::milliseconds(static_cast<std::int64_t>(value));
    };
    opened_.ping_interval = time("pingInterval", opened_.ping_interval);
    opened_.ping_timeout = time("pingTimeout", opened_.ping_timeout);
    opened_.max_payload = static_cast<std::size_t>(
        within(json_number(*whole, "maxPayload"), static_cast<double>(opened_.max_payload), kLargest));
}

EngineMessage engine_message(std::string_view text) {
    const auto packet = protocol::decode_engine_text(text);
    if (!packet) throw LinkError("the server sent what is no packet of Engine.IO 4");
    return {packet->type, std::string(packet->data), false};
}

std::unique_ptr<Link> open_link(const Options& options) {
    return options.transport == Transport::kPolling ? open_polling(options) : open_websocket(options);
}

}  // namespace wshub::console
