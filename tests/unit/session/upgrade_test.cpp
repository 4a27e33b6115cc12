#include <catch2/catch.hpp>

#include "engine_bench.h"

using namespace wshub;
using namespace wshub::test;
using session::EngineSettings;

namespace {

using Texts = std::vector<std::string>;

const std::string kBadRequest = "{\"code\":3,\"message\":\"Bad request\"}";

}  // namespace

TEST_CASE("a session moves from polling to WebSocket", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    const auto end = bench.open_probe(sid);
    bench.turns(2);
    CHECK_FALSE(poll->response);
    end.text("2probe");
    bench.turn();
    CHECK(end.payloads() == Texts{"3probe"});
    CHECK(body_of(*poll) == "6");
    CHECK(bench.session().transport() == TransportKind::kPolling);
    CHECK(bench.log().upgrades == 0);
    end.text("5");
    CHECK(bench.log().upgrades == 1);
    CHECK(bench.session().transport() == TransportKind::kWebSocket);
    bench.send("4hello");
    bench.turns(2);
    CHECK(end.payloads() == Texts{"4hello"});
    end.text("4back");
    CHECK(bench.log().texts == Texts{"back"});
    CHECK(bench.factory.logs.size() == 1);
    CHECK(bench.engine.sessions(TransportKind::kPolling) == 0);
    CHECK(bench.engine.sessions(TransportKind::kWebSocket) == 1);
    CHECK(bench.metric("wshub_sessions{transport=\"polling\"}") == "0");
    CHECK(bench.metric("wshub_sessions{transport=\"websocket\"}") == "1");
    CHECK(bench.metric("wshub_upgrades_total{result=\"done\"}") == "1");
    bench.pass(milliseconds(11'000));  // the upgrade's time is not the session's
    CHECK(bench.log().closed.empty());
}

TEST_CASE("probe and upgrade may come in one piece, with the handshake even", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const std::string bytes = client_text("2probe") + client_text("5") + client_text("4hello");
    const bool early = GENERATE(true, false);
    const auto end = bench.open_probe(sid, early ? bytes : "");
    if (!early) end.wire().feed(bytes);
    CHECK(bench.log().texts == Texts{"hello"});
    bench.turns(2);
    CHECK(end.payloads() == Texts{"3probe"});
    CHECK(bench.session().transport() == TransportKind::kWebSocket);
}

TEST_CASE("until the client says so packets go by polling", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto end = bench.open_probe(sid);
    bench.send("4a");
    const auto first = bench.get(sid);
    end.text("2probe");
    bench.send("4b");
    bench.turn();
    CHECK(body_of(*first) ==
          "4a\x1e"
          "4b");
    const auto second = bench.get(sid);
    bench.send("4c");
    bench.turn();
    CHECK(body_of(*second) == "4c");
    CHECK(body_of(*bench.post(sid, "4in")) == "ok");
    CHECK(bench.log().texts == Texts{"in"});
    bench.send("4d");
    bench.turn();
    end.text("5");
    bench.turn();
    CHECK(end.payloads() == Texts{"3probe", "4d"});
}

TEST_CASE("polls that come behind the probe are let go: the first at once, later ones by and by", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto before = bench.get(sid);
    const auto end = bench.open_probe(sid);
    end.text("2probe");
    bench.turn();
    CHECK(body_of(*before) == "6");
    const auto first = bench.get(sid);
    bench.turn();
    CHECK(body_of(*first) == "6");
    const auto later = bench.get(sid);
    bench.pass(milliseconds(50));
    CHECK_FALSE(later->response);
    bench.pass(milliseconds(60));
    CHECK(body_of(*later) == "6");
    end.text("x");  // no upgrade after all
    bench.turns(2);
    const auto after = bench.get(sid);
    bench.pass(milliseconds(500));
    CHECK_FALSE(after->response);
}

TEST_CASE("a poll that still waits when the client says so gets a noop, its packets go the new way", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto end = bench.open_probe(sid);
    end.text("2probe");
    bench.turn();
    const auto used_up = bench.get(sid);
    bench.turn();
    const auto poll = bench.get(sid);
    bench.send("4by the new way");
    end.text("5");
    bench.turns(2);
    CHECK(body_of(*poll) == "6");
    CHECK(end.payloads() == Texts{"3probe", "4by the new way"});
}

TEST_CASE("what else a probing socket says closes that socket alone", "[upgrade]") {
    const std::string bytes = GENERATE(values<std::string>({
        client_text("5"),
        client_text("2"),
        client_text("2prob"),
        client_text("4hello"),
        client_text("1"),
        client_text("x"),
        client_text(""),
        client_text("2probe") + client_text("5x"),
        client_text("2probe") + client_text("4hello"),
        client_frame(protocol::Opcode::kBinary, "x"),
        client_frame(protocol::Opcode::kClose, ""),
        client_text("2probe") + client_text("bAA=="),
        std::string("\xff\xff\xff", 3),
    }));
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto poll = bench.get(sid);
    const auto end = bench.open_probe(sid);
    end.wire().feed(bytes + client_text("5"));
    bench.turns(2);
    CHECK(end.wire().finished());
    CHECK(end.payloads().back().starts_with("close"));
    CHECK(bench.log().texts.empty());
    CHECK(bench.log().closed.empty());
    CHECK(bench.session().transport() == TransportKind::kPolling);
    CHECK(bench.metric("wshub_upgrades_total{result=\"failed\"}") == "1");
    bench.send("4still polling");
    bench.turn();
    CHECK((poll->response || body_of(*bench.get(sid)) == "(no answer)"));

    // And it may try again.
    const auto again = bench.open_probe(sid);
    again.text("2probe");
    again.text("5");
    CHECK(bench.session().transport() == TransportKind::kWebSocket);
}

TEST_CASE("a probing socket that breaks leaves the session alone", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto end = bench.open_probe(sid);
    if (GENERATE(true, false)) end.text("2probe");
    end.wire().end(GENERATE(net::StreamEnd::kClosed, net::StreamEnd::kReset));
    bench.turns(2);
    CHECK_FALSE(end.wire().held());
    CHECK(bench.log().closed.empty());
    CHECK(body_of(*bench.post(sid, "4x")) == "ok");
}

TEST_CASE("an upgrade that takes too long costs the new socket alone", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const bool probed = GENERATE(true, false);
    const auto end = bench.open_probe(sid);
    if (probed) end.text("2probe");
    bench.turn();
    for (int i = 0; i < 99; ++i) bench.pass(milliseconds(100));
    CHECK(end.wire().held());
    bench.pass(milliseconds(110));
    CHECK(end.wire().finished());
    CHECK(end.payloads() == (probed ? Texts{"3probe", "close"} : Texts{"close"}));
    CHECK(bench.log().closed.empty());
    CHECK(bench.metric("wshub_upgrades_total{result=\"timeout\"}") == "1");
    CHECK(body_of(*bench.post(sid, "4x")) == "ok");
}

TEST_CASE("after the upgrade requests for polling are refused and harm nothing", "[upgrade]") {
    EngineBench bench;
    const auto end = bench.upgraded();
    CHECK(body_of(*bench.get(end.sid)) == kBadRequest);
    const auto post = bench.post(end.sid, "4overtaken");
    CHECK(status_of(*post) == 400);
    CHECK(body_of(*post) == kBadRequest);
    bench.turns(2);
    CHECK(bench.log().texts.empty());
    CHECK(bench.log().closed.empty());
    end.text("4hello");
    CHECK(bench.log().texts == Texts{"hello"});
}

TEST_CASE("a second WebSocket for a session is closed, the first stays", "[upgrade]") {
    EngineBench bench;
    WebSocketEnd first;
    SECTION("after an upgrade") {
        first = bench.upgraded();
    }
    SECTION("of a session that began as WebSocket") {
        first = bench.open_websocket();
    }
    SECTION("while an upgrade is under way") {
        first.sid = bench.open_polling();
        first.reply = bench.open_probe(first.sid).reply;
    }
    const auto second = bench.open_probe(first.sid, client_text("2probe") + client_text("5"));
    bench.turns(2);
    CHECK(second.payloads() == Texts{"close"});
    CHECK(second.wire().finished());
    CHECK(first.wire().held());
    CHECK(bench.log().closed.empty());
}

TEST_CASE("the end of a session ends its probing socket", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto end = bench.open_probe(sid);
    end.text("2probe");
    SECTION("closed by the server") {
        bench.session().close(CloseReason::kServerForced);
    }
    SECTION("closed by the client") {
        bench.post(sid, "1");
    }
    SECTION("by a broken poll") {
        bench.turn();
        bench.get(sid)->abandon();
    }
    end.text("5");
    bench.turns(3);
    CHECK(end.wire().finished());
    CHECK(bench.log().closed.size() == 1);
    CHECK(bench.engine.sessions() == 0);
}

TEST_CASE("a closed session is not upgraded any more", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.session().close(CloseReason::kServerForced);
    bench.turns(2);
    const auto end = bench.open_probe(sid);
    bench.turns(2);
    CHECK(end.wire().finished());
    CHECK(end.payloads() == Texts{"close"});
}

TEST_CASE("a client that probes without end and does not read is cut off", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    const auto end = bench.open_probe(sid);
    end.wire().otherwise = 0;
    for (int i = 0; i < 2000 && end.wire().held(); ++i) {
        end.text("2probe");
        bench.turn();
    }
    CHECK(end.wire().closed());
    CHECK(bench.log().closed.empty());
}

TEST_CASE("a client without binary frames gets its queue as base64 when it moves", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    WebSocketEnd end;
    end.reply = bench.request("GET", "/socket.io/?EIO=4&transport=websocket&b64=1&sid=" + sid, websocket_headers());
    end.text("2probe");
    bench.send_binary("\x01\x02\x03");
    bench.send("4text");
    end.text("5");
    bench.turn();
    CHECK(end.payloads() == Texts{"3probe", "bAQID", "4text"});
}

TEST_CASE("a heartbeat under way goes on over the new transport", "[upgrade]") {
    EngineBench bench;
    const std::string sid = bench.open_polling();
    bench.pass(milliseconds(25'000));  // the ping waits for a poll
    const auto end = bench.open_probe(sid);
    end.text("2probe");
    end.text("5");
    bench.turn();
    CHECK(end.payloads() == Texts{"3probe", "2"});
    end.text("3");
    bench.pass(milliseconds(24'000));
    CHECK(bench.log().closed.empty());
}

namespace {

// An official client as far as its transports go: polls, probes, pauses polling, says '5', and goes on by WebSocket.
// Whatever is under way takes a random time.
class WanderingClient {
public:
    WanderingClient(EngineBench& bench, std::mt19937& dice) : bench_(bench), dice_(dice), sid_(bench.open_polling()) {}

    void step() {
        switch (roll(9)) {
            case 0: return poll();
            case 1: return read_answer();
            case 2: return begin_post();
            case 3: return arrive_post();
            case 4: return begin_upgrade();
            case 5: return read_socket();
            case 6: return make_room();
            case 7: return stumble();
            default: return pause_done();
        }
    }
    // What is under way arrives, and some time is left for what must not come.
    void finish(std::size_t to_hear) {
        for (int i = 0, quiet = 0; i < 5000 && quiet < 100; ++i) {
            step();
            bench_.turn();
            if (heard_.size() >= to_hear && !post_) ++quiet;
        }
    }

    int said() const { return said_; }
    void no_more_words() { silent_ = true; }
    const Texts& heard() const { return heard_; }
    bool upgraded() const { return stage_ == Stage::kUpgraded; }
    void may_stumble(bool yes) { stumbles_ = yes; }

private:
    enum class Stage { kPolling, kProbing, kPausing, kUpgraded };

    unsigned roll(unsigned sides) { return static_cast<unsigned>(dice_() % sides); }
    bool pausing() const { return stage_ == Stage::kPausing || stage_ == Stage::kUpgraded; }

    void poll() {
        if (!get_ && !pausing()) get_ = bench_.get(sid_);
    }
    void read_answer() {
        if (!get_ || !get_->response) return;
        REQUIRE(get_->response->status == 200);
        for (std::string& packet : split_payload(get_->response->body)) hear(std::move(packet));
        get_.reset();
    }
    void begin_post() {
        if (silent_) return;
        if (stage_ == Stage::kUpgraded) return socket_->text("4" + std::to_string(said_++));
        if (post_ || pausing()) return;
        std::string body = "4" + std::to_string(said_++);
        if (roll(2) == 0)
            body +=
                "\x1e"
                "4" +
                std::to_string(said_++);
        post_ = std::move(body);
    }
    void arrive_post() {
        if (!post_) return;
        const auto reply = bench_.post(sid_, *post_);
        REQUIRE(body_of(*reply) == "ok");
        post_.reset();
    }
    void begin_upgrade() {
        if (stage_ != Stage::kPolling || roll(4) != 0) return;
        socket_ = bench_.open_probe(sid_);
        for (unsigned i = roll(6); i > 0; --i) socket_->wire().capacity.push_back(roll(9));
        socket_->wire().otherwise = roll(3) == 0 ? roll(12) : FakeWire::kUnlimited;
        socket_->text("2probe");
        stage_ = Stage::kProbing;
    }
    void read_socket() {
        if (!socket_) return;
        for (std::string& packet : socket_->payloads()) {
            if (packet == "3probe") {
                REQUIRE(stage_ == Stage::kProbing);
                stage_ = Stage::kPausing;
            } else {
                REQUIRE(stage_ == Stage::kUpgraded);
                hear(std::move(packet));
            }
        }
    }
    void make_room() {
        if (!socket_) return;
        if (socket_->wire().otherwise < 6) socket_->wire().otherwise = 6;
        socket_->wire().make_writable();
    }
    // The new socket breaks before the client has switched.
    void stumble() {
        if (!stumbles_ || roll(6) != 0 || (stage_ != Stage::kProbing && stage_ != Stage::kPausing)) return;
        socket_->wire().end(net::StreamEnd::kReset);
        socket_.reset();
        stage_ = Stage::kPolling;
    }
    void pause_done() {
        if (stage_ != Stage::kPausing || get_ || post_) return;
        socket_->text("5");
        stage_ = Stage::kUpgraded;
    }
    void hear(std::string packet) {
        if (packet != "6") heard_.push_back(std::move(packet));
    }

    EngineBench& bench_;
    std::mt19937& dice_;
    std::string sid_;
    Stage stage_ = Stage::kPolling;
    std::shared_ptr<FakeReply> get_;  // under way
    std::optional<std::string> post_;
    std::optional<WebSocketEnd> socket_;
    int said_ = 0;
    bool silent_ = false;
    bool stumbles_ = false;
    Texts heard_;
};

Texts numbers(int count, const std::string& before) {
    Texts all;
    for (int i = 0; i < count; ++i) all.push_back(before + std::to_string(i));
    return all;
}

}  // namespace

TEST_CASE("whatever crosses an upgrade, no packet is lost, doubled or put behind another", "[upgrade]") {
    int upgraded = 0;
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        INFO("seed " << seed);
        std::mt19937 dice(seed);
        EngineSettings settings;
        if (seed % 3 == 0) settings.max_http_buffer_size = 24;
        EngineBench bench(settings);
        WanderingClient client(bench, dice);
        client.may_stumble(seed % 2 == 1);
        int sent = 0;
        for (int i = 0; i < 150; ++i) {
            if (dice() % 3 == 0) bench.send("4" + std::to_string(sent++));
            client.step();
            if (dice() % 2 == 0) bench.turn();
            if (dice() % 8 == 0) bench.pass(milliseconds(dice() % 60));
            REQUIRE(bench.log().closed.empty());
        }
        client.no_more_words();
        client.may_stumble(false);
        client.finish(static_cast<std::size_t>(sent));
        REQUIRE(bench.log().closed.empty());
        REQUIRE(client.heard() == numbers(sent, "4"));
        REQUIRE(bench.log().texts == numbers(client.said(), ""));
        upgraded += client.upgraded() ? 1 : 0;
    }
    CHECK(upgraded > 250);
}
