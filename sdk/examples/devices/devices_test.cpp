// The devices plugin, tested without a hub.
#include <wshub/testing.h>

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

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

TEST_CASE("those who are there are written down") {
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "wshub-devices-test";
    std::filesystem::remove_all(folder);
    wshub::FakeHost host;
    host.set_server("1.0.0", "http://127.0.0.1:3000", folder.string());
    host.load();
    const wshub::FakeChannel device = host.open("/raw-devices/7");
    CHECK(host.connect().ask("devices:save") == R"([{"saved":1}])");
    std::ostringstream text;
    text << std::ifstream(folder / "devices.txt").rdbuf();
    CHECK(text.str() == "192.0.2.1 /raw-devices/7\n");
    std::filesystem::remove_all(folder);
}

TEST_CASE("devices stay when a new version takes over") {
    wshub::FakeHost host;
    host.load();
    wshub::FakeChannel device = host.open("/devices/");
    host.reload();
    CHECK(device.connected());
    CHECK(host.connect().ask("devices:tell", "sleep") == R"([{"told":1}])");
    device.send_text("hello");
    CHECK(device.received() == "text sleep\ntext hello");
    device.disconnect();
    CHECK(host.connect().ask("devices:tell", "sleep") == R"([{"told":0}])");
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
