#include <wshub/plugin.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "requests.h"

namespace {

// Session variable: the room that it has just left by leave_room, until left() is told, perhaps in the next version of
// the plugin.
constexpr std::string_view kAskedFor = "rooms.asked_for";

class Rooms : public wshub::Plugin {
public:
    explicit Rooms(wshub::Host host) : Plugin(host) {
        on("join_room", [this](wshub::Event& event) { join(event); });
        on("leave_room", [this](wshub::Event& event) { leave(event); });
        on("room_message", [this](wshub::Event& event) { message(event); });
        on_leave([this](wshub::Session session, std::string_view room) { left(session, std::string(room)); });
    }

private:
    void join(wshub::Event& event) {
        const auto read = rooms::read_room(event[0]);
        if (const auto* refusal = std::get_if<rooms::Refusal>(&read)) return refuse(event, *refusal);
        const auto& room = std::get<std::string>(read);
        const wshub::Session session = event.session();
        switch (enter(session, room)) {
            case Entered::new_there: to_room(room).emit("room_joined", rooms::membership(room, session.sid())); break;
            case Entered::was_there: break;
            case Entered::too_many: return refuse(event, rooms::too_many_rooms());
        }
        event.ack(rooms::done("joined", room));
    }

    enum class Entered : std::uint8_t { new_there, was_there, too_many };
    static Entered enter(const wshub::Session& session, const std::string& room) try {
        return session.join(room) ? Entered::new_there : Entered::was_there;
    } catch (const wshub::Error& error) {
        if (error.code() == WSHUB_ELIMIT) return Entered::too_many;
        throw;
    }

    void leave(wshub::Event& event) {
        const auto read = rooms::read_room(event[0]);
        if (const auto* refusal = std::get_if<rooms::Refusal>(&read)) return refuse(event, *refusal);
        const auto& room = std::get<std::string>(read);
        const wshub::Session session = event.session();
        if (session.leave(room)) session.set_var(kAskedFor, room);
        event.ack(rooms::done("left", room));
    }

    void message(wshub::Event& event) {
        const auto read = rooms::read_room_message(event[0]);
        if (const auto* refusal = std::get_if<rooms::Refusal>(&read)) return refuse(event, *refusal);
        const auto& message = std::get<rooms::RoomMessage>(read);
        const wshub::Session sender = event.session();
        if (members_only_ && !sender.in(message.room)) return refuse(event, rooms::not_a_member());
        to_room(message.room).except(sender).with(event).emit("room_message", rooms::delivery(sender.sid(), message));
        event.ack(rooms::done("sent", message.room));
    }

    // In whatever way a session leaves a room, those who remain are told; and so is the session itself, when it is
    // still there and it was somebody else who took it out.
    void left(const wshub::Session& session, const std::string& room) {
        const wshub::json::Raw told = rooms::membership(room, session.sid());
        to_room(room).emit("room_left", told);
        const bool asked = wshub::json::View(session.var(kAskedFor)).equals(room);
        if (asked) {
            session.erase_var(kAskedFor);
        } else {
            to(session).emit("room_left", told);  // which does nothing once it is gone
        }
    }

    static void refuse(wshub::Event& event, const rooms::Refusal& refusal) {
        if (refusal.bare_ack) {
            event.fail_with(refusal.code, refusal.message, rooms::bare_refusal(refusal));
        } else {
            event.fail(refusal.code, refusal.message);
        }
    }

    const bool members_only_ =
        config("members_only", false, "Only members of a room may send room_message to it; others get FORBIDDEN.");
};

}  // namespace

WSHUB_PLUGIN(Rooms, "rooms", "0.1.0")
