#include "notices.h"

#include "common/fields.h"

namespace notifications {

namespace json = wshub::json;

std::variant<Notice, families::Refusal> read_notice(const json::View& request, std::size_t attachments) {
    if (!families::is_object(request, attachments)) {
        return families::invalid_format("A notification is an object with type and content");
    }
    const families::Fields fields(request);
    Notice notice;
    notice.type = fields["type"];
    notice.content = fields["content"];
    if (!families::is_filled(notice.type)) return families::invalid_format("type must be a text that is not empty");
    if (!families::is_object(notice.content, attachments)) {
        return families::invalid_format("content must be an object");
    }
    const json::View targets = fields["targets"];
    notice.to_followers = targets.is_missing();
    if (notice.to_followers) return notice;
    if (!families::are_names(targets)) return families::invalid_format("targets must be an array of usernames");
    notice.targets = families::names(targets);
    return notice;
}

json::Raw delivery(const json::Raw& sender, const Notice& notice, std::string_view timestamp) {
    return json::obj("sender", sender, "type", notice.type, "content", notice.content, "timestamp", timestamp);
}

json::Raw sent(std::size_t recipients, std::string_view timestamp) {
    return json::obj("success", true, "recipientCount", recipients, "timestamp", timestamp);
}

}  // namespace notifications
