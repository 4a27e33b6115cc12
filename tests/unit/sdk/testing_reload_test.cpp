// FakeHost::reload(): a new version takes over as in the hub.
#include <wshub/testing.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

// Counts, and keeps its count over a reload.
template <int version>
struct Counting : wshub::Plugin {
    static constexpr std::uint32_t state_version = version;

    explicit Counting(wshub::Host host) : Plugin(host) {
        on("count", [this](wshub::Event& event) { event.ack(version, ++count); });
        on("after", [this](wshub::Event&) { after(1s, [this] { all().emit("late"); }); });
        on("renew", [this](wshub::Event& event) {
            const wshub::Ack ack = event.take_ack();
            control("reload", wshub::json::obj("plugin", event[0]),
                    [ack](const wshub::ControlAnswer& answer) { ack(answer.code(), answer.result()); });
        });
        if (version == 2) on("new in 2", [](wshub::Event& event) { event.ack("yes"); });
    }
    int count = 0;

protected:
    void on_start() override {
        if (version == 3) throw std::runtime_error("port 9 is taken");
    }
    std::string save() override { return std::to_string(count); }
    void restore(std::uint32_t from, std::string_view text) override {
        if (version == 4) throw std::runtime_error("cannot read version " + std::to_string(from));
        count = std::stoi(std::string(text));
    }
};

struct Refusing : wshub::Plugin {
    explicit Refusing(wshub::Host host) : Plugin(host) { throw std::runtime_error("no word list"); }
};

std::string reason_of(wshub::FakeHost& host, const wshub_plugin_v1& functions) {
    try {
        host.reload_entry(&functions);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "none";
}

template <class Derived>
const wshub_plugin_v1& functions_of() {
    static constexpr wshub_plugin_v1 functions = wshub::detail::Entry<Derived>::table();
    return functions;
}

}  // namespace

TEST_CASE("what a plugin saves, its next version has", "[testing_reload]") {
    wshub::FakeHost host;
    host.load<Counting<1>>();
    wshub::FakeClient alice = host.connect();
    alice.session().set_username("alice");
    CHECK(alice.ask("count") == "[1,1]");
    host.reload();
    CHECK(alice.ask("count") == "[1,2]");
    CHECK(host.reload_as<Counting<2>>().count == 2);
    CHECK(alice.ask("count") == "[2,3]");
    CHECK(alice.ask("new in 2") == R"(["yes"])");
    CHECK(alice.connected());
    CHECK(alice.session().username() == "alice");
    CHECK(host.failures().empty());
}

TEST_CASE("timers of the old version are gone after a reload", "[testing_reload]") {
    wshub::FakeHost host;
    host.load<Counting<1>>();
    wshub::FakeClient alice = host.connect();
    alice.emit("after");
    host.reload();
    host.advance(2s);
    CHECK(alice.received().empty());
    alice.emit("after");
    host.advance(2s);
    CHECK(alice.received() == "late []");
}

TEST_CASE("a version that cannot take over leaves the old one serving", "[testing_reload]") {
    wshub::FakeHost host;
    host.load<Counting<1>>();
    wshub::FakeClient alice = host.connect();
    CHECK(alice.ask("count") == "[1,1]");
    CHECK(reason_of(host, functions_of<Refusing>()) == "reload: plugin plugin: refused to start: no word list");
    CHECK(reason_of(host, functions_of<Counting<3>>()) == "reload: plugin plugin: start failed: port 9 is taken");
    CHECK(reason_of(host, functions_of<Counting<4>>()) ==
          "reload: plugin plugin: restore failed: cannot read version 1");
    CHECK(alice.ask("count") == "[1,2]");
}

TEST_CASE("a plugin may ask for a reload, which is noted", "[testing_reload]") {
    wshub::FakeHost host;
    host.load<Counting<1>>();
    wshub::FakeClient alice = host.connect();
    CHECK(alice.ask("renew", "plugin") == R"(["",{"changes":[]}])");
    CHECK(alice.ask("renew", "nobody") == R"(["NOT_FOUND",null])");
    CHECK(host.control_requests().front().arguments == R"({"plugin":"plugin"})");
}
