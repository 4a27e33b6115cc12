// What clients may ask of rooms, and what they are told, as the event contract has it. Knows no server.
#pragma once

#include <wshub/json.h>

#include <string>
#include <string_view>
#include <variant>

namespace rooms {

// A request that is not served.
struct Refusal {
    std::string_view code;
    std::string_view message;
    // The contract gives this one an acknowledgement without a code.
    bool bare_ack = false;
};

// The name that `join_room` and `leave_room` were given: text of 1 to 255 bytes.
std::variant<std::string, Refusal> read_room(const wshub::json::View& name);

struct RoomMessage {
    std::string room;
    wshub::json::View message;  // as the sender wrote it; holds as long as the request
};
std::variant<RoomMessage, Refusal> read_room_message(const wshub::json::View& request);

// For a sender that is not in the room, where only members may speak.
Refusal not_a_member();

// For a client that is in as many rooms as [limits] max_rooms_per_session lets it.
Refusal too_many_rooms();

// What the room is told.
wshub::json::Raw membership(std::string_view room, std::string_view sid);  // room_joined, room_left
wshub::json::Raw delivery(std::string_view sender_sid, const RoomMessage& message);

// What the client is answered.
wshub::json::Raw done(std::string_view status, std::string_view room);  // "joined", "left", "sent"
wshub::json::Raw bare_refusal(const Refusal& refusal);                  // for those with bare_ack

}  // namespace rooms
