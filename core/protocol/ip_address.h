// Addresses of the internet and networks of them, as text and as bytes. IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2)
// is IPv4 everywhere. Plain values; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wshub::protocol {

class IpAddress {
public:
    // 0.0.0.0
    IpAddress();
    explicit IpAddress(std::span<const std::uint8_t, 4> v4);
    explicit IpAddress(std::span<const std::uint8_t, 16> v6);

    // "192.0.2.1" (four numbers without leading zeros) or "2001:db8::1"; no brackets, port or zone.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const;
    // In the shortest form (RFC 5952).
    std::string text() const;
    // Who counts as one client: the address itself, of IPv6 the /64 it lies in, since whoever has one address of that
    // has all of them.
    IpAddress site() const;

    // IPv4 as ::ffff:a.b.c.d.
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

    friend bool operator==(const IpAddress&, const IpAddress&) = default;
    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
    std::array<std::uint8_t, 16> bytes_;
};

// The addresses that begin with the same bits. A network of one family holds none of the other.
class IpNetwork {
public:
    // "10.0.0.0/8", "fd00::/8", or an address, which is a network of one. Nothing if bits behind the prefix are set:
    // who writes 10.0.0.1/8 may have meant either.
    static std::optional<IpNetwork> parse(std::string_view text);

    bool has(const IpAddress& address) const;

private:
    IpAddress first_;
    unsigned prefix_ = 128;  // bits, of the address as IPv6
};

// Of a proxy's list of whom it forwards for (X-Forwarded-For): an address, IPv6 in brackets or not, perhaps with a port
// behind a colon (IPv6 then in brackets).
std::optional<IpAddress> parse_forwarded_address(std::string_view text);

}  // namespace wshub::protocol

// Keyed: whoever has a network may choose among its addresses.
template <>
struct std::hash<wshub::protocol::IpAddress> {
    std::size_t operator()(const wshub::protocol::IpAddress& address) const noexcept;
};
