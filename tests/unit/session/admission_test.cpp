// The limits on new sessions, as clients meet them at the engine.
#include "session/admission.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;
using session::EngineSettings;
using session::SessionLimits;
using namespace std::chrono_literals;

namespace {

EngineSettings with(const SessionLimits& limits) {
    EngineSettings settings;
    settings.limits = limits;
    return settings;
}

// What the client reads: "open", or the status and the message.
std::string knock(EngineBench& bench, TransportKind kind = TransportKind::kPolling) {
    const bool polling = kind == TransportKind::kPolling;
    const auto reply = polling ? bench.request("GET", "/socket.io/?EIO=4&transport=polling")
                               : bench.request("GET", "/socket.io/?EIO=4&transport=websocket", websocket_headers());
    if (reply->upgrade_headers || status_of(*reply) == 200) return "open";
    return std::to_string(status_of(*reply)) + " " + body_of(*reply);
}

std::string refusal(const std::string& message) {
    return "403 {\"code\":4,\"message\":\"" + message + "\"}";
}

}  // namespace

TEST_CASE("above max_sessions handshakes are refused until a session is gone", "[admission]") {
    const TransportKind kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    SessionLimits limits;
    limits.max_sessions = 2;
    EngineBench bench(with(limits));
    CHECK(knock(bench, TransportKind::kPolling) == "open");
    CHECK(knock(bench, TransportKind::kWebSocket) == "open");
    Session& last = bench.session();
    bench.remote = "198.51.100.1";
    CHECK(knock(bench, kind) == refusal("Too many sessions"));
    CHECK(bench.engine.sessions() == 2);
    CHECK(bench.metric("wshub_limited_total{limit=\"sessions\"}") == "1");
    CHECK(bench.metric("wshub_engine_errors_total{code=\"4\"}") == "1");
    last.close(CloseReason::kServerForced, Session::CloseMode::kDiscard);
    bench.turns(3);
    CHECK(knock(bench, kind) == "open");
}

TEST_CASE("above max_sessions_per_address one address is refused and no other", "[admission]") {
    const TransportKind kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    SessionLimits limits;
    limits.per_address.max_sessions = 2;
    EngineBench bench(with(limits));
    CHECK(knock(bench, kind) == "open");
    CHECK(knock(bench, kind) == "open");
    Session& last = bench.session();
    for (int i = 0; i < 3; ++i) CHECK(knock(bench, kind) == refusal("Too many sessions from your address"));
    bench.remote = "198.51.100.1";
    CHECK(knock(bench, kind) == "open");
    bench.remote = "192.0.2.1";
    last.close(CloseReason::kServerForced, Session::CloseMode::kDiscard);
    bench.turns(3);
    CHECK(knock(bench, kind) == "open");
    CHECK(knock(bench, kind) == refusal("Too many sessions from your address"));
    CHECK(bench.metric("wshub_limited_total{limit=\"sessions_per_address\"}") == "4");
}

TEST_CASE("above its rate of handshakes one address is refused and no other", "[admission]") {
    const TransportKind kind = GENERATE(TransportKind::kPolling, TransportKind::kWebSocket);
    SessionLimits limits;
    limits.per_address.connects = {2, 3};
    EngineBench bench(with(limits));
    for (int i = 0; i < 3; ++i) CHECK(knock(bench, kind) == "open");
    CHECK(knock(bench, kind) == refusal("Too many connects from your address"));
    bench.remote = "2001:db8::1";
    for (int i = 0; i < 3; ++i) CHECK(knock(bench, kind) == "open");
    bench.remote = "2001:db8::2";  // the same network
    CHECK(knock(bench, kind) == refusal("Too many connects from your address"));
    bench.remote = "192.0.2.1";
    bench.pass(500ms);
    CHECK(knock(bench, kind) == "open");
    CHECK(knock(bench, kind) == refusal("Too many connects from your address"));
    CHECK(bench.metric("wshub_limited_total{limit=\"connects_per_address\"}") == "3");
}

TEST_CASE("in dry-run handshakes above the limits are counted and served", "[admission]") {
    SessionLimits limits;
    limits.max_sessions = 1;
    limits.per_address.max_sessions = 1;
    limits.per_address.connects = {1, 1};
    limits.sessions_mode = limits.sessions_per_address_mode = limits.connects_per_address_mode =
        base::LimitMode::kDryRun;
    EngineBench bench(with(limits));
    for (int i = 0; i < 3; ++i) CHECK(knock(bench) == "open");
    CHECK(bench.engine.sessions() == 3);
    for (const std::string limit : {"sessions", "sessions_per_address", "connects_per_address"}) {
        CHECK(bench.metric("wshub_limited_dry_run_total{limit=\"" + limit + "\"}") == "2");
        CHECK(bench.metric("wshub_limited_total{limit=\"" + limit + "\"}") == "none");
    }
}

TEST_CASE("a handshake that somebody else refuses gives its place back", "[admission]") {
    SessionLimits limits;
    limits.max_sessions = 1;
    EngineSettings settings = with(limits);
    bool allowed = false;
    settings.allow_request = [&](const protocol::HttpHead&, const net::Peer&) {
        return allowed ? std::nullopt : std::optional<std::string>("not today");
    };
    EngineBench bench(settings);
    CHECK(knock(bench) == refusal("not today"));
    allowed = true;
    CHECK(knock(bench) == "open");
}

TEST_CASE("what the clients of an address share hangs on each of its sessions", "[admission]") {
    SessionLimits limits;
    SECTION("nothing while no limit is set on addresses") {
        EngineBench bench(with(limits));
        bench.open_polling();
        CHECK(bench.session().address() == nullptr);
    }
    SECTION("the same for all of them") {
        limits.per_address.events = {1, 3};
        EngineBench bench(with(limits));
        bench.open_polling();
        session::Address* const first = bench.session().address();
        bench.open_websocket();
        REQUIRE(first != nullptr);
        CHECK(bench.session().address() == first);
        for (int i = 0; i < 3; ++i) CHECK(first->take_event(bench.clock.steady()));
        CHECK_FALSE(first->take_event(bench.clock.steady()));
        bench.remote = "198.51.100.1";
        bench.open_polling();
        CHECK(bench.session().address()->take_event(bench.clock.steady()));
    }
}
