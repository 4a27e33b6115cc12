#include "answers.h"

namespace heartbeat {

namespace json = wshub::json;

json::Raw pong(std::string_view sid) {
    return json::obj("status", "pong", "sid", sid);
}

json::Raw client_pong(std::string_view timestamp) {
    return json::obj("timestamp", timestamp);
}

}  // namespace heartbeat
