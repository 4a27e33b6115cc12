#include "messages.h"

#include <utility>

namespace direct {

namespace json = wshub::json;

std::variant<Message, families::Refusal> read_message(const json::View& request, std::size_t attachments) {
    if (!families::is_object(request, attachments)) {
        return families::invalid_format("A message is an object with target and type");
    }
    families::Fields fields(request);
    const json::View target = fields["target"];
    if (!families::is_name(target)) return families::invalid_format("target must be a username");
    if (!families::is_filled(fields["type"])) return families::invalid_format("type must be a text that is not empty");
    return Message{std::move(fields), target};
}

json::Raw delivery(const json::Raw& sender, const Message& message, std::string_view timestamp) {
    json::Object out;
    out.add("sender", sender);
    families::add_fields(out, message.fields, {"target", "sender", "timestamp", "broadcast"});
    out.add("timestamp", timestamp);
    return std::move(out).build();
}

json::Raw sent(const Message& message, std::string_view timestamp) {
    return json::obj("success", true, "target", message.target, "timestamp", timestamp);
}

json::Raw not_sent(const Message& message, std::string_view reason, std::string_view timestamp) {
    return json::obj("success", false, "target", message.target, "reason", reason, "timestamp", timestamp);
}

}  // namespace direct
