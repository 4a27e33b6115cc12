// The sockets of one loop: who is there, in which rooms, what each is waiting for. The loop's thread is the only writer
// and reads without a lock; others read under the lock that reading() gives, which the loop takes only to write. What
// is called upwards (the EventSink) is called from here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/acks.h"
#include "hub/core.h"
#include "hub/message.h"
#include "hub/rooms.h"
#include "hub/slots.h"
#include "hub/socket.h"
#include "hub/types.h"
#include "net/loop.h"
#include "protocol/socket_packet.h"

namespace wshub::hub {

class Client;

class Shard {
public:
    Shard(Core& core, net::Loop& loop);
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    // ---- any thread

    Core& core() { return core_; }
    net::Loop& loop() const { return loop_; }
    bool here() const { return loop_.in_thread(); }
    RoomFilter& filter() { return filter_; }

    // Hold it while using what stands below. Costs nothing on the loop's own thread.
    [[nodiscard]] std::unique_lock<std::mutex> reading() const;
    Socket* find(SocketHandle handle);   // until its last hook has returned
    Socket* alive(SocketHandle handle);  // that something can still be done with
    std::span<Socket* const> joined(const Namespace& nsp) const;
    const Rooms* rooms(const Namespace& nsp) const;  // null: nobody was ever there

    // ---- the loop's thread: what packets lead to (dispatch.cpp)

    // The client asks for a namespace that exists. Answers it, or keeps it waiting, and calls the hooks.
    void connect(Client& client, session::Session& session, Namespace& nsp, std::string_view auth);
    // The verdict that the socket waited for, and where to go on if it is yes.
    void decided(SocketHandle handle, Holder holder, const ConnectVerdict& verdict);
    void decided_too_late(SocketHandle handle);
    // The client is gone while its socket was connecting: it has never been.
    void abandon(SocketHandle handle);
    void event(Socket& socket, const protocol::SocketPacket& packet, std::span<const std::string_view> attachments);
    void reply(Socket& socket, std::uint64_t id, std::string_view args, std::span<const std::string_view> attachments);
    // `told`: the reason as the log of closes has it.
    void leave(Socket& socket, std::string_view reason, std::string_view told);
    // Refuses an event before anybody sees it.
    void refuse(Socket& socket, std::optional<std::uint64_t> ack_id, std::string_view code, std::string_view message,
                bool say_so = true);
    // Calls the hooks that wait. Whoever has called upwards calls this when the call has returned.
    void run_hooks();
    // The client is gone without having been closed: no hooks.
    void forget(SocketHandle handle);
    void reply_is_late(PendingReply& late);
    void event_done(SocketHandle handle, AckHandle ack, std::string_view name, bool known, bool kept);
    // The client goes: its sockets whose hooks wait do without.
    void orphan(const Client& client);

    // ---- the loop's thread: what the hub's calls come to

    void deliver(const Audience& to, std::span<const protocol::PacketRef> packets);
    HubError ask(const Emit& emit, std::span<const SocketHandle> sockets);
    void ask(const Question& question);
    HubError answer(AckHandle ack, std::string_view args, std::span<const std::string_view> attachments);
    HubError keep(AckHandle ack);
    HubError suspend(SocketHandle handle);
    HubError fail(SocketHandle handle, AckHandle ack, std::string_view code, std::string_view message,
                  std::string_view ack_args);
    HubError join(SocketHandle handle, RoomRef room, bool* changed);
    HubError leave_room(SocketHandle handle, RoomRef room, bool* changed);
    HubError disconnect(SocketHandle handle, std::string_view told);
    HubError close_transport(SocketHandle handle, session::CloseReason reason);
    // The name has been claimed for the socket under that key.
    HubError rename(SocketHandle handle, const Namespace& nsp, std::string_view name, std::string_view key);
    HubError set_profile(SocketHandle handle, std::string_view json);
    HubError set_following(SocketHandle handle, std::string_view json, std::vector<std::string> keys);
    HubError set_roles(SocketHandle handle, std::vector<std::string> roles);
    HubError hold(SocketHandle handle, Holder holder);
    void refuse_held(std::uint32_t owner, const ConnectVerdict& verdict);
    HubError set_var(SocketHandle handle, std::string_view key, std::string_view json);
    void note_transport(Socket& socket);
    // False: it is not in.
    bool look(SocketHandle handle, Look depth, SocketView& out);
    // A connection that ends without having been in any namespace.
    void closed_outside(session::Session& session, session::CloseReason reason);

private:
    // What one namespace has here.
    struct Local {
        Local(const Namespace& nsp, RoomFilter& filter) : rooms(nsp.id, filter) {}
        std::vector<Socket*> joined;
        Rooms rooms;
    };
    struct Hook {
        enum class Kind : std::uint8_t { kJoin, kLeave, kGone, kReplyLost } kind;
        SocketHandle socket;
        std::string room;
        std::uint64_t owner = 0, cookie = 0;
    };

    Socket& open(Client& client, session::Session& session, Namespace& nsp, std::string_view auth);
    void ask_plugins(Socket& socket, Holder behind);
    void conclude(Socket& socket, const ConnectVerdict& verdict);
    // Its hooks wait; run_hooks() must follow.
    void accept(Socket& socket);
    void vanish(Socket& socket, const ConnectVerdict& verdict);
    void keep_waiting(Socket& socket);
    void drop(Socket& socket);
    bool put_by(Socket& socket, std::span<const protocol::PacketRef> packets);
    bool has_too_many_rooms(const Socket& socket, RoomRef room);
    void moved(Socket& socket, bool joined, std::string room);
    void log_close(const Socket& socket, std::string_view told);
    void erase(Socket& socket);
    // Out of rooms and lists, and owed nothing any more.
    void detach(Socket& socket, bool tell_about_replies);
    void finish(Socket& socket);

    const Local* local(const Namespace& nsp) const;
    Local& local(const Namespace& nsp);

    bool give(Socket& socket, std::span<const protocol::PacketRef> packets, bool is_volatile);
    void mark_excepted(const Audience& to, std::uint64_t mark);
    HubError ask_one(Socket& socket, const Emit& emit);
    void count_out(std::int64_t given, base::Counter* sender);
    bool lose_volatile();
    void send_ack(Socket& socket, std::uint64_t id, std::string_view args);
    void note_refusal(Socket& socket, std::string_view code);
    void send_error(Socket& socket, std::string_view code, std::string_view message);
    void handle_event(Socket& socket, const protocol::SocketPacket& packet,
                      std::span<const std::string_view> attachments);
    bool put_off(Socket& socket, std::size_t bytes, std::function<void(Socket*)> handle);
    void hand_up(const Reply& reply);
    void unknown_event(Socket& socket, AckHandle ack, std::string_view name);

    template <class Call>
    auto call_sink(Call call);
    void queue(Hook hook);
    void run(const Hook& hook);

    Core& core_;
    net::Loop& loop_;
    RoomFilter filter_;
    mutable std::mutex mutex_;  // the loop holds it to write the three below
    SlotTable<std::unique_ptr<Socket>> sockets_;
    std::vector<std::unique_ptr<Local>> locals_;  // by the namespace's id

    Acks acks_;
    std::uint64_t marks_ = 0;
    std::deque<Hook> hooks_;
    unsigned calling_ = 0;  // calls upwards under way
    bool running_ = false;  // run_hooks() is under way
    bool deferred_ = false;
    std::vector<SocketHandle> suspended_;
    SocketHandle in_event_ = 0;  // whose on_event is under way
};

}  // namespace wshub::hub
