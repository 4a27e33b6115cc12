#include "client_list.h"

#include <wshub/clock.h>

#include <optional>
#include <utility>

#include "common/placeholders.h"

namespace users {

namespace json = wshub::json;

void ClientList::add(const ClientInfo& client) {
    json::Object entry;
    entry.add("id", client.sid);
    if (client.username.empty()) {
        entry.add("username", nullptr);
    } else {
        entry.add("username", client.username);
    }
    entry.add("connectTime", wshub::iso8601_millis(client.connected_at_ms));
    entry.add("following", json::Raw{client.following.empty() ? "[]" : client.following});
    json::Raw profile{client.profile.empty() ? "{}" : client.profile};
    if (!client.profile_attachments.empty()) {
        std::vector<std::optional<std::size_t>> places(client.profile_attachments.size());
        profile.text = families::replace_placeholders(profile.text, [&](std::size_t num) {
            if (num >= places.size()) return std::string("null");
            if (!places[num]) {
                if (attachments_.size() == families::kMaxAttachments) return std::string("null");
                places[num] = attachments_.size();
                attachments_.push_back(client.profile_attachments[num]);
                bytes_ += attachments_.back().size();
            }
            return json::bin(*places[num]).text;
        });
    }
    entry.add("profile", profile);
    if (count_++ > 0) clients_ += ',';
    const json::Raw text = std::move(entry).build();
    json::put(clients_, text);
    bytes_ += text.text.size() + 1;
}

json::Raw ClientList::answer(std::string_view timestamp) const {
    json::Raw out;
    out.text.reserve(clients_.size() + 100);
    out.text = R"({"clients":[)";
    out.text += clients_;
    out.text += R"(],"count":)";
    json::put(out.text, count_);
    out.text += R"(,"timestamp":)";
    json::put(out.text, timestamp);
    out.text += '}';
    return out;
}

}  // namespace users
