#include "host/http_routes.h"

#include <catch2/catch.hpp>
#include <string>

#include "fake_exchange.h"
#include "host/http_table.h"
#include "host_world.h"

using namespace wshub;
using namespace wshub::test;
using host::HttpRoutes;
using std::chrono::milliseconds;

namespace {

struct Site {
    Site() { world.run(); }
    std::shared_ptr<FakeReply> request(std::string_view method, std::string_view target, std::string body = {}) {
        auto exchange =
            std::make_unique<FakeExchange>(*world.loop_pointers[0], make_head(method, target), std::move(body));
        const auto reply = exchange->reply();
        const net::Loop::Enter here(*world.loop_pointers[0]);
        world.host->on_exchange(std::move(exchange));
        return reply;
    }
    PluginDirectory directory{std::vector<std::string>{"good"}};
    HostWorld world{directory, {"good"}};
};

}  // namespace

TEST_CASE("a route names a method and a path", "[http_routes]") {
    CHECK(host::HttpTable::is_route("GET /metrics"));
    CHECK(host::HttpTable::is_route("POST /api/*"));
    for (const char* wrong :
         {"", "GET", "/metrics", "GET metrics", "get /metrics", "GET /", "GET /a b", "GET /a?b", "GET /*/a", " /a"}) {
        INFO(wrong);
        CHECK_FALSE(host::HttpTable::is_route(wrong));
    }
}

TEST_CASE("requests reach the plugin that has their route", "[http_routes]") {
    Site site;
    CHECK(site.world.host->http_prefixes() ==
          std::vector<std::string>{"/good", "/good/boom", "/good/later/", "/good/never"});
    const auto get = site.request("GET", "/good?a=%20b");
    REQUIRE(get->response);
    CHECK(get->response->status == 200);
    CHECK(get->response->body == "query a=%20b");
    CHECK(get->header("Content-Type") == "text/plain");
    CHECK(get->header("X-Good") == "yes");
    const auto post = site.request("POST", "/good", "text");
    REQUIRE(post->response);
    CHECK(post->response->status == 201);
    CHECK(post->response->body == "text");
    CHECK(site.request("HEAD", "/good")->response->status == 200);
}

TEST_CASE("other paths are not found, other methods not allowed", "[http_routes]") {
    Site site;
    CHECK(site.request("GET", "/goods")->response->status == 404);
    const auto reply = site.request("DELETE", "/good");
    CHECK(reply->response->status == 405);
    CHECK(reply->header("Allow") == "GET, POST");
}

TEST_CASE("an answer may come later", "[http_routes]") {
    Site site;
    const auto reply = site.request("GET", "/good/later/x");
    CHECK_FALSE(reply->response);
    site.world.pass(milliseconds{1010});
    REQUIRE(reply->response);
    CHECK(reply->response->body == "late");
}

TEST_CASE("a client that goes before its answer is forgotten", "[http_routes]") {
    Site site;
    const auto reply = site.request("GET", "/good/later/x");
    {
        const net::Loop::Enter here(*site.world.loop_pointers[0]);
        reply->abandon();
    }
    site.world.turn();
    CHECK(reply->dropped());
    site.world.pass(milliseconds{1010});
    CHECK_FALSE(reply->response);
}

TEST_CASE("a request that nobody answers is answered by the host", "[http_routes]") {
    Site site;
    const auto reply = site.request("GET", "/good/never");
    site.world.pass(HttpRoutes::kPatience - milliseconds{10});
    CHECK_FALSE(reply->response);
    site.world.pass(milliseconds{20});
    REQUIRE(reply->response);
    CHECK(reply->response->status == 504);
}

TEST_CASE("a handler that throws is an internal error, without its reason", "[http_routes]") {
    LogCapture log;
    Site site;
    const auto reply = site.request("GET", "/good/boom");
    REQUIRE(reply->response);
    CHECK(reply->response->status == 500);
    CHECK(reply->response->body == "Internal error.\n");
    CHECK_THAT(log.text(), Catch::Contains("handler=http name=/good/boom"));
}

TEST_CASE("requests that wait for a plugin that is stopped are answered", "[http_routes]") {
    Site site;
    const auto reply = site.request("GET", "/good/never");
    site.world.host->stop();
    site.world.turn();
    REQUIRE(reply->response);
    CHECK(reply->response->status == 503);
    CHECK(site.request("GET", "/good")->response->status == 404);
}
