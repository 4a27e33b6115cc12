// The filter, with a plugin behind it.
#include <wshub/testing.h>

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

namespace {

struct Behind : wshub::Plugin {
    explicit Behind(wshub::Host host) : Plugin(host) {
        on("say", [this](wshub::Event& event) {
            ++heard;
            event.ack("heard");
        });
    }
    int heard = 0;
};

}  // namespace

TEST_CASE("no plugin behind the filter hears an unwanted word") {
    wshub::FakeHost host;
    const Behind& behind = host.load<Behind>();
    host.load({{"words", "darn, heck"}});
    wshub::FakeClient alice = host.connect();
    CHECK(alice.ask("say", "oh DARN!")[0]["code"].str() == "REFUSED");
    CHECK(behind.heard == 0);
    CHECK(alice.ask("say", "darning") == R"(["heard"])");
    CHECK(host.metric("moderation_refused_total") == 1);
}

TEST_CASE("words are found in keys and however deep") {
    wshub::FakeHost host;
    host.load<Behind>();
    host.load({{"words", "darn"}});
    wshub::FakeClient alice = host.connect();
    for (const char* args : {R"([[[{"a":{"b":"darn"}}]]])", R"([{"darn":1}])", R"([0,"\u0064arn"])"}) {
        CHECK(alice.ask_raw("say", args)[0]["code"].str() == "REFUSED");
    }
}

TEST_CASE("without words everything passes") {
    wshub::FakeHost host;
    host.load<Behind>();
    host.load();
    CHECK(host.connect().ask("say", "darn") == R"(["heard"])");
}

TEST_CASE("an event that nobody knows stays unknown") {
    wshub::FakeHost host;
    host.load({{"words", "darn"}});
    wshub::FakeClient alice = host.connect();
    alice.emit("nobody:knows");
    CHECK(alice.received() == R"(system:error [{"code":"UNKNOWN_EVENT","message":"Unknown event: nobody:knows"}])");
}
