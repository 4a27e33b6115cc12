#include "connections.h"

#include <wshub/clock.h>

#include <algorithm>
#include <utility>

#include "masking.h"

namespace admin {

namespace json = wshub::json;

namespace {

// At most 512 bytes, cut between characters.
std::string_view cut(std::string_view text) {
    constexpr std::size_t kMost = 512;
    if (text.size() <= kMost) return text;
    std::size_t end = kMost;
    while (end > kMost - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

json::Raw client_info(const Facts& facts) {
    std::optional<std::string_view> user_agent;
    if (facts.user_agent) user_agent = cut(*facts.user_agent);
    std::optional<json::Raw> auth;
    if (facts.auth) auth = mask_secrets(json::View(*facts.auth));
    return json::obj("user_agent", user_agent, "remote_addr", facts.remote, "auth", auth);
}

}  // namespace

Card::Card(const Facts& facts)
    : text_(json::obj("sid", facts.sid, "connected_at", wshub::iso8601_seconds(facts.connected_at_ms)).text) {
    text_.back() = ',';
    text_ += "\"rooms\":";
    rooms_at_ = text_.size();
    text_ += ",\"client_info\":" + client_info(facts).text + '}';
}

void Card::put(std::string& out, const std::vector<std::string>& rooms, std::size_t most) const {
    out.append(text_, 0, rooms_at_);
    out += '[';
    const std::size_t begin = out.size();
    for (const std::string& room : rooms) {
        if (out.size() - begin > most) break;
        if (out.size() > begin) out += ',';
        json::put(out, room);
    }
    out += ']';
    out.append(text_, rooms_at_);
}

json::Raw Card::with_rooms(const std::vector<std::string>& rooms, std::size_t most) const {
    json::Raw connection;
    put(connection.text, rooms, most);
    return connection;
}

std::vector<std::string> Leaver::left(std::string_view room) {
    const auto begin = rooms_.begin();
    const auto at = std::find(begin + static_cast<std::ptrdiff_t>(next_), rooms_.end(), room);
    if (at != rooms_.end()) next_ = static_cast<std::size_t>(at - begin) + 1;
    std::vector<std::string> behind;
    std::size_t bytes = 0;
    for (std::size_t i = next_; i < rooms_.size() && bytes <= Card::kRoomsOfLeaver; ++i) {
        bytes += rooms_[i].size();
        behind.push_back(rooms_[i]);
    }
    return behind;
}

json::Raw connection_update(std::string_view type, const json::Raw& connection, std::uint64_t total) {
    return json::obj("type", type, "connection", connection, "total", total);
}

json::Raw room_update(std::string_view type, std::string_view sid, std::string_view room, const json::Raw& connection) {
    return json::obj("type", type, "sid", sid, "room", room, "connection", connection);
}

ListAnswer::ListAnswer(To request, std::size_t expected_bytes) {
    args_.reserve(expected_bytes);
    args_ += "[{";
    if (request == To::admin_subscribe) args_ += "\"status\":\"subscribed\",";
    args_ += "\"connections\":[";
}

void ListAnswer::add(const Card& card, const std::vector<std::string>& rooms) {
    if (total_++ != 0) args_ += ',';
    card.put(args_, rooms);
}

std::string ListAnswer::finish() && {
    args_ += "],\"total\":";
    json::put(args_, total_);
    args_ += "}]";
    return std::move(args_);
}

json::Raw stats(std::uint64_t active, std::uint64_t total, std::string_view timestamp) {
    return json::obj("activeConnections", active, "totalConnections", total, "timestamp", timestamp);
}

}  // namespace admin
