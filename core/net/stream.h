// A connected byte stream on a loop. What lies above speaks to this, so that TLS and the tests' fake network fit in
// below.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace wshub::net {

class Loop;

struct Peer {
    std::string address;  // numeric, IPv4-mapped IPv6 as IPv4
    std::uint16_t port = 0;
    bool secure = false;  // TLS, here or at the proxy before us
};

enum class StreamEnd : std::uint8_t {
    kClosed,  // the peer ended its side in order
    kReset,   // the connection broke
};

// What the stream calls, on its loop's thread, never from inside a call into the stream.
class StreamHandler {
public:
    // `bytes` are ours to change and valid during the call. The handler may destroy the stream.
    virtual void on_bytes(std::span<char> bytes) = 0;
    // There is room again after write() took less than it was given. The handler may destroy the stream.
    virtual void on_writable() = 0;
    // Once, and nothing after it. The handler may destroy the stream.
    virtual void on_end(StreamEnd end) = 0;

protected:
    ~StreamHandler() = default;
};

// Its loop's thread only. Destroying it closes the connection at once, whatever is still unsent.
class Stream {
public:
    virtual ~Stream() = default;

    virtual void set_handler(StreamHandler* handler) = 0;

    // Gathered write. Takes as many bytes as fit now and says how many; if fewer than given, on_writable() follows.
    // After the connection broke it takes everything and drops it: on_end() is on its way.
    virtual std::size_t write(std::span<const iovec> pieces) = 0;

    // No on_bytes() until resumed; the kernel's buffer then holds the peer back. The end is still noticed: at once if
    // the connection breaks or nothing unread lies before the peer's end, else when that was read.
    virtual void pause_reading() = 0;
    virtual void resume_reading() = 0;

    // Gives the stream up: sends `last` and what the kernel still holds, ends our side, discards what the peer sends
    // until it ends its own or two seconds have passed. No callback comes any more. (Closing with unread bytes would
    // reset the connection and lose our last answer.)
    static void finish(std::unique_ptr<Stream> stream, std::string last);

    virtual Loop& loop() = 0;
    virtual const Peer& peer() const = 0;

protected:
    // Moves itself to the loop's list of closing streams.
    virtual void finish_self(std::unique_ptr<Stream> self, std::string last) = 0;
};

}  // namespace wshub::net
