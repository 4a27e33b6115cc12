#include "protocol/ip_address.h"

#include <catch2/catch.hpp>
#include <unordered_set>

using namespace wshub::protocol;

namespace {

// As it is shown; "none" for what is no address.
std::string shown(const std::optional<IpAddress>& address) {
    return address ? address->text() : "none";
}

bool holds(const char* network, const char* address) {
    const auto parsed = IpNetwork::parse(network);
    REQUIRE(parsed);
    return parsed->has(*IpAddress::parse(address));
}

}  // namespace

TEST_CASE("an address is read strictly and shown in its shortest form", "[ip]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::1", "::1"},
        {"::", "::"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:201", "192.0.2.1"},
        {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
        {"", "none"},
        {"1.2.3", "none"},
        {"1.2.3.4.5", "none"},
        {"1.2.3.256", "none"},
        {"01.2.3.4", "none"},
        {"1.2.3.04", "none"},
        {"0x7f.0.0.1", "none"},
        {"127.1", "none"},
        {" 1.2.3.4", "none"},
        {"1.2.3.4 ", "none"},
        {"1.2.3.4:80", "none"},
        {"[::1]", "none"},
        {"fe80::1%eth0", "none"},
        {":::", "none"},
        {"1::2::3", "none"},
        {"12345::1", "none"},
        {"localhost", "none"},
        {std::string("1.2.3.4\0", 8), "none"},
        {std::string(100, '1'), "none"},
    }));
    INFO(text);
    CHECK(shown(IpAddress::parse(text)) == expected);
}

TEST_CASE("a client of IPv6 is the network that it was given", "[ip]") {
    CHECK(IpAddress::parse("2001:db8:1:2:3:4:5:6")->site() == IpAddress::parse("2001:db8:1:2::"));
    CHECK(IpAddress::parse("2001:db8:1:3::1")->site() != IpAddress::parse("2001:db8:1:2::"));
    CHECK(IpAddress::parse("192.0.2.77")->site() == IpAddress::parse("192.0.2.77"));
    CHECK(IpAddress() == IpAddress::parse("0.0.0.0"));
    std::unordered_set<IpAddress> sites{*IpAddress::parse("::1"), *IpAddress::parse("::ffff:1.2.3.4")};
    CHECK(sites.contains(*IpAddress::parse("1.2.3.4")));
}

TEST_CASE("a network holds the addresses of its family that begin like it", "[ip]") {
    CHECK(holds("10.0.0.0/8", "10.255.0.1"));
    CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
    CHECK(holds("192.0.2.128/25", "192.0.2.128"));
    CHECK_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
    CHECK(holds("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(holds("192.0.2.1", "192.0.2.2"));
    CHECK(holds("192.0.2.1/32", "::ffff:192.0.2.1"));
    CHECK(holds("0.0.0.0/0", "203.0.113.9"));
    CHECK_FALSE(holds("0.0.0.0/0", "2001:db8::1"));
    CHECK_FALSE(holds("::/0", "203.0.113.9"));
    CHECK(holds("::/0", "2001:db8::1"));
    CHECK(holds("fd00::/8", "fdff::1"));
    CHECK_FALSE(holds("fd00::/8", "fe00::1"));
    CHECK(holds("2001:db8::/33", "2001:db8:7fff::"));
    CHECK_FALSE(holds("2001:db8::/33", "2001:db8:8000::"));
    CHECK(holds("::1/128", "::1"));
    CHECK(holds("::ffff:10.0.0.0/104", "10.9.9.9"));
}

TEST_CASE("what is no network, or means two, is refused", "[ip]") {
    const auto* const text =
        GENERATE("", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.1/8",
                 "fd00::1/8", "::/129", "fd00::/1x", "10.0.0.0 /8", "hub.example", "[::1]/128", "10.0.0.0/255.0.0.0");
    INFO(text);
    CHECK_FALSE(IpNetwork::parse(text));
}

TEST_CASE("a forwarded address may have brackets and a port", "[ip]") {
    const auto [text, expected] = GENERATE(table<const char*, const char*>({
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:40000", "192.0.2.1"},
        {"192.0.2.1:0", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"[::ffff:192.0.2.1]:5", "192.0.2.1"},
        {"192.0.2.1:", "none"},
        {"192.0.2.1:x", "none"},
        {"192.0.2.1:65536", "none"},
        {"[192.0.2.1]:80", "none"},
        {"[2001:db8::1", "none"},
        {"[2001:db8::1]443", "none"},
        {"[2001:db8::1]:", "none"},
        {"[]", "none"},
        {":80", "none"},
        {"unknown", "none"},
        {"_hidden", "none"},
        {"\"192.0.2.1\"", "none"},
        {"", "none"},
    }));
    INFO(text);
    CHECK(shown(parse_forwarded_address(text)) == expected);
}
