// A Stream whose network is the test. The stream belongs to the code under test; the test keeps the FakeWire, which
// outlives it and says what became of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/stream.h"

namespace wshub::test {

class FakeStream;

// The far end of a FakeStream. One thread.
class FakeWire : public std::enable_shared_from_this<FakeWire> {
public:
    static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

    // What the stream took, in order, and the same by write() call. `last` of finish() counts as one more call.
    std::string written;
    std::vector<std::string> writes;

    // How much the next write() calls take, one entry a call; `otherwise` once it is empty.
    std::deque<std::size_t> capacity;
    std::size_t otherwise = kUnlimited;

    // The n-th write() call (1 is the first) breaks the connection: it and all later ones take everything and drop it,
    // and on_end(kReset) comes in the loop's next turn.
    std::optional<std::size_t> fail_at;

    // The code under test still holds the stream.
    bool held() const { return stream_ != nullptr; }
    bool finished() const { return finished_; }            // given up through Stream::finish()
    bool closed() const { return !held() && !finished_; }  // destroyed without finish()
    const std::string& last() const { return last_; }      // what finish() was given
    bool paused() const { return paused_; }
    std::size_t write_calls() const { return calls_; }

    // Bytes from the peer: on_bytes() at once, or when reading is resumed.
    void feed(std::string_view bytes);
    // The peer goes: on_end() at once.
    void end(net::StreamEnd end = net::StreamEnd::kClosed);
    // There is room again: on_writable() if a write() fell short before.
    void make_writable();

    // Takes what was written so far out of `written`.
    std::string take_written() { return std::exchange(written, {}); }

private:
    friend class FakeStream;
    void deliver();

    FakeStream* stream_ = nullptr;
    net::StreamHandler* handler_ = nullptr;
    std::string held_back_;
    std::string last_;
    std::size_t calls_ = 0;
    bool finished_ = false;
    bool paused_ = false;
    bool short_ = false;
    bool broken_ = false;
    bool ended_ = false;
};

class FakeStream final : public net::Stream {
public:
    FakeStream(net::Loop& loop, std::shared_ptr<FakeWire> wire, net::Peer peer = {"192.0.2.1", 50000, false})
        : loop_(loop), wire_(std::move(wire)), peer_(std::move(peer)) {
        wire_->stream_ = this;
    }
    ~FakeStream() override {
        wire_->stream_ = nullptr;
        wire_->handler_ = nullptr;
    }

    void set_handler(net::StreamHandler* handler) override { wire_->handler_ = handler; }

    std::size_t write(std::span<const iovec> pieces) override {
        FakeWire& wire = *wire_;
        std::string all;
        for (const iovec& piece : pieces) all.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
        ++wire.calls_;
        if (!wire.broken_ && wire.fail_at && wire.calls_ >= *wire.fail_at) break_connection();
        if (wire.broken_) return all.size();

        std::size_t room = wire.otherwise;
        if (!wire.capacity.empty()) {
            room = wire.capacity.front();
            wire.capacity.pop_front();
        }
        const std::size_t taken = std::min(room, all.size());
        wire.short_ = taken < all.size();
        wire.written.append(all, 0, taken);
        wire.writes.emplace_back(all, 0, taken);
        return taken;
    }

    void pause_reading() override { wire_->paused_ = true; }
    void resume_reading() override {
        wire_->paused_ = false;
        loop_.post([wire = wire_] { wire->deliver(); });
    }

    net::Loop& loop() override { return loop_; }
    const net::Peer& peer() const override { return peer_; }

protected:
    void finish_self(std::unique_ptr<net::Stream> self, std::string last) override {
        wire_->finished_ = true;
        wire_->last_ = last;
        if (!wire_->broken_ && !last.empty()) {
            wire_->written += last;
            wire_->writes.push_back(std::move(last));
        }
        self.reset();
    }

private:
    void break_connection() {
        wire_->broken_ = true;
        loop_.post([wire = wire_] { wire->end(net::StreamEnd::kReset); });
    }

    net::Loop& loop_;
    std::shared_ptr<FakeWire> wire_;
    net::Peer peer_;
};

// A wire and the stream at its end: `auto [wire, stream] = fake_stream(loop);`
inline std::pair<std::shared_ptr<FakeWire>, std::unique_ptr<net::Stream>> fake_stream(net::Loop& loop) {
    auto wire = std::make_shared<FakeWire>();
    auto stream = std::make_unique<FakeStream>(loop, wire);
    return {std::move(wire), std::move(stream)};
}

inline void FakeWire::feed(std::string_view bytes) {
    held_back_ += bytes;
    deliver();
}

inline void FakeWire::deliver() {
    if (paused_ || ended_ || handler_ == nullptr || held_back_.empty()) return;
    const auto keep = shared_from_this();
    std::string bytes = std::exchange(held_back_, {});
    handler_->on_bytes(bytes);
}

inline void FakeWire::end(net::StreamEnd end) {
    if (std::exchange(ended_, true) || handler_ == nullptr) return;
    const auto keep = shared_from_this();
    if (end == net::StreamEnd::kReset) broken_ = true;
    handler_->on_end(end);
}

inline void FakeWire::make_writable() {
    if (ended_ || handler_ == nullptr || !std::exchange(short_, false)) return;
    const auto keep = shared_from_this();
    handler_->on_writable();
}

}  // namespace wshub::test
