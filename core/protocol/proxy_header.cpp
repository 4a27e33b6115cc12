#include "protocol/proxy_header.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace wshub::protocol {
namespace {

using Outcome = base::Result<std::optional<ProxyHeader>, ProxyHeaderError>;

constexpr std::string_view kTextBegin = "PROXY ";
constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kBinaryFixed = 16;

Outcome malformed() {
    return base::Failure<ProxyHeaderError>(ProxyHeaderError::kMalformed);
}

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint8_t>(bytes[index]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint16_t>(byte_at(bytes, index) << 8 | byte_at(bytes, index + 1));
}

// ---- version 1:  PROXY TCP4 192.0.2.1 198.51.100.7 40000 443 CRLF

// Up to the next blank, which goes too.
std::string_view cut_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

// 0 to 65535 without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    unsigned port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        port = port * 10 + static_cast<unsigned>(c - '0');
    }
    if (port > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

std::optional<IpAddress> parse_address(std::string_view text, bool v6) {
    if ((text.find(':') != std::string_view::npos) != v6) return std::nullopt;
    return IpAddress::parse(text);
}

Outcome parse_text(std::string_view line) {
    std::string_view rest = line.substr(kTextBegin.size(), line.size() - kTextBegin.size() - 2);
    // An empty word at the end would be cut off unseen.
    if (rest.ends_with(' ') && !rest.starts_with("UNKNOWN ")) return malformed();
    const std::string_view family = cut_word(rest);
    // What stands behind UNKNOWN is to be ignored.
    if (family == "UNKNOWN") return ProxyHeader{};
    if (family != "TCP4" && family != "TCP6") return malformed();
    const bool v6 = family == "TCP6";
    const auto source = parse_address(cut_word(rest), v6);
    const auto destination = parse_address(cut_word(rest), v6);
    const auto source_port = parse_port(cut_word(rest));
    const auto destination_port = parse_port(cut_word(rest));
    if (!source || !destination || !source_port || !destination_port || !rest.empty()) return malformed();
    return ProxyHeader{ProxyHeader::Source{*source, *source_port}, false};
}

// ---- version 2
//
//   0        12        13        14        16
//   +--------+---------+---------+---------+------------------------------+---------------------------+
//   | sign.  | 2 | cmd | fam|prot| length  | source, destination, ports   | type, length, value ...   |
//   +--------+---------+---------+---------+------------------------------+---------------------------+
//                                          |<-- by family -->|            |<------ TLVs ------------->|
//                                          |<----------------------- length ------------------------->|

constexpr unsigned kLocal = 0, kProxy = 1;
constexpr unsigned kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3;
constexpr unsigned kMostTransport = 2;  // 0 unspecified, 1 stream, 2 datagram (of a proxy that speaks HTTP/3)
constexpr std::uint8_t kTlvSsl = 0x20;
constexpr std::uint8_t kClientSsl = 0x01;
constexpr std::size_t kTlvFixed = 3;
constexpr std::size_t kSslFixed = 5;

template <std::size_t kSize>
IpAddress address_at(std::string_view bytes, std::size_t index) {
    std::array<std::uint8_t, kSize> address{};
    for (std::size_t i = 0; i < kSize; ++i) address[i] = byte_at(bytes, index + i);
    return IpAddress(std::span<const std::uint8_t, kSize>(address));
}

// Whether the client came over TLS, of the TLVs behind the addresses; nothing if they do not fit together.
std::optional<bool> secure_of(std::string_view tlvs) {
    bool secure = false;
    while (!tlvs.empty()) {
        if (tlvs.size() < kTlvFixed) return std::nullopt;
        const std::size_t length = number_at(tlvs, 1);
        if (length > tlvs.size() - kTlvFixed) return std::nullopt;
        const std::string_view value = tlvs.substr(kTlvFixed, length);
        if (byte_at(tlvs, 0) == kTlvSsl) {
            if (value.size() < kSslFixed) return std::nullopt;
            secure = (byte_at(value, 0) & kClientSsl) != 0;
        }
        tlvs.remove_prefix(kTlvFixed + length);
    }
    return secure;
}

Outcome parse_binary(std::string_view bytes) {
    const unsigned command = byte_at(bytes, 12) & 0x0f;
    // The proxy's own, to see whether we live: what follows is ignored, whatever it is.
    if (command == kLocal) return ProxyHeader{};

    const unsigned family = byte_at(bytes, 13) >> 4, transport = byte_at(bytes, 13) & 0x0f;
    static constexpr std::array<std::size_t, 4> kSizes{0, 12, 36, 216};
    // A family and no transport, or the other way round, is none of the values that exist.
    if (command != kProxy || family > kUnix || transport > kMostTransport ||
        (family == kUnspecified) != (transport == 0))
        return malformed();
    const std::string_view block = bytes.substr(kBinaryFixed);
    if (block.size() < kSizes[family]) return malformed();

    ProxyHeader header;
    if (family == kInet) header.source = {address_at<4>(block, 0), number_at(block, 8)};
    if (family == kInet6) header.source = {address_at<16>(block, 0), number_at(block, 32)};
    // Of unspecified addresses nobody says where they end and TLVs begin.
    if (family == kUnspecified) return header;
    const auto secure = secure_of(block.substr(kSizes[family]));
    if (!secure) return malformed();
    header.secure = *secure;
    return header;
}

}  // namespace

Outcome ProxyHeaderReader::next(std::span<const char>& in) {
    while (!in.empty()) {
        const char byte = in.front();
        in = in.subspan(1);
        const auto whole = take(byte);
        if (!whole) return base::Failure<ProxyHeaderError>(whole.error());
        if (*whole) return bytes_.front() == 'P' ? parse_text(bytes_) : parse_binary(bytes_);
    }
    return std::nullopt;
}

// True when the header is whole with this byte. Byte by byte, so that nothing depends on how they are cut into pieces;
// there are few, and one header a connection.
base::Result<bool, ProxyHeaderError> ProxyHeaderReader::take(char byte) {
    const auto fail = [](ProxyHeaderError error) { return base::Failure<ProxyHeaderError>(error); };
    bytes_ += byte;
    const std::size_t count = bytes_.size();
    const std::string_view begin = bytes_.front() == 'P' ? kTextBegin : kSignature;
    if (count <= begin.size()) {
        if (byte == begin[count - 1]) return false;
        return fail(ProxyHeaderError::kNone);
    }
    if (bytes_.front() == 'P') {
        if (byte == '\n') {
            if (bytes_[count - 2] != '\r') return fail(ProxyHeaderError::kMalformed);
            return true;
        }
        if (bytes_[count - 2] == '\r') return fail(ProxyHeaderError::kMalformed);
        if (count >= kMostText) return fail(ProxyHeaderError::kTooLong);
        return false;
    }
    if (count == 13 && byte_at(bytes_, 12) >> 4 != 2) return fail(ProxyHeaderError::kMalformed);
    if (count < kBinaryFixed) return false;
    if (count == kBinaryFixed) {
        const std::size_t rest = number_at(bytes_, 14);
        if (rest > kMostBinary) return fail(ProxyHeaderError::kTooLong);
        size_ = kBinaryFixed + rest;
    }
    return count == size_;
}

}  // namespace wshub::protocol
