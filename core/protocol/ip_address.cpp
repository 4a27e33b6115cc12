#include "protocol/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/keyed_hash.h"

namespace wshub::protocol {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;
constexpr unsigned kSiteBytes = 8;

// A decimal number without sign and leading zeros, not above `most`.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    unsigned number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    if (number > most) return std::nullopt;
    return number;
}

bool is_port(std::string_view text) {
    return parse_number(text, 65535).has_value();
}

bool bit_of(const IpAddress& address, unsigned index) {
    return (address.bytes()[index / 8] >> (7 - index % 8) & 1) != 0;
}

}  // namespace

IpAddress::IpAddress() : IpAddress(std::array<std::uint8_t, 4>{}) {}

IpAddress::IpAddress(std::span<const std::uint8_t, 4> v4) : bytes_{} {
    std::copy(kMapped.begin(), kMapped.end(), bytes_.begin());
    std::copy(v4.begin(), v4.end(), bytes_.begin() + kMapped.size());
}

IpAddress::IpAddress(std::span<const std::uint8_t, 16> v6) : bytes_{} {
    std::copy(v6.begin(), v6.end(), bytes_.begin());
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    std::copy(text.begin(), text.end(), terminated.begin());
    if (text.find(':') == std::string_view::npos) {
        std::array<std::uint8_t, 4> v4{};
        if (::inet_pton(AF_INET, terminated.data(), v4.data()) != 1) return std::nullopt;
        return IpAddress(v4);
    }
    std::array<std::uint8_t, 16> v6{};
    if (::inet_pton(AF_INET6, terminated.data(), v6.data()) != 1) return std::nullopt;
    return IpAddress(v6);
}

bool IpAddress::is_v4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4())
        ::inet_ntop(AF_INET, bytes_.data() + kMapped.size(), text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

IpAddress IpAddress::site() const {
    IpAddress site = *this;
    if (!is_v4()) std::fill(site.bytes_.begin() + kSiteBytes, site.bytes_.end(), std::uint8_t{0});
    return site;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto first = IpAddress::parse(text.substr(0, slash));
    if (!first) return std::nullopt;
    IpNetwork network;
    network.first_ = *first;
    if (slash == std::string_view::npos) return network;

    // "::ffff:10.0.0.0/104" counts the bits of IPv6.
    const bool as_v4 = text.find(':') == std::string_view::npos;
    const auto prefix = parse_number(text.substr(slash + 1), as_v4 ? 32 : 128);
    if (!prefix) return std::nullopt;
    network.prefix_ = *prefix + (as_v4 ? kMappedBits : 0);
    for (unsigned bit = network.prefix_; bit < 128; ++bit) {
        if (bit_of(*first, bit)) return std::nullopt;
    }
    return network;
}

bool IpNetwork::has(const IpAddress& address) const {
    if (address.is_v4() != first_.is_v4()) return false;
    const std::size_t whole = prefix_ / 8;
    const unsigned rest = prefix_ % 8;
    const auto &a = address.bytes(), &b = first_.bytes();
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

std::optional<IpAddress> parse_forwarded_address(std::string_view text) {
    if (!text.empty() && text.front() == '[') {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos) return std::nullopt;
        const std::string_view inside = text.substr(1, bracket - 1), behind = text.substr(bracket + 1);
        if (inside.find(':') == std::string_view::npos) return std::nullopt;
        if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) return std::nullopt;
        return IpAddress::parse(inside);
    }
    // One colon alone stands before a port; IPv6 has two at least.
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        if (!is_port(text.substr(colon + 1))) return std::nullopt;
        text = text.substr(0, colon);
    }
    return IpAddress::parse(text);
}

}  // namespace wshub::protocol

std::size_t std::hash<wshub::protocol::IpAddress>::operator()(
    const wshub::protocol::IpAddress& address) const noexcept {
    const auto& bytes = address.bytes();
    return wshub::base::keyed_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
