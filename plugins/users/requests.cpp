#include "requests.h"

#include <algorithm>
#include <utility>

#include "common/placeholders.h"

namespace users {

namespace json = wshub::json;

namespace {

constexpr std::size_t kMostOfUsername = 64;

// The hub knows what else makes a name. The length is looked at here, so that a name that is too long is called so and
// not too large.
bool may_be_username(const json::View& text) {
    if (!families::is_name(text)) return false;
    const std::string name = text.str();
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(name.begin(), name.end(), begins)) <= kMostOfUsername;
}

// A profile is sent on beside the binary of others; what only looks like a placeholder would become one.
bool is_profile(const json::View& object, std::size_t attachments) {
    if (!families::is_object(object, attachments)) return false;
    const auto placeholders = families::find_placeholders(object.text());
    return std::all_of(placeholders.begin(), placeholders.end(),
                       [=](const families::Placeholder& each) { return each.num < attachments; });
}

void put_quoted(json::Raw& array, std::string_view raw_text) {
    array.text += array.text.size() > 1 ? ",\"" : "\"";
    array.text += raw_text;
    array.text += '"';
}

}  // namespace

std::variant<SetData, families::Refusal> read_set_data(const json::View& request, bool has_username,
                                                       std::size_t attachments) {
    if (!families::is_object(request, attachments)) return families::invalid_format("User data is an object");
    SetData data;
    json::View username;
    for (const families::Field& field : families::Fields(request)) {
        if (json::detail::equals(field.raw_key, "username")) {
            username = field.value;
        } else if (json::detail::equals(field.raw_key, "following")) {
            data.following = field.value;
        } else if (json::detail::equals(field.raw_key, "profile")) {
            data.profile = field.value;
        } else {
            data.custom.push_back(field);
        }
    }
    if (!username.is_missing()) {
        if (!may_be_username(username)) return kBadUsername;
        data.username = username.str();
    } else if (!has_username) {
        return families::invalid_format("username is required");
    }
    if (!data.following.is_missing() && !families::are_names(data.following)) {
        return families::invalid_format("following must be an array of usernames");
    }
    if (!data.profile.is_missing() && !is_profile(data.profile, attachments)) {
        return families::invalid_format("profile must be an object");
    }
    return data;
}

json::Raw data_set(const SetData& data, std::string_view timestamp) {
    json::Raw updated{"["};
    if (data.username) put_quoted(updated, "username");
    if (!data.following.is_missing()) put_quoted(updated, "following");
    if (!data.profile.is_missing()) put_quoted(updated, "profile");
    for (const families::Field& field : data.custom) put_quoted(updated, field.raw_key);
    updated.text += ']';
    return json::obj("success", true, "updatedFields", updated, "timestamp", timestamp);
}

json::Raw data_not_set(std::string_view error, std::string_view timestamp) {
    return json::obj("success", false, "error", error, "timestamp", timestamp);
}

json::Raw followed(std::string_view username, std::string_view timestamp) {
    return json::obj("username", username, "timestamp", timestamp);
}

}  // namespace users
