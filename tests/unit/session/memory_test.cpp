// What an idle session costs in this layer, by the allocator's own figures (under a sanitizer it has none).
#include <malloc.h>

#include <catch2/catch.hpp>

#include "engine_bench.h"
#include "session/session_impl.h"

using namespace wshub;
using namespace wshub::test;

namespace {

// Takes everything, keeps nothing.
class NullStream final : public net::Stream {
public:
    explicit NullStream(net::Loop& loop) : loop_(loop) {}
    void set_handler(net::StreamHandler*) override {}
    std::size_t write(std::span<const iovec> pieces) override {
        std::size_t all = 0;
        for (const iovec& piece : pieces) all += piece.iov_len;
        return all;
    }
    void pause_reading() override {}
    void resume_reading() override {}
    net::Loop& loop() override { return loop_; }
    const net::Peer& peer() const override { return peer_; }

protected:
    void finish_self(std::unique_ptr<net::Stream>, std::string) override {}

private:
    net::Loop& loop_;
    net::Peer peer_;
};

class NullExchange final : public net::HttpExchange {
public:
    NullExchange(net::Loop& loop, const protocol::HttpHead& head) : loop_(loop), head_(head) {}
    const protocol::HttpHead& head() const override { return head_; }
    std::string& body() override { return body_; }
    const net::Peer& peer() const override { return peer_; }
    net::Loop& loop() override { return loop_; }
    void respond(net::HttpResponse) override {}
    void on_abandoned(std::function<void()>) override {}
    Upgraded upgrade(std::vector<std::pair<std::string, std::string>>) override {
        return {std::make_unique<NullStream>(loop_), {}};
    }

private:
    net::Loop& loop_;
    const protocol::HttpHead& head_;
    std::string body_;
    net::Peer peer_{"192.0.2.1", 1, false};
};

class NullUser final : public session::SessionUser {
public:
    void on_text(std::span<char>) override {}
    void on_binary(std::span<char>) override {}
    void on_closed(CloseReason) override {}
};

std::size_t allocated() {
    return ::mallinfo2().uordblks;
}

class NullFactory final : public session::SessionFactory {
public:
    std::unique_ptr<session::SessionUser> on_open(Session& session) override {
        sessions.push_back(&session);
        return std::make_unique<NullUser>();
    }
    std::vector<Session*> sessions;
};

}  // namespace

TEST_CASE("an idle session over WebSocket costs well below a kilobyte here", "[memory]") {
    constexpr std::size_t kSessions = 1000;
    base::ManualClock clock;
    net::Loop loop(0, clock);
    const net::Loop::Enter enter(loop);
    base::Metrics metrics;
    NullFactory factory;
    factory.sessions.reserve(kSessions);
    session::Engine engine({}, {&loop}, factory, metrics);
    const auto head = make_head("GET", "/socket.io/?EIO=4&transport=websocket", websocket_headers());

    const std::size_t before = allocated();
    for (std::size_t i = 0; i < kSessions; ++i) engine.on_exchange(std::make_unique<NullExchange>(loop, head));
    for (int i = 0; i < 3; ++i) {
        for (Session* session : factory.sessions) session->send(protocol::EncodedPacket::text("4hello"));
        loop.turn();
    }
    const auto each = static_cast<double>(allocated() - before) / kSessions;
    // Not of this layer: the stream, the user, the head that the handshake must keep.
    const double others = static_cast<double>(sizeof(NullStream) + sizeof(NullUser) + 16 + 16);
    const double kept_head = static_cast<double>(head.text().size() + 16);
    INFO("idle WebSocket session: " << each - others << " bytes, of them " << kept_head
                                    << " of the request that opened it; sizeof SessionImpl "
                                    << sizeof(session::SessionImpl) << ", WebSocketTransport "
                                    << sizeof(session::WebSocketTransport));
    CHECK(each - others - kept_head < 800);
}

TEST_CASE("the head that opened a session is kept once, whatever is large in it", "[memory]") {
    constexpr std::size_t kSessions = 100;
    base::ManualClock clock;
    net::Loop loop(0, clock);
    const net::Loop::Enter enter(loop);
    base::Metrics metrics;
    NullFactory factory;
    factory.sessions.reserve(kSessions);
    session::Engine engine({}, {&loop}, factory, metrics);
    const std::string large(7000, 'x');
    const auto head = make_head("GET", "/socket.io/?EIO=4&transport=websocket&x=" + large,
                                websocket_headers({"User-Agent: " + large}));

    const std::size_t before = allocated();
    for (std::size_t i = 0; i < kSessions; ++i) engine.on_exchange(std::make_unique<NullExchange>(loop, head));
    loop.turn();
    const std::size_t each = (allocated() - before) / kSessions;
    CHECK(each < head.text().size() + 2000);
}
