// Socket.IO 5 above Engine.IO sessions: namespaces, sockets, rooms, acknowledgements, broadcast. One shard for each
// loop holds the sockets of that loop's sessions. The shard's loop is the only writer and reads without a lock; other
// threads read under the shard's mutex, which the loop takes only to write. What changes a socket of another loop
// travels there by Loop::post.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "hub/types.h"
#include "net/loop.h"
#include "session/session.h"

namespace wshub::hub {

class Hub final : public session::SessionFactory {
public:
    Hub(HubSettings settings, std::vector<net::Loop*> loops, const base::Clock& clock, base::Metrics& metrics);
    ~Hub();

    // Before the first session.
    void set_sink(EventSink& sink);

    std::unique_ptr<session::SessionUser> on_open(session::Session& session) override;

    // Any thread from here on. Where a call concerns a socket of another loop, its effect follows in the order of the
    // calls made.

    // Encodes once and queues for every socket addressed, each once. Fails with kInvalid (name reserved or empty, args
    // not a JSON array, placeholders without attachment, no target) or kLimit (more than 10 attachments): then nobody
    // gets anything.
    HubError emit(const Emit& emit);
    // Answers the client's emit; `args` is a JSON array. The first answer counts: kAlreadyAcked or kNoSuchAck
    // afterwards (on the socket's loop; from other threads a second answer is dropped there).
    HubError ack(AckHandle ack, std::string_view args, std::span<const std::string_view> attachments = {});
    // The answer will come after the handlers have returned. Handlers' thread only. Without it, an event nobody
    // answered is acknowledged with
    // {"status":"ok"} when its handlers are done.
    HubError keep_ack(AckHandle ack);
    // Refuses a request: system:error {code, message} to the socket, and, if it asked for an ack that was not given
    // yet,
    // {"status":"error","code","message"} or `ack_args` (a JSON array) if not empty.
    HubError fail(SocketHandle socket, AckHandle ack, std::string_view code, std::string_view message,
                  std::string_view ack_args = {});

    // Joins hooks run after the handler that called. `changed` (may be null; exact on the socket's loop, else as it
    // looks now) tells whether it was not in (not out) before. kInvalid: an empty name, or one over 255 bytes in the
    // clients' space.
    HubError join(SocketHandle socket, RoomRef room, bool* changed = nullptr);
    HubError leave(SocketHandle socket, RoomRef room, bool* changed = nullptr);
    // Ends the socket ("server namespace disconnect", the client does not come back by itself), or its transport.
    HubError disconnect(SocketHandle socket);
    HubError close_transport(SocketHandle socket, session::CloseReason reason = session::CloseReason::kServerForced);

    // Runs `read` with the record and says true, or says false if the socket is gone. `read` must be short and must not
    // call the hub.
    bool read(SocketHandle socket, const std::function<void(const SocketRecord&)>& read) const;
    // Claims the name over all sockets: kTaken if another socket has it. An empty name releases it.
    HubError set_username(SocketHandle socket, std::string_view name);
    HubError set_profile(SocketHandle socket, std::string_view json);
    HubError set_var(SocketHandle socket, std::string_view key, std::string_view json);  // empty: erases

    SocketHandle find(std::string_view sid) const;                  // 0: none
    SocketHandle find_user(std::string_view username) const;        // 0: none
    std::vector<SocketHandle> sockets(std::string_view nsp) const;  // those that joined; empty nsp: of all namespaces
    std::vector<SocketHandle> members(std::string_view nsp, RoomRef room) const;
    std::vector<std::pair<std::string, std::size_t>> rooms(
        std::string_view nsp) const;  // client rooms with their sizes
    std::size_t socket_count(std::string_view nsp) const;
    std::uint64_t total_connections(std::string_view nsp) const;  // since the start

    net::Loop& loop_of_socket(SocketHandle socket) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::hub
