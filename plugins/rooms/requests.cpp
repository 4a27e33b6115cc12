#include "requests.h"

#include <cstddef>
#include <cstdint>

namespace rooms {

namespace json = wshub::json;

namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr Refusal kWrongName{"INVALID_FORMAT", "A room name is a text of 1 to 255 bytes", false};
constexpr Refusal kIncomplete{"INVALID_FORMAT", "Missing room or message", true};

// The code unit of the escape \uXXXX at `at`; nothing else reaches surrogates in valid JSON.
std::uint32_t unit_at(std::string_view raw, std::size_t at) {
    if (raw.substr(at, 2) != "\\u" || raw.size() < at + 6) return 0;
    std::uint32_t unit = 0;
    for (const char digit : raw.substr(at + 2, 4)) {
        const int value = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
        unit = unit << 4 | static_cast<std::uint32_t>(value);
    }
    return unit;
}

// False for surrogates without their other half: they have no UTF-8, so that rooms named with different ones would be
// one room.
bool is_unicode(const json::View& text) {
    const std::string_view raw = text.raw();
    for (std::size_t at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at)) {
        const std::uint32_t unit = unit_at(raw, at);
        const bool high = unit >= 0xD800 && unit <= 0xDBFF;
        const bool low = unit >= 0xDC00 && unit <= 0xDFFF;
        const std::uint32_t next = high ? unit_at(raw, at + 6) : 0;
        if (low || (high && (next < 0xDC00 || next > 0xDFFF))) return false;
        at += high ? 12 : 2;
    }
    return true;
}

}  // namespace

std::variant<std::string, Refusal> read_room(const json::View& name) {
    if (!name.is_string() || !is_unicode(name)) return kWrongName;
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
