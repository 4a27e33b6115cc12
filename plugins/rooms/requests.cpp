#include "requests.h"

#include <cstddef>

namespace rooms {

namespace json = wshub::json;

namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr Refusal kWrongName{"INVALID_FORMAT", "A room name is a text of 1 to 255 bytes", false};
constexpr Refusal kIncomplete{"INVALID_FORMAT", "Missing room or message", true};

}  // namespace

std::variant<std::string, Refusal> read_room(const json::View& name) {
    if (!name.is_unicode()) return kWrongName;
    std::string room = name.str();
    if (room.empty() || room.size() > kMaxNameBytes) return kWrongName;
    return room;
}

std::variant<RoomMessage, Refusal> read_room_message(const json::View& request) {
    const json::View name = request["room"];
    const json::View message = request["message"];
    if (!name.is_string() || name.raw().empty() || !message) return kIncomplete;
    auto room = read_room(name);
    if (const auto* refusal = std::get_if<Refusal>(&room)) return *refusal;
    return RoomMessage{std::get<std::string>(std::move(room)), message};
}

Refusal not_a_member() {
    return {"FORBIDDEN", "Only members of the room may send to it", false};
}

Refusal too_many_rooms() {
    return {"FORBIDDEN", "Too many rooms", false};
}

json::Raw membership(std::string_view room, std::string_view sid) {
    return json::obj("room", room, "sid", sid);
}

json::Raw delivery(std::string_view sender_sid, const RoomMessage& message) {
    return json::obj("from", sender_sid, "room", message.room, "message", message.message);
}

json::Raw done(std::string_view status, std::string_view room) {
    return json::obj("status", status, "room", room);
}

json::Raw bare_refusal(const Refusal& refusal) {
    return json::obj("status", "error", "message", refusal.message);
}

}  // namespace rooms
