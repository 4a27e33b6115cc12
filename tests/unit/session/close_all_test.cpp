// Engine::close_all() with loops that run, since it waits for them.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;

namespace {

// Counts ends; sessions of several loops tell it.
class CountingFactory final : public session::SessionFactory {
public:
    std::unique_ptr<session::SessionUser> on_open(Session& session) override {
        session.send(protocol::EncodedPacket::text("4queued"));
        return std::make_unique<User>(*this);
    }
    std::atomic<int> closed{0};
    std::atomic<int> shutting_down{0};

private:
    struct User final : session::SessionUser {
        explicit User(CountingFactory& its_factory) : factory(its_factory) {}
        void on_text(std::span<char>) override {}
        void on_binary(std::span<char>) override {}
        void on_closed(CloseReason reason) override {
            ++factory.closed;
            if (reason == CloseReason::kServerShuttingDown) ++factory.shutting_down;
        }
        CountingFactory& factory;
    };
};

struct RunningEngine {
    RunningEngine() {
        first.start();
        second.start();
    }
    ~RunningEngine() {
        first.stop();
        second.stop();
    }

    // Runs on the loop and waits for it.
    template <class Action>
    auto on(net::Loop& loop, Action action) {
        std::promise<decltype(action())> done;
        loop.post([&] { done.set_value(action()); });
        return done.get_future().get();
    }
    std::shared_ptr<FakeReply> request(net::Loop& loop, const std::string& target,
                                       std::size_t room = FakeWire::kUnlimited) {
        return on(loop, [&] {
            auto exchange = std::make_unique<FakeExchange>(loop, make_head("GET", target, websocket_headers()));
            auto reply = exchange->reply();
            reply->wire->otherwise = room;
            engine.on_exchange(std::move(exchange));
            return reply;
        });
    }

    base::SystemClock clock;
    net::Loop first{0, clock}, second{1, clock};
    base::Metrics metrics;
    CountingFactory factory;
    session::Engine engine{{}, {&first, &second}, factory, metrics};
};

constexpr const char* kPolling = "/socket.io/?EIO=4&transport=polling";
constexpr const char* kWebSocket = "/socket.io/?EIO=4&transport=websocket";

}  // namespace

TEST_CASE("closing all sessions waits until each has had its goodbye", "[close_all]") {
    RunningEngine running;
    std::vector<WebSocketEnd> sockets;
    std::vector<std::shared_ptr<FakeReply>> polls;
    for (net::Loop* loop : {&running.first, &running.second}) {
        for (int i = 0; i < 20; ++i) {
            sockets.push_back({running.request(*loop, kWebSocket), ""});
            const auto opened = running.request(*loop, kPolling);
            const std::string sid = sid_in(opened->response->body);
            running.request(*loop, std::string(kPolling) + "&sid=" + sid);  // takes what is queued
            polls.push_back(running.request(*loop, std::string(kPolling) + "&sid=" + sid));
        }
    }
    CHECK(running.engine.sessions() == 80);
    running.engine.close_all(CloseReason::kServerShuttingDown, milliseconds(20'000));
    CHECK(running.engine.sessions() == 0);
    CHECK(running.factory.shutting_down == 80);
    for (const WebSocketEnd& end : sockets) {
        const auto payloads = end.payloads();
        REQUIRE(payloads.size() == 3);
        CHECK(payloads[1] == "4queued");
        CHECK(payloads[2] == "close");
    }
    for (const auto& poll : polls) CHECK(body_of(*poll) == "1");
    // Late comers are sent away.
    CHECK(running.request(running.first, kPolling)->response->status == 503);
}

TEST_CASE("closing all sessions does not wait for ever for those that do not listen", "[close_all]") {
    RunningEngine running;
    const auto deaf = running.request(running.first, kWebSocket, 0);
    running.request(running.second, kPolling);
    running.engine.close_all(CloseReason::kServerShuttingDown, milliseconds(50));
    CHECK(running.factory.closed == 2);
    CHECK(deaf->wire->closed());
}

TEST_CASE("closing all sessions where there are none takes no time", "[close_all]") {
    RunningEngine running;
    running.engine.close_all(CloseReason::kServerShuttingDown, milliseconds(20'000));
    CHECK(running.engine.sessions() == 0);
}
