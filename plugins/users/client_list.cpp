#include "client_list.h"

#include <wshub/clock.h>

#include <optional>
#include <utility>

#include "common/placeholders.h"

namespace users {

namespace json = wshub::json;

ClientEntry::ClientEntry(ClientInfo info) : info_(std::move(info)) {
    json::Object entry;
    entry.add("id", info_.sid);
    if (info_.username.empty()) {
        entry.add("username", nullptr);
    } else {
        entry.add("username", info_.username);
    }
    entry.add("connectTime", wshub::iso8601_millis(info_.connected_at_ms));
    entry.add("following", json::Raw{info_.following.empty() ? "[]" : info_.following});
    text_ = std::move(entry).build().text;
    text_.back() = ',';
    text_ += R"("profile":)";
    if (info_.profile_attachments.empty()) text_ += (info_.profile.empty() ? "{}" : info_.profile) + '}';
}

void ClientList::add(const ClientEntry& client) {
    if (count_++ > 0) clients_ += ',';
    const std::size_t before = clients_.size();
    clients_ += client.text();
    if (!client.info().profile_attachments.empty()) clients_ += profile(client.info()) + '}';
    bytes_ += clients_.size() - before + 1;
}

// With its attachments in this list's packet.
std::string ClientList::profile(const ClientInfo& client) {
    std::vector<std::optional<std::size_t>> places(client.profile_attachments.size());
    return families::replace_placeholders(client.profile, [&](std::size_t num) {
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
