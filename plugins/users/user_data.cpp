#include "user_data.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base64.h"
#include "common/placeholders.h"

namespace users {

namespace json = wshub::json;

namespace {

// An attachment is kept once, however many placeholders name it.
void set_profile(UserData& data, const json::View& profile, const std::vector<std::string_view>& attachments) {
    data.profile_attachments.clear();
    if (attachments.empty()) {
        data.profile = profile.text();
        return;
    }
    std::vector<std::optional<std::size_t>> places(attachments.size());
    data.profile = families::replace_placeholders(profile.text(), [&](std::size_t num) {
        if (!places[num]) {
            places[num] = data.profile_attachments.size();
            data.profile_attachments.emplace_back(attachments[num]);
        }
        return json::bin(*places[num]).text;
    });
}

// Nothing when it gets too large: a few placeholders can name much binary many times.
std::optional<std::string> with_base64(const json::View& value, const std::vector<std::string_view>& attachments,
                                       std::size_t max_bytes) {
    std::size_t added = 0;
    std::string out = families::replace_placeholders(value.text(), [&](std::size_t num) {
        std::string text;
        added += attachments[num].size();
        if (added <= max_bytes) json::put(text, families::to_base64(attachments[num]));
        return text;
    });
    return added <= max_bytes ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> merge_custom(std::string_view kept, const std::vector<families::Field>& given,
                                        const std::vector<std::string_view>& attachments, std::size_t max_bytes) {
    json::Object both;
    both.add_members(json::View(kept));
    std::size_t size = 0;
    for (const families::Field& field : given) {
        if (attachments.empty()) {
            both.add_raw(field.raw_key, field.value);
            continue;
        }
        const auto value = with_base64(field.value, attachments, max_bytes);
        if (!value || (size += value->size()) > max_bytes) return std::nullopt;
        both.add_raw(field.raw_key, json::View(*value));
    }
    const json::Raw doubled = std::move(both).build();
    json::Object merged;
    families::add_fields(merged, families::Fields(json::View(doubled.text)), {});
    return std::move(merged).build().text;
}

std::vector<std::string> sorted_names(const json::View& array) {
    std::vector<std::string> names = families::names(array);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace

std::optional<UserData> merge(UserData data, const SetData& given, const std::vector<std::string_view>& attachments,
                              std::size_t max_bytes) {
    if (given.username) data.username = *given.username;
    if (!given.following.is_missing()) data.following = given.following.text();
    if (!given.profile.is_missing()) set_profile(data, given.profile, attachments);
    if (!given.custom.empty()) {
        auto custom = merge_custom(data.custom, given.custom, attachments, max_bytes);
        if (!custom) return std::nullopt;
        data.custom = std::move(*custom);
    }
    if (size_of(data) > max_bytes) return std::nullopt;
    return data;
}

std::size_t size_of(const UserData& data) {
    json::Object whole;
    whole.add("username", data.username);
    whole.add("following", json::Raw{data.following}).add("profile", json::Raw{data.profile});
    whole.add_members(json::View(data.custom));
    std::size_t size = std::move(whole).build().text.size();
    for (const std::string& each : data.profile_attachments) size += each.size();
    return size;
}

std::vector<std::string> newly_followed(const json::View& before, const json::View& now) {
    const std::vector<std::string> old_names = sorted_names(before);
    const std::vector<std::string> new_names = sorted_names(now);
    std::vector<std::string> out;
    std::set_difference(new_names.begin(), new_names.end(), old_names.begin(), old_names.end(),
                        std::back_inserter(out));
    return out;
}

}  // namespace users
