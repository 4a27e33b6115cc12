// A Stream over a connected non-blocking TCP socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/metrics.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer_wheel.h"

namespace wshub::net {

// A file descriptor that is closed by its owner. May be none (-1).
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = other.release();
        }
        return *this;
    }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    int release() {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }
    void reset();

private:
    int fd_ = -1;
};

// What passed through all streams; the figures outlive them. Null: not counted.
struct StreamFigures {
    base::Counter* bytes_in = nullptr;
    base::Counter* bytes_out = nullptr;
};

// Counts in Loop::load() of the loop it is meant for, from its construction to its end. Made on any thread; lives on no
// loop's thread until enter().
class SocketStream final : public Stream, private Watched, private Orphan {
public:
    // The socket is connected, non-blocking and close-on-exec.
    SocketStream(Loop& loop, Fd socket, Peer peer, StreamFigures figures = {});
    ~SocketStream() override;
    SocketStream(const SocketStream&) = delete;
    SocketStream& operator=(const SocketStream&) = delete;

    // Begins to read and write, on the loop's thread. Throws std::system_error.
    void enter();
    // Ends that, on the loop's thread and not inside a callback; then enter() makes it live on the new loop. Only for a
    // stream that has nothing unsent.
    void leave_for(Loop& target);

    // Whose connection it really is, as a proxy says that forwards it.
    void set_peer(Peer peer) { peer_ = std::move(peer); }

    // Sends these bytes before anything that write() is given later, however long the kernel takes.
    void write_first(std::string bytes);

    // The end, if the stream saw it already, is told to a new handler too, in the next turn.
    void set_handler(StreamHandler* handler) override;
    std::size_t write(std::span<const iovec> pieces) override;
    void pause_reading() override;
    void resume_reading() override;
    Loop& loop() override { return *loop_; }
    const Peer& peer() const override { return peer_; }

protected:
    void finish_self(std::unique_ptr<Stream> self, std::string last) override;

private:
    enum class Phase : std::uint8_t {
        kOpen,
        kSending,    // given up, its last bytes are not all with the kernel
        kLingering,  // our side has ended; waits for the peer's end
    };
    enum class End : std::uint8_t { kNone, kClosed, kReset };

    class Witness;

    void on_events(std::uint32_t events) override;
    void tell_room();
    void read(const Witness& witness);
    void notice_end_while_paused();
    void tell_end();

    bool send_pending();
    std::size_t send(std::span<const iovec> pieces);

    void go_on_closing();
    bool discard();
    void wait_for_peer();
    void close_now();
    static void on_deadline(void* self);

    Loop* loop_;
    Fd socket_;
    Peer peer_;
    StreamFigures figures_;
    StreamHandler* handler_ = nullptr;
    Witness* witness_ = nullptr;  // of the event that is being told
    std::string pending_;         // goes out before all else, from pending_sent_ on
    std::size_t pending_sent_ = 0;
    std::unique_ptr<Timer> deadline_;  // of a stream that was given up
    base::SteadyTime give_up_at_;
    Phase phase_ = Phase::kOpen;
    End end_ = End::kNone;
    bool broken_event_ = false;  // the kernel reported an error: nothing unread is worth waiting for
    bool end_told_ = false;
    bool entered_ = false;
    bool reading_ = true;
    bool unread_ = false;      // the kernel may hold bytes that no event will tell of again
    bool hung_up_ = false;     // the peer has ended its side: its end lies behind the unread bytes
    bool blocked_ = false;     // the kernel took less than it was given
    bool wants_room_ = false;  // write() took less than it was given
};

}  // namespace wshub::net
