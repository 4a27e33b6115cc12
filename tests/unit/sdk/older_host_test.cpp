// Plugins on hosts that have fewer functions, or others, than the headers they were built with.
#include <wshub/plugin.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <string>

namespace {

int made = 0;

struct Anything : wshub::Plugin {
    explicit Anything(wshub::Host host) : Plugin(host) { ++made; }
};

// Why a plugin does not run on a host with this table; empty: it does.
std::string refusal(const wshub_host_v1* table) {
    const wshub_plugin_v1 functions = wshub::detail::Entry<Anything>::table();
    std::array<char, 100> text{};
    wshub_err error{0, static_cast<std::uint32_t>(text.size()), text.data()};
    void* const self = functions.create(nullptr, table, &error);
    if (self) return functions.destroy(self), std::string();
    CHECK(error.code == WSHUB_ENOSYS);
    return text.data();
}

wshub_host_v1 table_of(std::size_t size, std::uint16_t major = WSHUB_ABI_MAJOR) {
    wshub_host_v1 table{};
    table.size = static_cast<std::uint32_t>(size);
    table.abi_major = major;
    return table;
}

}  // namespace

TEST_CASE("a plugin refuses to start on a host whose table is shorter, before it calls anything of it", "[abi]") {
    const std::string fewer = "this server has fewer functions than plugin ABI 1.0";
    made = 0;
    for (const std::size_t size : {std::size_t{0}, std::size_t{8}, offsetof(wshub_host_v1, control)}) {
        const wshub_host_v1 table = table_of(size);
        CHECK(refusal(&table) == fewer);
    }
    CHECK(refusal(nullptr) == fewer);
    const wshub_host_v1 other = table_of(sizeof(wshub_host_v1), WSHUB_ABI_MAJOR + 1);
    CHECK(refusal(&other) == "this server speaks another plugin ABI");
    CHECK(made == 0);
    const wshub_host_v1 newer = table_of(sizeof(wshub_host_v1) + 80);
    CHECK(refusal(&newer).empty());
    CHECK(made == 1);
}

TEST_CASE("whether a host has a function is known by the size of its table", "[abi]") {
    wshub_host_v1 table = table_of(offsetof(wshub_host_v1, control));
    table.channel_str = [](wshub_host*, wshub_channel_session, std::uint32_t, const wshub_sink*) { return -1; };
    table.control = [](wshub_host*, wshub_str, wshub_str, wshub_slot, std::uint64_t) { return -1; };
    const wshub::Host host(nullptr, &table);
    CHECK(host.has(&wshub_host_v1::channel_str));
    CHECK_FALSE(host.has(&wshub_host_v1::control));  // whatever lies behind the end
    CHECK_FALSE(host.has(&wshub_host_v1::on));       // there, but null
}
