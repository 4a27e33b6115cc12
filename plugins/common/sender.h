// Users as the families meet them: the sender object of the event contract, {"id","username","profile"}, from what the
// hub knows of a session, and sessions by their usernames.
#pragma once

#include <wshub/plugin.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/requests.h"

namespace families {

// Session variable: the binary of the profile, as a JSON array of base64 texts; its placeholders in the profile are
// numbered from 0. Empty: none. Plugins that send profiles on must send these with them.
inline constexpr std::string_view kProfileAttachments = "users.profile_attachments";

std::vector<std::string> profile_attachments(const wshub::Session& session);

struct Sender {
    wshub::json::Raw object;
    // Of the profile: to be sent behind those that the object's placeholders were told of.
    std::vector<std::string> attachments;
};

// A session as it is now, for a packet with so many attachments before the profile's.
Sender describe(const wshub::Session& session, std::size_t attachments_before = 0);

// Whether the packet that goes out has parts of the event's arguments, and with them its attachments.
enum class Payload { passed_on, left_out };

// The event's sender. Nothing: it may not speak (NO_USERNAME), or what it says cannot be sent together with its
// profile; then the event has been refused.
std::optional<Sender> speaker(wshub::Event& event, Payload payload);

// Adds the attachments that such a packet has.
wshub::Emit&& with(wshub::Emit&& emit, const wshub::Event& event, const Sender& sender);
wshub::Emit&& with(wshub::Emit&& emit, const Sender& sender);

// Those that are online, in the namespace that is being handled: sorted, and each once, however often and in whatever
// spelling it is named.
std::vector<wshub::Session> online(const wshub::Plugin& plugin, const std::vector<std::string>& usernames);

inline void refuse(wshub::Event& event, const Refusal& refusal) {
    event.fail(refusal.code, refusal.message);
}

}  // namespace families
