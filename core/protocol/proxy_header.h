// The header with which a proxy begins a connection that it forwards, to say whose it is (haproxy's PROXY protocol,
// versions 1 and 2). Only bytes: whether the sender may be believed is for others to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "protocol/ip_address.h"

namespace wshub::protocol {

struct ProxyHeader {
    struct Source {
        IpAddress address;
        std::uint16_t port = 0;
    };
    // Who connected to the proxy. Nothing if it speaks for itself (LOCAL), does not know (UNKNOWN), or the client has
    // no address of the internet: then the connection's own peer counts.
    std::optional<Source> source;
    bool secure = false;  // the client came over TLS (PP2_TYPE_SSL)
};

enum class ProxyHeaderError : std::uint8_t {
    kNone,       // the connection begins with something else
    kMalformed,  // it has begun, and breaks the rules
    kTooLong,    // above kMost
};

class ProxyHeaderReader {
public:
    static constexpr std::size_t kMostText = 107;      // of version 1, CRLF included
    static constexpr std::size_t kMostBinary = 4'096;  // of version 2, behind its 16 bytes; enough for every TLV in use

    // Takes from the front of `in`, and nothing of what lies behind the header. The header if it is whole, nothing if
    // more bytes are needed (then `in` is empty). Fails at the first byte from which it is certain, but for faults
    // between the fields, which are seen when the header is whole. After either: no more calls.
    base::Result<std::optional<ProxyHeader>, ProxyHeaderError> next(std::span<const char>& in);

    // Something of a header has come.
    bool begun() const { return !bytes_.empty(); }

private:
    base::Result<bool, ProxyHeaderError> take(char byte);

    std::string bytes_;
    std::size_t size_ = 0;  // of the whole header, once it is known
};

}  // namespace wshub::protocol
