// What channels and handlers that block become when a new version of their plugin takes over.
#include "host/succession.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "fake_exchange.h"
#include "host_world.h"
#include "protocol/websocket.h"

using namespace wshub;
using namespace wshub::test;
using std::chrono::milliseconds;

namespace {

// A hub with the plugin "relay", version 1, and one worker.
struct Relaying {
    Relaying() : world(directory, {"relay"}) {
        put("relay_1");
        world.settings.workers = 1;
        world.run();
    }
    ~Relaying() {
        world.host->begin_close(session::CloseReason::kServerShuttingDown);
        world.turn();
    }
    void put(const std::string& version) {
        const std::filesystem::path passing = directory.path() / ".passing";
        std::ofstream(passing, std::ios::binary) << read_file(built_plugin(version));
        ::chmod(passing.c_str(), 0644);
        std::filesystem::rename(passing, directory.file("relay"));
    }
    void reload() {
        put("relay_2");
        REQUIRE(world.host->request_reload("relay"));
        world.host->finish_reloads();
        world.turn();
    }
    std::shared_ptr<FakeReply> open(const std::string& path) {
        auto exchange = std::make_unique<FakeExchange>(
            *world.loop_pointers[0],
            make_head("GET", path,
                      {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}),
            "");
        const auto reply = exchange->reply();
        const net::Loop::Enter here(*world.loop_pointers[0]);
        world.host->on_exchange(std::move(exchange));
        return reply;
    }
    // Until the client was sent that many packets.
    Packets awaits(FakeSession& client, std::size_t count) {
        Packets all;
        for (int i = 0; i < 500 && all.size() < count; ++i) {
            world.turn();
            for (std::string& each : got(client)) all.push_back(std::move(each));
            if (all.size() < count) std::this_thread::sleep_for(milliseconds{10});
        }
        return all;
    }

    LogCapture captured;
    PluginDirectory directory;
    HostWorld world;
};

const std::string kRestart = protocol::close_frame(protocol::CloseCode::kServiceRestart);

host::Route route(std::size_t plugin, std::vector<wshub_slot> slots, std::vector<std::int32_t> priorities) {
    host::Route made;
    made.plugin = plugin;
    made.slots = std::move(slots);
    made.priorities = std::move(priorities);
    return made;
}

}  // namespace

TEST_CASE("each handler of a new version belongs to one place of the old one's", "[succession]") {
    using host::Share;
    const host::RouteList old{route(0, {1, 2}, {9, 5}), route(1, {1}, {5}), route(0, {3}, {0})};
    const host::RouteList now{route(0, {1, 2, 3, 4}, {20, 6, 1, 0}), route(0, {5}, {-3})};
    CHECK(Share::of(old, 0, false).in(now, 0).slots == std::vector<wshub_slot>{1, 2, 3});
    CHECK(Share::of(old, 2, false).in(now, 0).slots == std::vector<wshub_slot>{4, 5});
    CHECK(Share::of(old, 0, true).in(now, 0).slots == std::vector<wshub_slot>{2, 3});
    CHECK(Share::of(old, 0, false).in(now, 1).slots.empty());
    CHECK(Share::of(old, 0, false).from(old[0], 1).in(now, 0).slots == std::vector<wshub_slot>{3});
    CHECK(Share::of(old, 0, false).from(old[0], 2).in(now, 0).slots.empty());
}

TEST_CASE("of handlers of one priority, as many are left as were not called", "[succession]") {
    using host::Share;
    const host::RouteList same{route(0, {1, 2, 3, 4}, {0, 0, 0, -1})};
    const Share left = Share::of(same, 0, false).from(same[0], 1);
    const host::Route next = left.in(same, 0);
    CHECK(next.slots == std::vector<wshub_slot>{2, 3, 4});
    CHECK(left.from(next, 0).in(same, 0).slots == std::vector<wshub_slot>{2, 3, 4});
    CHECK(left.from(next, 1).in(same, 0).slots == std::vector<wshub_slot>{3, 4});
    CHECK(left.from(next, 2).in(same, 0).slots == std::vector<wshub_slot>{4});
}

TEST_CASE("clients of a channel stay where the new version serves it, and are closed elsewhere", "[succession]") {
    Relaying site;
    const auto kept = site.open("/kept/"), gone = site.open("/gone/"), other = site.open("/other-form/");
    CHECK(site.open("/new/")->response->status == 404);
    site.world.turn();
    const std::size_t before = kept->wire->written.size();
    site.reload();
    CHECK(kept->wire->written.size() == before);
    CHECK(gone->wire->written.ends_with(kRestart));
    CHECK(other->wire->written.ends_with(kRestart));
    CHECK(site.open("/gone/")->response->status == 404);
    CHECK(site.open("/new/")->upgrade_headers);
    CHECK(site.open("/kept/")->upgrade_headers);
    CHECK(site.world.host->owns_path("/new/7"));
    CHECK_FALSE(site.world.host->owns_path("/gone/7"));
    CHECK(site.world.host->http_prefixes() == std::vector<std::string>{"/kept/", "/new/", "/other-form/"});
}

TEST_CASE("a plugin that is removed takes its channels along", "[succession]") {
    Relaying site;
    const auto kept = site.open("/kept/");
    site.world.turn();
    std::filesystem::remove(site.directory.file("relay"));
    REQUIRE(site.world.host->request_reload());
    site.world.host->finish_reloads();
    site.world.turn();
    CHECK(kept->wire->written.ends_with(kRestart));
    CHECK(site.open("/kept/")->response->status == 404);
}

TEST_CASE("a reload waits for handlers that block; what waits for a worker is the new version's", "[succession]") {
    Relaying site;
    FakeSession &first = site.world.client(), &second = site.world.client(), &third = site.world.client(),
                &fourth = site.world.client(), &fifth = site.world.client();
    first.text(R"(21["work",300])");
    const auto at_work = [&site] { return site.captured.text().find("at work") != std::string::npos; };
    for (int i = 0; i < 500 && !at_work(); ++i) std::this_thread::sleep_for(milliseconds{10});
    second.text(R"(21["work",0])");
    third.text(R"(21["gone in 2",0])");
    fourth.text(R"(21["quick in 2",0])");
    fifth.text(R"(21["steps"])");
    site.reload();
    INFO(site.captured.text());
    CHECK(site.awaits(first, 1) == Packets{"31[1]"});
    CHECK(site.awaits(second, 1) == Packets{"31[2]"});
    const Packets refused = site.awaits(third, 2);
    REQUIRE(refused.size() == 2);
    CHECK(refused[0].find("INTERNAL") != std::string::npos);
    CHECK(site.awaits(fourth, 1) == Packets{"31[2]"});
    CHECK(site.awaits(fifth, 4) ==
          Packets{R"(2["step",1,1])", R"(2["step",2,2])", R"(2["step",2,3])", R"(31[{"status":"ok"}])"});
}
