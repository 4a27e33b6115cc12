#include "messages.h"

#include <utility>

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

std::variant<General, families::Refusal> read_general(const json::View& request, std::size_t attachments) {
    if (!families::is_object(request, attachments)) {
        return families::invalid_format("A message is an object with type");
    }
    families::Fields fields(request);
    if (!families::is_filled(fields["type"])) return families::invalid_format("type must be a text that is not empty");
    return General{request, std::move(fields)};
}

json::Raw general_delivery(const json::Raw& sender, const General& message, std::string_view timestamp) {
    json::Object out;
    out.add("sender", sender);
    families::add_fields(out, message.fields, {"sender", "timestamp", "broadcast"});
    out.add("timestamp", timestamp).add("broadcast", true);
    return std::move(out).build();
}

json::Raw general_sent(const General& message, std::string_view timestamp) {
    return json::obj("success", true, "originalMessage", message.original, "timestamp", timestamp);
}

}  // namespace messaging
