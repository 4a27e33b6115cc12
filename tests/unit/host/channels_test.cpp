// Channels in the host: which paths may be had, and what becomes of their clients when the plugin goes.
#include "host/channels.h"

#include <catch2/catch.hpp>
#include <tuple>

#include "fake_exchange.h"
#include "host/instance.h"
#include "host_world.h"
#include "protocol/websocket.h"

using namespace wshub;
using namespace wshub::test;
using host::Channels;

namespace {

struct Site {
    Site() { world.run(); }
    ~Site() {
        world.host->begin_close(session::CloseReason::kServerShuttingDown);
        world.turn();
    }
    std::shared_ptr<FakeReply> request(const std::string& target, const std::vector<std::string>& headers = {}) {
        auto exchange = std::make_unique<FakeExchange>(*world.loop_pointers[0], make_head("GET", target, headers), "");
        const auto reply = exchange->reply();
        const net::Loop::Enter here(*world.loop_pointers[0]);
        world.host->on_exchange(std::move(exchange));
        return reply;
    }
    std::shared_ptr<FakeReply> websocket(const std::string& target) {
        return request(target, {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="});
    }

    PluginDirectory directory{std::vector<std::string>{"channels"}};
    HostWorld world{directory, {"channels"}};
};

}  // namespace

TEST_CASE("a channel's path lies between slashes", "[channels]") {
    CHECK(Channels::is_path("/devices/"));
    CHECK(Channels::is_path("/a/b-c_d.e~/"));
    for (const char* wrong : {"", "/", "//", "devices/", "/devices", "/a b/", "/a//b/", "/a?/", "/a#/", "/a*/",
                              "/a%20/", "/\xc3\xa4/", "/a\"/", "/a\\/", "/a\n/"}) {
        INFO(wrong);
        CHECK_FALSE(Channels::is_path(wrong));
    }
}

TEST_CASE("a channel overlaps with nothing else", "[channels]") {
    const auto [setting, problem] = GENERATE(table<std::string, std::string>({
        std::tuple{"/socket.io/", "overlaps with the path of Socket.IO, '/socket.io/'"},
        std::tuple{"/socket.io/x/", "overlaps with the path of Socket.IO, '/socket.io/'"},
        std::tuple{"/plain/", "overlaps with the channel '/plain/'"},
        std::tuple{"/plain/deeper/", "overlaps with the channel '/plain/'"},
        std::tuple{"/route/", "overlaps with the route 'GET /route/x'"},
        std::tuple{"/routes/all/of/", "overlaps with the route 'GET /routes/all/*'"},
        std::tuple{"/routes/", "overlaps with the route 'GET /routes/all/*'"},
    }));
    const PluginDirectory directory({"channels"});
    HostWorld world(directory, {"channels"});
    world.set("channels", "third", setting);
    const host::Problems problems = world.load();
    REQUIRE(problems.size() == 1);
    INFO(problems[0]);
    CHECK(problems[0].find(problem) != std::string::npos);
}

TEST_CASE("a request to a channel reaches its engine, others go where they did", "[channels]") {
    Site site;
    CHECK(site.request("/plain/")->response->status == 426);
    const auto open = site.request("/engine/?EIO=4&transport=polling");
    REQUIRE(open->response);
    CHECK(open->response->status == 200);
    CHECK(open->response->body.starts_with("0{"));
    CHECK(site.request("/engine/?EIO=4&transport=polling&sid=none")->response->status == 400);
    CHECK(site.request("/route/x")->response->status == 200);
    CHECK(site.request("/nowhere/")->response->status == 404);
    CHECK(site.websocket("/plain/")->upgrade_headers);
}

TEST_CASE("the channels' figures stand in the families of the engine", "[channels]") {
    Site site;
    const auto client = site.websocket("/plain/");
    site.world.turn();
    const std::string text = site.world.metrics.text();
    INFO(text);
    CHECK(text.find(R"(wshub_sessions{transport="websocket",channel="/plain/"} 1)") != std::string::npos);
    CHECK(text.find(R"(wshub_handshakes_total{transport="websocket",channel="/engine/"} 0)") != std::string::npos);
}

TEST_CASE("a plugin that stops closes its clients, so that they come back", "[channels]") {
    Site site;
    const auto client = site.websocket("/plain/");
    site.world.turn();
    site.world.host->stop();
    site.world.turn();
    CHECK(client->wire->written.ends_with(protocol::close_frame(protocol::CloseCode::kServiceRestart)));
    CHECK(site.websocket("/plain/")->response->status == 404);
}
