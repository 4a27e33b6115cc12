// The devices plugin, tested without a hub.
#include <wshub/testing.h>

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

TEST_CASE("a device gets back what it sends, in either form") {
    wshub::FakeHost host;
    host.load();
    for (const char* path : {"/devices/", "/raw-devices/7"}) {
        wshub::FakeChannel device = host.open(path);
        device.send_text("hello");
        device.send_binary("\x01\x02");
        CHECK(device.received() == "text hello\nbinary \x01\x02");
        device.send_text("bye");
        CHECK_FALSE(device.connected());
        CHECK(device.end() == "1000 as you wish");
    }
    CHECK(host.metric("devices_messages_total") == 6);
}

TEST_CASE("clients of the hub reach the devices that are there") {
    wshub::FakeHost host;
    host.load({{"max_devices", "2"}});
    wshub::FakeChannel one = host.open("/devices/"), two = host.open("/raw-devices/");
    CHECK(host.open("/devices/").end() == "1013 too many devices");
    two.disconnect();
    CHECK(host.connect().ask("devices:tell", "sleep") == R"([{"told":1}])");
    CHECK(one.received() == "text sleep");
    CHECK(two.received().empty());
}
