// One connection: its sockets, one in each namespace, and the packet that is being put together from several messages.
// Its loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/token_bucket.h"
#include "hub/limits.h"
#include "hub/namespaces.h"
#include "hub/types.h"
#include "net/timer_wheel.h"
#include "protocol/socket_packet.h"
#include "session/session.h"

namespace wshub::hub {

class Shard;
struct Socket;

class Client final : public session::SessionUser {
public:
    Client(Shard& shard, session::Session& session);
    ~Client() override;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void on_text(std::span<char> text) override;
    void on_binary(std::span<char> bytes) override;
    void on_upgraded() override;
    void on_closed(session::CloseReason reason) override;

    // What the shard tells: the socket is in, or has left by the client's will or the server's.
    void joined(const Namespace& nsp, SocketHandle socket);
    // The verdict comes later; and it was no.
    void waits(const Namespace& nsp, SocketHandle socket);
    void refused(SocketHandle socket);
    void left(SocketHandle socket, bool by_server);

private:
    // What is remembered of a namespace that the client has asked for; there are no more than namespaces that exist.
    struct Membership {
        const Namespace* nsp = nullptr;
        SocketHandle socket = 0;   // 0: not in
        SocketHandle waiting = 0;  // asked for, and the verdict comes later
        // Packets that the client sent before it knew are no offence.
        bool left_by_server = false;
        base::TokenBucket events;
        std::optional<base::SteadyTime> told;  // of the rate, the last time
    };
    enum class Verdict : std::uint8_t {
        kFine,
        kUnwanted,  // for a socket that has left, or an ack nobody waits for
        kTooMany,
        kTooBig,
    };
    // A packet whose attachments are still to come. What will be refused is not kept.
    struct Pending {
        explicit Pending(Client& client) : deadline(&Client::attachments_are_late, &client) {}

        std::string text;
        protocol::SocketPacket packet;  // points into the text
        SocketHandle socket = 0;
        Verdict verdict = Verdict::kFine;
        std::size_t bytes = 0;
        bool is_over = false;  // max_event_bytes, and has been counted
        std::size_t missing = 0;
        std::vector<std::string> attachments;
        net::Timer deadline;

        void discard(Verdict because);
    };

    bool may_send(Membership& at);
    bool may_connect();
    void begin_binary(std::span<char> text);
    void connect(const protocol::SocketPacket& packet);
    void receive(const protocol::SocketPacket& packet, std::size_t bytes);
    Verdict judge(Membership& at, const protocol::SocketPacket& packet, std::size_t bytes);
    void complete(SocketHandle handle, Verdict verdict, const protocol::SocketPacket& packet,
                  std::span<const std::string_view> attachments);
    void complete_event(Socket& socket, Verdict verdict, const protocol::SocketPacket& packet,
                        std::span<const std::string_view> attachments);
    bool refuses_size();
    void too_big(Socket& socket, std::optional<std::uint64_t> ack_id);
    void too_many(Socket& socket, std::optional<std::uint64_t> ack_id);
    void count_drop();

    // Null, and the connection is being closed, if the packet is for a namespace that the client is not in.
    Membership* addressed(const protocol::SocketPacket& packet);
    Membership* membership(std::string_view nsp);
    Membership* membership(SocketHandle socket);
    void parse_error(std::string_view what);
    // The client wants it no more while the verdict is still to come.
    bool stops_waiting(std::string_view nsp);
    void wait_if_in_none();
    void wait_for_connect();
    static void connect_timed_out(void* self);
    static void attachments_are_late(void* self);

    Shard& shard_;
    session::Session& session_;
    std::vector<Membership> memberships_;
    std::unique_ptr<Pending> pending_;
    net::Timer connect_timer_{&Client::connect_timed_out, this};
    base::TokenBucket connects_, connect_guard_;
    unsigned refusals_ = 0;
    bool was_in_ = false;              // any namespace, ever
    session::Address* const address_;  // null: nothing is limited by it
    std::unique_ptr<Drops> drops_;     // of one that has had any
};

}  // namespace wshub::hub
