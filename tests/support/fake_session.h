// A session without an Engine.IO server below it: what its user sends is kept, what a client would send is typed in by
// the test. Lives on a loop that the test turns by hand, or on a real one's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "session/session.h"

namespace wshub::test {

class FakeSession final : public session::Session {
public:
    FakeSession(net::Loop& loop, session::SessionFactory& factory, std::string remote = "127.0.0.1",
                session::Address* address = nullptr)
        : loop_(loop),
          address_(address),
          sid_("session-" + std::to_string(++count())),
          handshake_(made_handshake(loop, remote)) {
        const net::Loop::Enter here(loop_);
        user_ = factory.on_open(*this);
    }
    ~FakeSession() override {
        const net::Loop::Enter here(loop_);
        user_.reset();
    }
    FakeSession(const FakeSession&) = delete;
    FakeSession& operator=(const FakeSession&) = delete;

    // ---- the client's side

    // An Engine.IO message, without its '4'. What comes after close() is not delivered, as in a real session.
    void text(std::string_view message) {
        const net::Loop::Enter here(loop_);
        std::string bytes(message);
        if (user_ && !close_reason_) user_->on_text(bytes);
    }
    void binary(std::string_view message) {
        const net::Loop::Enter here(loop_);
        std::string bytes(message);
        if (user_ && !close_reason_) user_->on_binary(bytes);
    }
    // The transport is gone.
    void drop(session::CloseReason reason = session::CloseReason::kTransportClose) {
        const net::Loop::Enter here(loop_);
        if (!close_reason_) close_reason_ = reason;
        tell_closed();
    }
    void upgrade() {
        transport_ = session::TransportKind::kWebSocket;
        user_->on_upgraded();
    }

    // What was sent since the last call, as a text frame's payload; binary messages with "b:" in front.
    std::vector<std::string> received() {
        std::vector<std::string> out;
        for (const protocol::PacketRef& packet : std::exchange(packets, {})) {
            out.push_back((packet->is_binary() ? "b:" : "") + std::string(packet->payload()));
        }
        return out;
    }

    // ---- what the test may look at and set

    std::vector<protocol::PacketRef> packets;
    bool takes_volatile = true;
    // More packets than this that nobody fetches, and the session is closed.
    std::size_t most_packets = static_cast<std::size_t>(-1);
    std::optional<session::CloseReason> close_reason() const { return close_reason_; }
    std::optional<CloseMode> close_mode() const { return close_mode_; }
    bool user_is_gone() const { return !user_; }

    // ---- session::Session

    const std::string& sid() const override { return sid_; }
    net::Loop& loop() override { return loop_; }
    const std::shared_ptr<const session::Handshake>& handshake() const override { return handshake_; }
    session::TransportKind transport() const override { return transport_; }
    session::Address* address() override { return address_; }
    void send(protocol::PacketRef packet) override {
        if (close_reason_) return;
        packets.push_back(std::move(packet));
        if (packets.size() > most_packets) close(session::CloseReason::kQueueFull, CloseMode::kDiscard);
    }
    bool send_volatile(std::span<const protocol::PacketRef> several) override {
        if (!takes_volatile || close_reason_) return false;
        packets.insert(packets.end(), several.begin(), several.end());
        return true;
    }
    std::size_t queued_bytes() const override { return packets.size(); }
    void close(session::CloseReason reason, CloseMode mode = CloseMode::kFlush) override {
        if (close_reason_) return;
        close_reason_ = reason;
        close_mode_ = mode;
        loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
            if (!alive.expired()) tell_closed();
        });
    }
    bool closing() const override { return close_reason_.has_value(); }

private:
    static std::atomic<unsigned>& count() {
        static std::atomic<unsigned> made{0};
        return made;
    }
    static std::shared_ptr<const session::Handshake> made_handshake(net::Loop& loop, const std::string& remote) {
        auto handshake = std::make_shared<session::Handshake>();
        handshake->remote = remote;
        handshake->opened_at = loop.wall();
        return handshake;
    }
    void tell_closed() {
        if (!user_) return;
        user_->on_closed(*close_reason_);
        user_.reset();
    }

    net::Loop& loop_;
    session::Address* const address_;
    const std::string sid_;
    const std::shared_ptr<const session::Handshake> handshake_;
    session::TransportKind transport_ = session::TransportKind::kPolling;
    std::unique_ptr<session::SessionUser> user_;
    std::optional<session::CloseReason> close_reason_;
    std::optional<CloseMode> close_mode_;
    const std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace wshub::test
