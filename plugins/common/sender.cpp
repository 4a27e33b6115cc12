#include "common/sender.h"

#include <algorithm>
#include <utility>

#include "common/base64.h"
#include "common/placeholders.h"

namespace families {

namespace json = wshub::json;

namespace {

constexpr Refusal kTooManyAttachments{"PAYLOAD_TOO_LARGE", "Too many attachments, together with those of the profile"};

Sender describe(const wshub::Session& session, std::string_view username, std::size_t attachments_before) {
    Sender out;
    std::string profile = session.profile();
    if (profile.empty()) profile = "{}";  // the session is gone
    out.attachments = profile_attachments(session);
    if (!out.attachments.empty()) {
        profile = replace_placeholders(profile, [&](std::size_t num) {
            return num < out.attachments.size() ? json::bin(attachments_before + num).text : std::string("null");
        });
    }
    json::Object object;
    object.add("id", session.sid());
    if (username.empty()) {
        object.add("username", nullptr);
    } else {
        object.add("username", username);
    }
    object.add("profile", json::Raw{std::move(profile)});
    out.object = std::move(object).build();
    return out;
}

}  // namespace

std::vector<std::string> profile_attachments(const wshub::Session& session) {
    std::vector<std::string> out;
    const std::string kept = session.var(kProfileAttachments);
    if (kept.empty()) return out;
    for (const std::string& each : names(json::View(kept))) out.push_back(from_base64(each));
    return out;
}

std::vector<wshub::Session> online(const wshub::Plugin& plugin, const std::vector<std::string>& usernames) {
    std::vector<wshub::Session> found;
    for (const std::string& username : usernames) {
        if (const wshub::Session session = plugin.user(username)) found.push_back(session);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

Sender describe(const wshub::Session& session, std::size_t attachments_before) {
    return describe(session, session.username(), attachments_before);
}

std::optional<Sender> speaker(wshub::Event& event, Payload payload) {
    const wshub::Session session = event.session();
    const std::string username = session.username();
    const std::size_t own = payload == Payload::passed_on ? event.attachments().size() : 0;
    if (username.empty()) {
        refuse(event, kNoUsername);
        return std::nullopt;
    }
    Sender sender = describe(session, username, own);
    if (sender.attachments.empty()) return sender;
    if (own + sender.attachments.size() > kMaxAttachments) {
        refuse(event, kTooManyAttachments);
        return std::nullopt;
    }
    // In an event of text they are objects like any other, but would not be any more beside the profile's binary.
    if (payload == Payload::passed_on && own == 0 && !find_placeholders(event.raw_args()).empty()) {
        refuse(event, invalid_format("A placeholder without an attachment"));
        return std::nullopt;
    }
    return sender;
}

wshub::Emit&& with(wshub::Emit&& emit, const Sender& sender) {
    for (const std::string& each : sender.attachments) std::move(emit).with(std::string_view(each));
    return std::move(emit);
}

wshub::Emit&& with(wshub::Emit&& emit, const wshub::Event& event, const Sender& sender) {
    return with(std::move(emit).with(event), sender);
}

}  // namespace families
