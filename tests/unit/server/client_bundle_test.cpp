#include "server/client_bundle.h"

#include <catch2/catch.hpp>

using namespace wshub;
using namespace wshub::server;

TEST_CASE("every file of the client is served under the path, with its type and version", "[client]") {
    REQUIRE(has_client_bundle());
    net::Routes routes;
    add_client_bundle(routes, "/io/");
    for (const std::string name :
         {"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"}) {
        const net::Asset* const script = routes.find_asset("/io/" + name);
        const net::Asset* const map = routes.find_asset("/io/" + name + ".map");
        REQUIRE(script != nullptr);
        REQUIRE(map != nullptr);
        CHECK(script->content_type == "application/javascript; charset=utf-8");
        CHECK(map->content_type == "application/json; charset=utf-8");
        CHECK(script->etag == "\"" + std::string(kClientVersion) + "\"");
        CHECK(script->cache_control == "public, max-age=0");
        CHECK(script->identity.find("Socket.IO v" + std::string(kClientVersion)) != std::string::npos);
        CHECK(script->gzip.substr(0, 2) == "\x1f\x8b");
        CHECK(script->gzip.size() < script->identity.size() / 2);
        CHECK_FALSE(script->brotli.empty());
        CHECK(script->brotli.size() < script->gzip.size());
    }
    CHECK(routes.find_asset("/io/other.js") == nullptr);
}
