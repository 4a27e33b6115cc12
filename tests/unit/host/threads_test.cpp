// Plugins under traffic from real loops: what the sanitizers watch.
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>

#include "host_world.h"

using namespace wshub;
using namespace wshub::test;

namespace {

// Everything on the loops' own threads, time as it is.
struct Traffic {
    Traffic() {
        for (unsigned i = 0; i < 2; ++i) {
            loops.push_back(std::make_unique<net::Loop>(i, clock));
            pointers.push_back(loops.back().get());
        }
        hub = std::make_unique<hub::Hub>(hub::HubSettings{}, pointers, clock, metrics);
        host::HostSettings settings;
        settings.directory = directory.path();
        settings.enabled = {"good"};
        host = std::make_unique<host::PluginHost>(settings, *hub, pointers, clock, metrics);
        hub->set_sink(*host);
        REQUIRE(host->load().empty());
        for (const auto& loop : loops) loop->start();
        host->start();
    }
    ~Traffic() {
        for (const auto& loop : loops) loop->stop();
        sessions.clear();
    }

    template <class Do>
    void on_loop(unsigned loop, Do act) {
        std::promise<void> done;
        loops[loop]->post([&] {
            act();
            done.set_value();
        });
        done.get_future().wait();
    }
    FakeSession& connect(unsigned loop) {
        FakeSession* session = nullptr;
        on_loop(loop, [&] {
            sessions.push_back(std::make_unique<FakeSession>(*pointers[loop], *hub));
            session = sessions.back().get();
            session->text("0");
        });
        return *session;
    }
    // Sends events one by one, each in a turn of its own, until told to stop.
    void chat(FakeSession& session) {
        if (quit) return;
        static const std::string kPackets[] = {R"(21["echo",1])",  R"(2["post"])",      R"(2["join","r"])",
                                               R"(2["here"])",     R"(2["hide"])",      R"(22["later"])",
                                               R"(2["ask"])",      R"(2["leave","r"])", R"(2["boom"])",
                                               R"(2["name","x"])", R"(21["who"])"};
        session.text(kPackets[sent++ % std::size(kPackets)]);
        session.packets.clear();
        session.loop().post([this, &session] { chat(session); });
    }

    LogCapture log;
    PluginDirectory directory{std::vector<std::string>{"good"}};
    base::SystemClock clock;
    base::Metrics metrics;
    std::vector<std::unique_ptr<net::Loop>> loops;
    std::vector<net::Loop*> pointers;
    std::unique_ptr<hub::Hub> hub;
    std::unique_ptr<host::PluginHost> host;
    std::vector<std::unique_ptr<FakeSession>> sessions;
    std::atomic<bool> quit{false};
    std::atomic<unsigned> sent{0};
};

}  // namespace

TEST_CASE("plugins can be stopped while events, timers and posts are on their way", "[threads]") {
    Traffic traffic;
    std::vector<FakeSession*> clients;
    for (unsigned i = 0; i < 6; ++i) clients.push_back(&traffic.connect(i % 2));
    for (FakeSession* client : clients) client->loop().post([&traffic, client] { traffic.chat(*client); });
    while (traffic.sent < 3000) std::this_thread::yield();
    traffic.host->stop();
    const unsigned before = traffic.sent;
    while (traffic.sent < before + 300) std::this_thread::yield();  // now nobody handles them
    traffic.quit = true;
    CHECK(traffic.host->plugins().empty());
}
