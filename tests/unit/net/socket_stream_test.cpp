#include "net/socket_stream.h"

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventually.h"
#include "raw_socket.h"

using namespace wshub;
using namespace std::chrono_literals;
using net::SocketStream;
using net::Stream;
using net::StreamEnd;
using test::RawSocket;
using test::turn_until;

namespace {

struct Handler final : net::StreamHandler {
    void on_bytes(std::span<char> bytes) override {
        received.append(bytes.data(), bytes.size());
        ++deliveries;
        if (bytes_hook) bytes_hook();
    }
    void on_writable() override {
        ++writable;
        if (writable_hook) writable_hook();
    }
    void on_end(StreamEnd how) override {
        ++ends;
        end = how;
        if (end_hook) end_hook();
    }
    std::string received;
    int deliveries = 0, writable = 0, ends = 0;
    std::optional<StreamEnd> end;
    std::function<void()> bytes_hook, writable_hook, end_hook;
};

std::size_t write(Stream& stream, std::string_view bytes) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    return stream.write({&piece, 1});
}

// A stream on a loop without a thread, and its peer.
struct Rig {
    explicit Rig(int send_buffer = 0) {
        auto [near, remote] = test::tcp_pair();
        if (send_buffer > 0) ::setsockopt(near.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
        far = std::move(remote);
        stream = std::make_unique<SocketStream>(loop, std::move(near), net::Peer{"127.0.0.1", 1, false});
        stream->set_handler(&handler);
        stream->enter();
    }

    // Fills the kernel's buffers until the stream takes no more; what it took.
    std::string fill() {
        std::string all;
        for (std::size_t i = 0;; ++i) {
            const std::string block(16 * 1024, static_cast<char>('a' + i % 26));
            const std::size_t taken = write(*stream, block);
            all.append(block, 0, taken);
            if (taken < block.size()) return all;
        }
    }

    base::ManualClock clock;
    net::Loop loop{0, clock};
    net::Loop::Enter here{loop};
    Handler handler;
    RawSocket far;
    std::unique_ptr<SocketStream> stream;
};

}  // namespace

TEST_CASE("a stream delivers what the peer sends and sends what it is given, in pieces", "[stream]") {
    Rig rig;
    rig.far.send("hello");
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.received == "hello"; }));
    std::string a = "one ", b, c = "two";
    const std::array<iovec, 3> pieces{iovec{a.data(), a.size()}, iovec{b.data(), 0}, iovec{c.data(), c.size()}};
    CHECK(rig.stream->write(pieces) == 7);
    CHECK(rig.far.read(7) == "one two");
    CHECK(rig.handler.writable == 0);
}

TEST_CASE("more pieces than one system call takes are all written", "[stream]") {
    Rig rig;
    std::string text = "x";
    const std::vector<iovec> pieces(2500, iovec{text.data(), 1});
    CHECK(rig.stream->write(pieces) == 2500);
    CHECK(rig.far.read(2500) == std::string(2500, 'x'));
}

TEST_CASE("a write that falls short is followed by on_writable, and nothing is lost or doubled", "[stream]") {
    Rig rig(8 * 1024);
    std::string expected = rig.fill();
    CHECK(write(*rig.stream, "more") == 0);
    rig.loop.turn();
    CHECK(rig.handler.writable == 0);

    std::size_t more = 0;
    rig.handler.writable_hook = [&] { more += write(*rig.stream, "more"); };
    std::string got;
    while (got.size() < expected.size()) {
        got += rig.far.read(std::min<std::size_t>(expected.size() - got.size(), 4096));
        rig.loop.turn();
    }
    REQUIRE(turn_until(rig.loop, [&] { return more == 4; }));
    CHECK(got == expected);
    CHECK(rig.far.read(4) == "more");
    CHECK(rig.handler.writable == 1);
}

TEST_CASE("a stream reads a bounded amount in one turn and goes on in the next", "[stream]") {
    Rig rig;
    const int buffer = 4 * 1024 * 1024;
    ::setsockopt(rig.far.fd(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    const std::string big(1'500'000, 'x');
    std::thread sender([&] { rig.far.send(big); });
    std::size_t most = 0, before = 0;
    const bool all = turn_until(rig.loop, [&] {
        most = std::max(most, rig.handler.received.size() - before);
        before = rig.handler.received.size();
        return rig.handler.received.size() == big.size();
    });
    sender.join();
    CHECK(all);
    CHECK(most <= 5 * net::Loop::kScratchSize);
}

TEST_CASE("the peer's orderly end comes once, behind all bytes", "[stream]") {
    Rig rig;
    rig.far.send("bye");
    rig.far.end_writing();
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends > 0; }));
    CHECK(rig.handler.received == "bye");
    CHECK(rig.handler.end == StreamEnd::kClosed);
    CHECK(write(*rig.stream, "late") == 4);
    CHECK(rig.far.read(4) == "late");
    rig.far.close();
    for (int i = 0; i < 5; ++i) rig.loop.turn(1ms);
    CHECK(rig.handler.ends == 1);
}

TEST_CASE("a reset ends the stream, and writes are taken and dropped from then on", "[stream]") {
    Rig rig;
    rig.far.reset();
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends > 0; }));
    CHECK(rig.handler.end == StreamEnd::kReset);
    CHECK(write(*rig.stream, "into the void") == 13);
    rig.loop.turn();
    CHECK(rig.handler.ends == 1);
}

TEST_CASE("a connection that breaks under a write tells its end in the next turn, not inside the call", "[stream]") {
    Rig rig;
    rig.far.reset();
    for (int i = 0; i < 3; ++i) CHECK(write(*rig.stream, "lost") == 4);
    CHECK(rig.handler.ends == 0);
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends == 1; }));
    CHECK(rig.handler.end == StreamEnd::kReset);
}

TEST_CASE("a paused stream delivers nothing, and everything when it is resumed", "[stream]") {
    Rig rig;
    rig.stream->pause_reading();
    rig.far.send("waiting");
    for (int i = 0; i < 5; ++i) rig.loop.turn(5ms);
    CHECK(rig.handler.received.empty());
    rig.stream->resume_reading();
    CHECK(rig.handler.received.empty());
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.received == "waiting"; }));
}

TEST_CASE("pausing inside on_bytes holds back what follows", "[stream]") {
    Rig rig;
    rig.handler.bytes_hook = [&] { rig.stream->pause_reading(); };
    const std::string big(3 * net::Loop::kScratchSize, 'x');
    std::thread sender([&] { rig.far.send(big); });
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.deliveries == 1; }));
    for (int i = 0; i < 5; ++i) rig.loop.turn(5ms);
    CHECK(rig.handler.deliveries == 1);
    rig.handler.bytes_hook = nullptr;
    rig.stream->resume_reading();
    CHECK(turn_until(rig.loop, [&] { return rig.handler.received.size() == big.size(); }));
    sender.join();
}

TEST_CASE("a paused stream notices that the peer is gone", "[stream]") {
    Rig rig;
    rig.stream->pause_reading();
    SECTION("at once if nothing is unread") {
        rig.far.close();
        REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends == 1; }));
        CHECK(rig.handler.end == StreamEnd::kClosed);
    }
    SECTION("at once if the connection breaks") {
        rig.far.send("unread");
        rig.far.reset();
        REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends == 1; }));
        CHECK(rig.handler.end == StreamEnd::kReset);
    }
    SECTION("behind the bytes that lie before an orderly end") {
        rig.far.send("unread");
        rig.far.close();
        for (int i = 0; i < 5; ++i) rig.loop.turn(5ms);
        CHECK(rig.handler.ends == 0);
        rig.stream->resume_reading();
        REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends == 1; }));
        CHECK(rig.handler.received == "unread");
    }
}

TEST_CASE("a handler may destroy its stream in any callback", "[stream]") {
    Rig rig(8 * 1024);
    const auto destroy = [&] { rig.stream.reset(); };
    SECTION("on_bytes") {
        rig.handler.bytes_hook = destroy;
        rig.far.send("x");
    }
    SECTION("on_end") {
        rig.handler.end_hook = destroy;
        rig.far.close();
    }
    SECTION("on_writable") {
        rig.handler.writable_hook = destroy;
        const std::string sent = rig.fill();
        rig.far.read(sent.size());
    }
    CHECK(turn_until(rig.loop, [&] { return rig.stream == nullptr; }));
    CHECK(rig.loop.load() == 0);
    rig.loop.turn();
}

TEST_CASE("a new handler hears of an end that the old one heard of already", "[stream]") {
    Rig rig;
    rig.far.close();
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends == 1; }));
    Handler second;
    rig.stream->set_handler(&second);
    CHECK(second.ends == 0);
    CHECK(turn_until(rig.loop, [&] { return second.ends == 1; }));
}

TEST_CASE("bytes that come while there is no handler wait for one", "[stream]") {
    Rig rig;
    rig.stream->set_handler(nullptr);
    rig.far.send("early");
    for (int i = 0; i < 5; ++i) rig.loop.turn(5ms);
    rig.stream->set_handler(&rig.handler);
    CHECK(turn_until(rig.loop, [&] { return rig.handler.received == "early"; }));
}

TEST_CASE("finish sends the last bytes and waits for the peer to end its side", "[stream]") {
    Rig rig;
    rig.far.send("something that nobody reads");
    Stream::finish(std::move(rig.stream), "goodbye");
    CHECK(rig.loop.load() == 1);
    rig.loop.turn();
    CHECK(rig.far.read_to_end() == "goodbye");
    CHECK_FALSE(rig.far.was_reset());
    rig.far.send("and more");
    rig.loop.turn();
    CHECK(rig.loop.load() == 1);
    rig.far.close();
    CHECK(turn_until(rig.loop, [&] { return rig.loop.load() == 0; }));
    CHECK(rig.handler.ends == 0);
    CHECK(rig.handler.received.empty());
}

TEST_CASE("finish gives up a peer that does not end its side within two seconds", "[stream]") {
    Rig rig;
    Stream::finish(std::move(rig.stream), "goodbye");
    CHECK(rig.far.read_to_end() == "goodbye");
    rig.clock.advance(1'900ms);
    rig.loop.turn();
    CHECK(rig.loop.load() == 1);
    rig.clock.advance(200ms);
    rig.loop.turn();
    CHECK(rig.loop.load() == 0);
}

TEST_CASE("finish gets its last bytes through a full socket, as long as the peer takes some", "[stream]") {
    Rig rig(8 * 1024);
    std::string expected = rig.fill();
    const std::string last(300'000, 'z');
    expected += last;
    Stream::finish(std::move(rig.stream), last);
    std::string got;
    std::thread reader([&] {
        got = rig.far.read_to_end();
        rig.far.close();
    });
    const bool closed = turn_until(rig.loop, [&] { return rig.loop.load() == 0; });
    reader.join();
    CHECK(closed);
    CHECK(got == expected);
    CHECK_FALSE(rig.far.was_reset());
}

TEST_CASE("finish gives up a peer that takes nothing of the last bytes", "[stream]") {
    Rig rig(8 * 1024);
    rig.fill();
    Stream::finish(std::move(rig.stream), "never seen");
    rig.loop.turn();
    CHECK(rig.loop.load() == 1);
    rig.clock.advance(2'100ms);
    rig.loop.turn();
    CHECK(rig.loop.load() == 0);
}

TEST_CASE("finish may be called inside a callback", "[stream]") {
    Rig rig;
    rig.handler.bytes_hook = [&] { Stream::finish(std::move(rig.stream), "enough"); };
    rig.far.send(std::string(200'000, 'x'));
    REQUIRE(turn_until(rig.loop, [&] { return rig.stream == nullptr; }));
    rig.far.end_writing();
    CHECK(turn_until(rig.loop, [&] { return rig.loop.load() == 0; }));
    CHECK(rig.far.read_to_end() == "enough");
    CHECK_FALSE(rig.far.was_reset());
    CHECK(rig.handler.deliveries == 1);
}

TEST_CASE("finishing a stream whose peer has ended already closes it when the last bytes are out", "[stream]") {
    Rig rig;
    rig.far.end_writing();
    REQUIRE(turn_until(rig.loop, [&] { return rig.handler.ends == 1; }));
    Stream::finish(std::move(rig.stream), "last");
    CHECK(rig.loop.load() == 0);
    CHECK(rig.far.read_to_end() == "last");
}

TEST_CASE("what goes first is sent before what is written after it", "[stream]") {
    Rig rig(8 * 1024);
    std::string expected = rig.fill();
    rig.stream->write_first("first ");
    CHECK(write(*rig.stream, "second") == 0);
    std::size_t sent = 0;
    rig.handler.writable_hook = [&] { sent = write(*rig.stream, "second"); };
    expected += "first second";
    std::string got;
    while (got.size() < expected.size() - 12) {
        got += rig.far.read(std::min<std::size_t>(expected.size() - 12 - got.size(), 4096));
        rig.loop.turn();
    }
    REQUIRE(turn_until(rig.loop, [&] { return sent == 6; }));
    got += rig.far.read(12);
    CHECK(got == expected);
}

TEST_CASE("a stream moves to another loop with its unread bytes", "[stream]") {
    Rig rig;
    net::Loop other(1, rig.clock);
    rig.stream->pause_reading();
    rig.far.send("on the way");
    for (int i = 0; i < 3; ++i) rig.loop.turn(5ms);
    rig.stream->leave_for(other);
    CHECK(rig.loop.load() == 0);
    CHECK(other.load() == 1);
    const net::Loop::Enter there(other);
    rig.stream->enter();
    rig.stream->resume_reading();
    CHECK(&rig.stream->loop() == &other);
    CHECK(turn_until(other, [&] { return rig.handler.received == "on the way"; }));
    rig.stream.reset();
}
