#include "messages.h"

namespace messaging {

namespace json = wshub::json;

json::Raw delivery(std::string_view sender_sid, const json::View& data) {
    return json::obj("from", sender_sid, "data", data);
}

json::Raw received(std::string_view sender_sid) {
    return json::obj("status", "received", "sid", sender_sid);
}

json::Raw broadcasted() {
    return json::obj("status", "broadcasted");
}

}  // namespace messaging
