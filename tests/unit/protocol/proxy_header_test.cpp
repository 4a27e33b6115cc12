#include "protocol/proxy_header.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace wshub::protocol;
using namespace std::string_literals;

namespace {

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string u16(std::size_t number) {
    return {static_cast<char>(number >> 8 & 0xff), static_cast<char>(number & 0xff)};
}

std::string version_2(int version_and_command, int family, const std::string& rest) {
    return kSignature + static_cast<char>(version_and_command) + static_cast<char>(family) + u16(rest.size()) + rest;
}

const std::string kV4Addresses = "\xc0\x00\x02\x01\xc6\x33\x64\x07"s + u16(40000) + u16(443);
const std::string kV6Addresses =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01"s + std::string(15, '\0') + "\x02"s + u16(40000) + u16(443);

std::string tlv(int type, const std::string& value) {
    return static_cast<char>(type) + u16(value.size()) + value;
}

// "address:port", "own" for the connection's, "... secure", "needs more", or the error; then "+" and what was left.
std::string outcome(ProxyHeaderReader& reader, std::string_view bytes) {
    std::span<const char> in(bytes);
    const auto header = reader.next(in);
    if (!header) {
        const char* const names[] = {"none", "malformed", "too long"};
        return names[static_cast<int>(header.error())];
    }
    if (!*header) return in.empty() ? "needs more" : "left bytes";
    const auto& source = (*header)->source;
    std::string text = source ? source->address.text() + " " + std::to_string(source->port) : "own";
    if ((*header)->secure) text += " secure";
    return text + (in.empty() ? "" : "+" + std::string(in.data(), in.size()));
}

std::string read(std::string_view bytes) {
    ProxyHeaderReader reader;
    std::string whole = outcome(reader, bytes);
    // However it is cut into pieces, the same.
    ProxyHeaderReader second;
    std::string piecewise = "needs more";
    for (std::size_t i = 0; i < bytes.size() && piecewise == "needs more"; ++i) {
        piecewise = outcome(second, bytes.substr(i, 1));
        if (piecewise != "needs more" && i + 1 < bytes.size() && piecewise.find_first_of("0123456789o") == 0)
            piecewise += "+" + std::string(bytes.substr(i + 1));
    }
    CHECK(piecewise == whole);
    return whole;
}

}  // namespace

TEST_CASE("version 1 says who connected, by strict fields", "[proxy]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n", "192.0.2.1 40000"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\nGET / HTTP/1.1\r\n", "192.0.2.1 40000+GET / HTTP/1.1\r\n"},
        {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255 65535"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 0 0\r\n", "192.0.2.1 0"},
        {"PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\n", "2001:db8::1 40000"},
        {"PROXY TCP6 ::ffff:192.0.2.1 ::1 40000 443\r\n", "192.0.2.1 40000"},
        {"PROXY UNKNOWN\r\n", "own"},
        {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "own"},
        {"PROXY UNKNOWN \r\n", "own"},
        {"PROXY ", "needs more"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443", "needs more"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r", "needs more"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443 1\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 443 \r\n", "malformed"},
        {"PROXY TCP4  192.0.2.1 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1\t198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.01 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 65536 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 040 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 +40 443\r\n", "malformed"},
        {"PROXY TCP4 192.0.2.1 198.51.100.7 40000 \r\n", "malformed"},
        {"PROXY TCP4 2001:db8::1 2001:db8::2 40000 443\r\n", "malformed"},
        {"PROXY TCP6 192.0.2.1 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY TCP6 2001:db8::1 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY TCP5 192.0.2.1 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY tcp4 192.0.2.1 198.51.100.7 40000 443\r\n", "malformed"},
        {"PROXY UNKNOWNS\r\n", "malformed"},
        {"PROXY \r\n", "malformed"},
        {"PROXY\r\n", "none"},
        {"PROXY\tTCP4", "none"},
        {"proxy TCP4", "none"},
        {"POST / HTTP/1.1\r\n", "none"},
        {"GET / HTTP/1.1\r\n", "none"},
    }));
    INFO(text);
    CHECK(read(text) == expected);
}

TEST_CASE("version 1 ends within 107 bytes", "[proxy]") {
    const std::string begin = "PROXY UNKNOWN ";
    const std::size_t fill = ProxyHeaderReader::kMostText - begin.size() - 2;
    CHECK(read(begin + std::string(fill, 'x') + "\r\n") == "own");
    CHECK(read(begin + std::string(fill + 1, 'x') + "\r\n") == "too long");
    CHECK(read(begin + std::string(100'000, 'x')) == "too long");
}

TEST_CASE("version 2 says who connected, by strict fields", "[proxy]") {
    const std::string ssl = tlv(0x20, "\x01"s + std::string(4, '\0') + tlv(0x21, "TLSv1.3"));
    const std::string plain = tlv(0x20, "\x00"s + std::string(4, '\0'));
    const std::string alpn = tlv(0x01, "h2"), unknown = tlv(0xee, std::string(300, 'x')), empty = tlv(0x04, "");
    const auto [bytes, expected] = GENERATE_COPY(table<std::string, std::string>({
        {version_2(0x21, 0x11, kV4Addresses), "192.0.2.1 40000"},
        {version_2(0x21, 0x11, kV4Addresses) + "GET", "192.0.2.1 40000+GET"},
        {version_2(0x21, 0x12, kV4Addresses), "192.0.2.1 40000"},
        {version_2(0x21, 0x21, kV6Addresses), "2001:db8::1 40000"},
        {version_2(0x21, 0x22, kV6Addresses), "2001:db8::1 40000"},
        {version_2(0x21, 0x31, std::string(216, '/')), "own"},
        {version_2(0x21, 0x31, std::string(216, '/') + ssl), "own secure"},
        {version_2(0x21, 0x00, ""), "own"},
        {version_2(0x21, 0x00, "whatever"), "own"},
        {version_2(0x20, 0x00, ""), "own"},
        {version_2(0x20, 0x11, kV4Addresses + ssl), "own"},
        {version_2(0x20, 0xff, "xx"), "own"},
        {version_2(0x21, 0x11, kV4Addresses + ssl), "192.0.2.1 40000 secure"},
        {version_2(0x21, 0x11, kV4Addresses + alpn + unknown + empty + ssl), "192.0.2.1 40000 secure"},
        {version_2(0x21, 0x11, kV4Addresses + plain), "192.0.2.1 40000"},
        {version_2(0x21, 0x11, kV4Addresses + alpn), "192.0.2.1 40000"},
        {version_2(0x21, 0x11, kV4Addresses.substr(1)), "malformed"},
        {version_2(0x21, 0x21, kV6Addresses.substr(1)), "malformed"},
        {version_2(0x21, 0x21, kV4Addresses), "malformed"},
        {version_2(0x21, 0x31, std::string(215, '/')), "malformed"},
        {version_2(0x21, 0x11, kV4Addresses + "\x01"s), "malformed"},
        {version_2(0x21, 0x11, kV4Addresses + "\x01\x00"s), "malformed"},
        {version_2(0x21, 0x11, kV4Addresses + alpn.substr(0, alpn.size() - 1)), "malformed"},
        {version_2(0x21, 0x11, kV4Addresses + tlv(0x20, "\x01\0\0\0"s)), "malformed"},
        {version_2(0x21, 0x10, kV4Addresses), "malformed"},
        {version_2(0x21, 0x13, kV4Addresses), "malformed"},
        {version_2(0x21, 0x41, std::string(216, '/')), "malformed"},
        {version_2(0x21, 0x01, kV4Addresses), "malformed"},
        {version_2(0x22, 0x11, kV4Addresses), "malformed"},
        {version_2(0x11, 0x11, kV4Addresses), "malformed"},
        {version_2(0x31, 0x11, kV4Addresses), "malformed"},
        {kSignature, "needs more"},
        {version_2(0x21, 0x11, kV4Addresses).substr(0, 27), "needs more"},
        {"\r\n\r\n\0\r\nQUIX\n"s, "none"},
        {"\r\nGET / HTTP/1.1\r\n", "none"},
        {"\x16\x03\x01"s, "none"},
    }));
    CAPTURE(bytes, expected);
    CHECK(read(bytes) == expected);
}

TEST_CASE("version 2 announces no more than what is worth holding", "[proxy]") {
    const std::size_t left = ProxyHeaderReader::kMostBinary - kV4Addresses.size() - 3;
    CHECK(read(version_2(0x21, 0x11, kV4Addresses + tlv(4, std::string(left, 'x')))) == "192.0.2.1 40000");
    // Known from its length alone.
    const std::string too_long = kSignature + "\x21\x11"s + u16(ProxyHeaderReader::kMostBinary + 1);
    CHECK(read(too_long) == "too long");
    CHECK(read(kSignature + "\x20\x00\xff\xff"s) == "too long");
}

TEST_CASE("a reader tells whether a header has begun", "[proxy]") {
    ProxyHeaderReader reader;
    CHECK_FALSE(reader.begun());
    CHECK(outcome(reader, "P") == "needs more");
    CHECK(reader.begun());
}
