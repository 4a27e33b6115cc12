#include "net/trusted_proxies.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "fake_exchange.h"

using namespace wshub;

namespace {

net::TrustedProxies trusted(const std::vector<std::string>& networks) {
    std::vector<protocol::IpNetwork> parsed;
    for (const std::string& network : networks) parsed.push_back(*protocol::IpNetwork::parse(network));
    return net::TrustedProxies(std::move(parsed));
}

const net::Peer kProxy{"10.0.0.1", 4711, false};

net::Peer client_of(const std::vector<std::string>& headers, const net::Peer& proxy = kProxy) {
    static const auto proxies = trusted({"10.0.0.0/8", "fd00::/8", "192.0.2.7"});
    return proxies.client_of(test::make_head("GET", "/", headers), proxy);
}

}  // namespace

TEST_CASE("addresses of the list are trusted, and nothing else", "[proxies]") {
    const auto proxies = trusted({"10.0.0.0/8", "fd00::/8"});
    CHECK(proxies.trusts("10.1.2.3"));
    CHECK(proxies.trusts("fd12::1"));
    CHECK_FALSE(proxies.trusts("11.0.0.1"));
    CHECK_FALSE(proxies.trusts("::1"));
    CHECK_FALSE(proxies.trusts(""));
    CHECK_FALSE(proxies.trusts("localhost"));
    CHECK(net::TrustedProxies().empty());
    CHECK_FALSE(net::TrustedProxies().trusts("127.0.0.1"));
    CHECK_FALSE(net::TrustedProxies().trusts("0.0.0.0"));
}

TEST_CASE("the client is the last one forwarded for whom we do not trust", "[proxies]") {
    const auto [list, expected] = GENERATE(table<std::string, std::string>({
        {"203.0.113.9", "203.0.113.9"},
        {"203.0.113.9:40000", "203.0.113.9"},
        {"2001:db8::9", "2001:db8::9"},
        {"[2001:DB8::9]:443", "2001:db8::9"},
        {"::ffff:203.0.113.9", "203.0.113.9"},
        {" 203.0.113.9 ", "203.0.113.9"},
        {"198.51.100.1, 203.0.113.9", "203.0.113.9"},
        {"203.0.113.9, 10.9.9.9", "203.0.113.9"},
        {"198.51.100.1,203.0.113.9,10.9.9.9,fd00::1,192.0.2.7", "203.0.113.9"},
        {"forged, 203.0.113.9", "203.0.113.9"},
        {"10.1.1.1, 10.2.2.2", "10.1.1.1"},
        {"203.0.113.9,,", "203.0.113.9"},
        {"203.0.113.9, , 10.9.9.9 ,", "203.0.113.9"},
        {"", "10.0.0.1"},
        {",,", "10.0.0.1"},
        {"unknown", "10.0.0.1"},
        {"203.0.113.9, unknown", "10.0.0.1"},
        {"203.0.113.9, unknown, 10.9.9.9", "10.0.0.1"},
        {"203.0.113.9 198.51.100.1", "10.0.0.1"},
        {"203.0.113.999", "10.0.0.1"},
    }));
    INFO(list);
    CHECK(client_of({"X-Forwarded-For: " + list}).address == expected);
}

TEST_CASE("all lines of the list count, the last one first", "[proxies]") {
    CHECK(client_of({"X-Forwarded-For: 198.51.100.1", "x-forwarded-for: 203.0.113.9"}).address == "203.0.113.9");
    CHECK(
        client_of({"X-Forwarded-For: 198.51.100.1, 203.0.113.9", "X-Other: 1", "X-FORWARDED-FOR: 10.3.3.3"}).address ==
        "203.0.113.9");
    CHECK(client_of({"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For:"}).address == "203.0.113.9");
    CHECK(client_of({}).address == "10.0.0.1");
}

TEST_CASE("the proxy's port is not the client's", "[proxies]") {
    CHECK(client_of({"X-Forwarded-For: 203.0.113.9:5"}).port == 0);
    CHECK(client_of({}).port == 4711);
}

TEST_CASE("the last X-Forwarded-Proto says whether the client's connection is secure", "[proxies]") {
    const net::Peer over_tls{"10.0.0.1", 4711, true};
    CHECK(client_of({"X-Forwarded-Proto: https"}).secure);
    CHECK(client_of({"X-Forwarded-Proto: HTTPS"}).secure);
    CHECK(client_of({"X-Forwarded-Proto: wss"}).secure);
    CHECK(client_of({"X-Forwarded-Proto: http, https"}).secure);
    CHECK(client_of({"X-Forwarded-Proto: http", "X-Forwarded-Proto: https"}).secure);
    CHECK_FALSE(client_of({"X-Forwarded-Proto: https, http"}).secure);
    CHECK_FALSE(client_of({"X-Forwarded-Proto: http"}, over_tls).secure);
    CHECK_FALSE(client_of({"X-Forwarded-Proto: ws"}, over_tls).secure);
    CHECK_FALSE(client_of({"X-Forwarded-Proto: quic"}).secure);
    CHECK(client_of({"X-Forwarded-Proto: quic"}, over_tls).secure);
    CHECK(client_of({}, over_tls).secure);
    CHECK_FALSE(client_of({}).secure);
}
