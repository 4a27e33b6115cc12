#include "host/router.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>

using namespace wshub::host;

namespace {

// "0:1,2 1:3": plugin 0 with slots 1 and 2, then plugin 1 with slot 3.
std::string text(const RouteList* routes) {
    if (!routes) return "none";
    std::string out;
    for (const Route& route : *routes) {
        if (!out.empty()) out += ' ';
        out += std::to_string(route.plugin) + ':';
        for (std::size_t i = 0; i < route.slots.size(); ++i) out += (i ? "," : "") + std::to_string(route.slots[i]);
    }
    return out;
}

Target target(std::size_t plugin, std::string name, wshub_slot slot, std::int32_t priority = 0) {
    return {plugin, {WSHUB_ON_EVENT, std::move(name), slot, priority}};
}

Registration on(std::string name, wshub_slot slot, std::uint32_t kind = WSHUB_ON_EVENT) {
    return {kind, std::move(name), slot, 0};
}

}  // namespace

TEST_CASE("a name finds its own handlers and those of every pattern that fits", "[router]") {
    const PatternTable handlers({target(0, "chat:send", 1), target(0, "chat:*", 2), target(1, "*", 3),
                                 target(1, "chat:s*", 4), target(1, "other", 5)});
    auto [name, found] = GENERATE(table<std::string, std::string>({
        {"chat:send", "0:1,2 1:3,4"},
        {"chat:sent", "0:2 1:3,4"},
        {"chat:x", "0:2 1:3"},
        {"chat:", "0:2 1:3"},
        {"chat", "1:3"},
        {"other", "1:3,5"},
        {"", "1:3"},
    }));
    CHECK(text(handlers.find(name)) == found);
}

TEST_CASE("what is found by the pattern for everything alone is told from what has a name", "[router]") {
    const PatternTable handlers({target(0, "a", 1), target(0, "b:*", 2), target(1, "*", 3)});
    auto [name, by_wildcard] = GENERATE(table<std::string, bool>({{"a", false}, {"b:1", false}, {"b", true}}));
    CHECK(handlers.is_by_wildcard(handlers.find(name)) == by_wildcard);
    const PatternTable named({target(0, "b:*", 2)});
    CHECK_FALSE(named.is_by_wildcard(named.find("b:1")));
}

TEST_CASE("without a pattern for everything, unknown names find nothing", "[router]") {
    const PatternTable handlers({target(0, "a", 1), target(0, "b:*", 2)});
    CHECK(text(handlers.find("a")) == "0:1");
    CHECK(text(handlers.find("b:1")) == "0:2");
    CHECK(text(handlers.find("b")) == "none");
    CHECK(text(handlers.find("aa")) == "none");
    CHECK(text(PatternTable().find("a")) == "none");
}

TEST_CASE("priority comes before the order of plugins, and that before the order of registration", "[router]") {
    const PatternTable handlers({target(0, "e", 1), target(0, "e", 2, -5), target(0, "*", 3, 10), target(1, "e", 4),
                                 target(1, "e", 5, 10), target(2, "e", 6, -5)});
    CHECK(text(handlers.find("e")) == "0:3 1:5 0:1 1:4 0:2 2:6");
}

TEST_CASE("handlers are found in the namespaces of their plugin", "[router]") {
    const RoutingTable table({{nullptr, {"/"}, {on("a", 1), on("", 9, WSHUB_ON_CONNECT)}},
                              {nullptr, {"/", "/chat"}, {on("a", 2), on("r*", 3, WSHUB_ON_JOIN)}}});
    REQUIRE(table.find("/"));
    REQUIRE(table.find("/chat"));
    CHECK(text(table.find("/")->events.find("a")) == "0:1 1:2");
    CHECK(text(table.find("/chat")->events.find("a")) == "1:2");
    CHECK(text(&table.find("/")->connect) == "0:9");
    CHECK(text(&table.find("/chat")->connect).empty());
    CHECK(text(table.find("/chat")->joins.find("room")) == "1:3");
    CHECK(text(table.find("/chat")->leaves.find("room")) == "none");
    CHECK(table.find("/other") == nullptr);
}

TEST_CASE("every thread sees the table that was published last", "[router]") {
    Router router;
    CHECK(router.table().find("/") == nullptr);
    const auto publish = [&router](const std::string& nsp) {
        router.publish(std::make_shared<const RoutingTable>(std::vector<RoutedPlugin>{{nullptr, {nsp}, {}}}));
    };
    publish("/a");
    CHECK(router.table().find("/a"));
    bool seen = false;
    std::thread([&] { seen = router.table().find("/a") != nullptr; }).join();
    CHECK(seen);
    publish("/b");
    CHECK_FALSE(router.table().find("/a"));
    CHECK(router.table().find("/b"));
    Router other;  // must not take this thread's copy for its own
    CHECK_FALSE(other.table().find("/b"));
    CHECK(router.table().find("/b"));
}
