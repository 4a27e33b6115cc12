// FakeHost with a plugin in plain C, which is linked into the test as a plugin author's own would be.
#include <wshub/testing.h>

#include <catch2/catch.hpp>

TEST_CASE("a plugin in C is driven by way of its entry", "[testing]") {
    wshub::FakeHost host;
    host.load({}, "plain");
    auto client = host.connect();
    CHECK(client.ask("c:echo", 1, "two") == R"([1,"two"])");
    CHECK(client.ask("c:other") == R"([{"status":"error","code":"UNKNOWN_EVENT","message":"Unknown event: c:other"}])");
}

TEST_CASE("what a C plugin is given refuses what makes no sense", "[testing]") {
    wshub::FakeHost host;
    const wshub_host_v1& api = host.functions();
    CHECK(api.size == sizeof api);
    CHECK(api.emit(nullptr, nullptr) == WSHUB_EINVAL);
    CHECK(api.now_ms(nullptr) == 0);
    CHECK(api.emit(host.handle().handle(), nullptr) == WSHUB_EINVAL);
    CHECK(api.on(host.handle().handle(), WSHUB_ON_EVENT, {"x", 1}, 1, 0) == WSHUB_ESTATE);
    CHECK(api.join(host.handle().handle(), 12345, {"r", 1}, 0) == WSHUB_ENOENT);
}
