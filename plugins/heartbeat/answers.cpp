#include "answers.h"

namespace heartbeat {

namespace json = wshub::json;

json::Raw pong(std::string_view sid) {
    return json::obj("status", "pong", "sid", sid);
}

json::Raw client_pong(std::string_view timestamp) {
    return json::obj("timestamp", timestamp);
}

json::Raw heartbeat(const Uuid& id) {
    return json::obj("id", text_of(id));
}

json::Raw warning(std::uint32_t missed, std::string_view timestamp) {
    const std::string message = "Connection unstable - missed " + std::to_string(missed) + " heartbeats";
    return json::obj("message", message, "missedHeartbeats", missed, "timestamp", timestamp);
}

std::optional<std::string> read_acknowledged(const json::View& argument) {
    const json::View id = argument["id"];
    if (!id.is_string()) return std::nullopt;
    return id.str();
}

}  // namespace heartbeat
