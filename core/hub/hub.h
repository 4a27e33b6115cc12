// Socket.IO 5 above Engine.IO sessions: namespaces, sockets, rooms, acknowledgements, broadcast. One shard for each
// loop holds the sockets of that loop's sessions. The shard's loop is the only writer and reads without a lock; other
// threads read under the shard's mutex, which the loop takes only to write. What changes a socket of another loop
// travels there by Loop::post.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "hub/close_log.h"
#include "hub/socket_view.h"
#include "hub/types.h"
#include "net/loop.h"
#include "session/session.h"

namespace wshub::hub {

class Hub final : public session::SessionFactory {
public:
    // `loops` in the order of their indexes, at most 256. The hub outlives the sessions, and the loops' last turns.
    Hub(HubSettings settings, std::vector<net::Loop*> loops, const base::Clock& clock, base::Metrics& metrics);
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    // Before the first session.
    void set_sink(EventSink& sink);

    std::unique_ptr<session::SessionUser> on_open(session::Session& session) override;

    // Any thread from here on. Where a call concerns a socket of another loop, its effect follows in the order of the
    // calls made.

    // Encodes once and queues for every socket addressed, each once, however many ways it is addressed. Fails with
    // kInvalid (name reserved, empty or not UTF-8; args not a JSON array; a placeholder that names none of the
    // attachments given; no target, or one that needs a namespace without one) or kLimit (more than 10 attachments):
    // then nobody gets anything. Handles of sockets that are gone are passed over.
    HubError emit(const Emit& emit);
    // Answers the client's emit; `args` is a JSON array. The first answer counts: kAlreadyAcked or, once the handlers
    // are done, kNoSuchAck afterwards (on the socket's loop; from other threads a second answer is dropped there).
    HubError ack(AckHandle ack, std::string_view args, std::span<const std::string_view> attachments = {});
    // The answer will come after the handlers have returned. Handlers' thread only (elsewhere: kNoSuchAck). Without it,
    // an event nobody answered is acknowledged with {"status":"ok"} when its handlers are done.
    HubError keep_ack(AckHandle ack);
    // For EventSink::on_event() of this socket, on its thread: the handlers go on elsewhere. Until event_done(),
    // nothing else of the socket is handed up: its events and replies wait in their order (above four times
    // max_event_bytes, events are refused with RATE_LIMIT), hooks wait too. kNoSuchSocket: elsewhere, or suspended
    // already.
    HubError suspend(SocketHandle socket);
    // The handlers have returned: what on_event() would have said, and whether the ack was kept. Once for each
    // suspend(). Any thread; what it leads to happens in a later turn.
    struct EventEnd {
        bool known = true;
        bool kept = false;
    };
    void event_done(SocketHandle socket, AckHandle ack, std::string name, EventEnd end);
    // Refuses a request: system:error {code, message} to the socket, and, if it asked for an ack that was not given
    // yet, {"status":"error","code","message"} or `ack_args` (a JSON array) if not empty.
    HubError fail(SocketHandle socket, AckHandle ack, std::string_view code, std::string_view message,
                  std::string_view ack_args = {});

    // Hooks run after the handler that called. `changed` (may be null; exact on the socket's loop, else as it looks
    // now) tells whether it was not in (not out) before. kInvalid: a name that is empty or not UTF-8, or over
    // kMaxRoomNameBytes in the clients' space. join() gives kLimit for a room of clients above max_rooms (exact on the
    // socket's loop, else as it looks now). A socket may be put into rooms before it is in.
    HubError join(SocketHandle socket, RoomRef room, bool* changed = nullptr);
    HubError leave(SocketHandle socket, RoomRef room, bool* changed = nullptr);
    // Ends the socket ("server namespace disconnect", the client does not come back by itself, its connection stays
    // open), or its transport with all its sockets. Before the socket is in, disconnect() refuses it.
    HubError disconnect(SocketHandle socket);
    // The same, as what an operator does: the log of closes has the reason, the client is not told.
    HubError kick(SocketHandle socket, std::string_view reason);
    HubError close_transport(SocketHandle socket, session::CloseReason reason = session::CloseReason::kServerForced);

    // For EventSink::on_connect() of this socket, which then answers kHold: the verdict comes by decide(), which may be
    // called from this moment on. kTaken: held already; kNoSuchSocket: elsewhere, or not during its on_connect. Without
    // a verdict within HubSettings::connect_timeout since its CONNECT the socket is refused.
    HubError hold(SocketHandle socket, Holder holder);
    // The verdict (accept or refuse) on a socket that this owner holds, carried out in a later turn of its loop. Of
    // several calls one counts. kNoSuchSocket: it is gone, is held by nobody or another owner, or was decided.
    HubError decide(SocketHandle socket, std::uint32_t owner, ConnectVerdict verdict);
    // The same for all that this owner still holds.
    void refuse_held(std::uint32_t owner, ConnectVerdict verdict);

    // Runs `read` with the record and says true, or says false if the socket is gone. `read` must be short and must not
    // call the hub.
    template <class Read>
    bool read(SocketHandle socket, Read&& read) const {
        using Called = std::remove_reference_t<Read>;
        const auto call = [](void* called, const SocketRecord& record) { (*static_cast<Called*>(called))(record); };
        return read_with(socket, call, const_cast<void*>(static_cast<const void*>(std::addressof(read))));
    }
    // Claims the name within the socket's namespace (namespaces are isolated from each other, so one name may be online
    // once in each): kTaken if another socket has it, kInvalid if it is no name (username_key()). Names are compared by
    // their keys and kept as they were given. A name is free again when its socket has another one, or is gone and its
    // on_disconnect has returned. An empty name releases it.
    // One that was set before the socket is in stays for its life: kFixed for another.
    HubError set_username(SocketHandle socket, std::string_view name);
    // Whose news it wants: an array of texts; those that are no usernames are kept, but nobody can be meant by them.
    // kLimit: longer than max_event_bytes.
    HubError set_following(SocketHandle socket, std::string_view json);
    HubError set_roles(SocketHandle socket, std::string_view json);                      // an array of texts
    HubError set_profile(SocketHandle socket, std::string_view json);                    // an object
    HubError set_var(SocketHandle socket, std::string_view key, std::string_view json);  // empty: erases

    bool has_role(SocketHandle socket, std::string_view role) const;
    bool has_any_role(SocketHandle socket, std::span<const std::string> roles) const;

    // Sockets that are in; 0: none.
    SocketHandle find(std::string_view sid) const;
    SocketHandle find_user(std::string_view nsp, std::string_view username) const;
    // Those whose following names the user, each once.
    std::vector<SocketHandle> followers(std::string_view nsp, std::string_view username) const;
    bool in_room(SocketHandle socket, RoomRef room) const;
    std::vector<SocketHandle> members(std::string_view nsp, RoomRef room) const;
    // Client rooms by name, with their sizes.
    std::vector<std::pair<std::string, std::size_t>> rooms(std::string_view nsp) const;
    // An empty nsp stands for all namespaces.
    std::vector<SocketHandle> sockets(std::string_view nsp) const;
    std::size_t socket_count(std::string_view nsp) const;
    std::uint64_t total_connections(std::string_view nsp) const;  // since the start

    net::Loop& loop_of_socket(SocketHandle socket) const;

    // ---- for those who watch the hub

    // Namespaces that are configured or were ever joined, with the sockets that are in.
    std::vector<std::pair<std::string, std::size_t>> namespaces() const;
    // Rooms of clients that are not empty, and usernames in use, in all namespaces.
    std::size_t room_count() const;
    std::size_t user_count() const;
    const CloseLog& closes() const;
    // False: the socket is not in. On its loop's thread only.
    bool look(SocketHandle socket, Look depth, SocketView& out) const;

private:
    bool read_with(SocketHandle socket, void (*call)(void*, const SocketRecord&), void* user) const;
    bool has_fixed_username(SocketHandle socket, std::string_view key) const;

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::hub
