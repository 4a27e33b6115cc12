#include "net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>
#include <string>

using namespace wshub;

TEST_CASE("a peer's address is numeric, IPv4 in IPv6 as IPv4", "[listener]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"::1", "::1"},
        {"2001:db8::7", "2001:db8::7"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
    }));
    sockaddr_storage storage{};
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(4711);
    REQUIRE(::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
    CHECK(net::peer_of(storage).address == expected);
    CHECK(net::peer_of(storage).port == 4711);
}

TEST_CASE("a peer of IPv4 is shown as such", "[listener]") {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(80);
    v4.sin_addr.s_addr = htonl(0xC0000201);
    CHECK(net::peer_of(storage).address == "192.0.2.1");
    CHECK(net::peer_of(storage).port == 80);
}
