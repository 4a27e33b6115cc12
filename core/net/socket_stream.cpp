#include "net/socket_stream.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

namespace wshub::net {
namespace {

// One stream may not hold up the others of its loop: after this many bytes it waits for the next turn.
constexpr std::size_t kReadBudget = 4 * Loop::kScratchSize;

// A stream that was given up waits this long for the peer to take more of what is left, or to end its side, ...
constexpr base::milliseconds kLinger{2'000};
// ... and a peer that takes it byte by byte is not waited for longer than this.
constexpr base::milliseconds kLongestGoodbye{30'000};

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

// Reading and writing are most of what a small message costs. The C library's functions are points where a thread can
// be cancelled, which nobody does to ours but which is paid for at each call: so the system is called without them. Not
// where a sanitizer has to see what is written into memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
ssize_t receive(int fd, std::span<char> into) {
    return ::recv(fd, into.data(), into.size(), 0);
}
ssize_t send_piece(int fd, const iovec& piece) {
    return ::send(fd, piece.iov_base, piece.iov_len, MSG_NOSIGNAL);
}
#else
ssize_t receive(int fd, std::span<char> into) {
    return ::syscall(SYS_recvfrom, fd, into.data(), into.size(), 0, nullptr, nullptr);
}
ssize_t send_piece(int fd, const iovec& piece) {
    return ::syscall(SYS_sendto, fd, piece.iov_base, piece.iov_len, MSG_NOSIGNAL, nullptr, 0);
}
#endif

ssize_t send_pieces(int fd, std::span<const iovec> pieces) {
    if (pieces.size() == 1) return send_piece(fd, pieces.front());
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

iovec piece_of(std::string& bytes, std::size_t from) {
    return {bytes.data() + from, bytes.size() - from};
}

}  // namespace

void Fd::reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

SocketStream::SocketStream(Loop& loop, Fd socket, Peer peer, StreamFigures figures)
    : loop_(&loop), socket_(std::move(socket)), peer_(std::move(peer)), figures_(figures) {
    loop_->load().fetch_add(1, std::memory_order_relaxed);
}

void SocketStream::enter() {
    loop_->watch(socket_.get(), *this);
    entered_ = true;
    // What was known before the move brings no new event.
    if (unread_ || hung_up_ || end_ != End::kNone) loop_->again(*this);
}

void SocketStream::leave_for(Loop& target) {
    assert(witness_ == nullptr && phase_ == Phase::kOpen && pending_.empty());
    loop_->unwatch(socket_.get(), *this);
    entered_ = false;
    target.load().fetch_add(1, std::memory_order_relaxed);
    loop_->load().fetch_sub(1, std::memory_order_relaxed);
    loop_ = &target;
}

void SocketStream::set_handler(StreamHandler* handler) {
    handler_ = handler;
    end_told_ = false;
    if (entered_ && (unread_ || end_ != End::kNone)) loop_->again(*this);
}

void SocketStream::pause_reading() {
    reading_ = false;
}

void SocketStream::resume_reading() {
    reading_ = true;
    if (entered_ && unread_) loop_->again(*this);
}

void SocketStream::write_first(std::string bytes) {
    pending_.erase(0, std::exchange(pending_sent_, 0));
    pending_ += bytes;
    send_pending();
}

std::size_t SocketStream::write(std::span<const iovec> pieces) {
    if (!pending_.empty() && !send_pending()) {
        wants_room_ = true;
        return 0;
    }
    std::size_t taken = 0;
    while (!pieces.empty()) {
        const auto batch = pieces.first(std::min<std::size_t>(pieces.size(), IOV_MAX));
        std::size_t offered = 0;
        for (const iovec& piece : batch) offered += piece.iov_len;
        const std::size_t sent = send(batch);
        taken += sent;
        if (sent < offered) {
            wants_room_ = true;
            break;
        }
        pieces = pieces.subspan(batch.size());
    }
    return taken;
}

// What the kernel takes now; all of it once the connection is broken.
std::size_t SocketStream::send(std::span<const iovec> pieces) {
    std::size_t offered = 0;
    for (const iovec& piece : pieces) offered += piece.iov_len;
    if (end_ == End::kReset) return offered;
    // No use in asking before the event that says there is room.
    if (blocked_ || offered == 0) return 0;

    ssize_t sent = 0;
    do {
        sent = send_pieces(socket_.get(), pieces);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && !would_block(errno)) {
        end_ = End::kReset;
        if (entered_) loop_->again(*this);
        return offered;
    }
    const auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    blocked_ = taken < offered;
    if (figures_.bytes_out != nullptr) figures_.bytes_out->add(static_cast<std::int64_t>(taken));
    return taken;
}

// True when nothing is left of it.
bool SocketStream::send_pending() {
    if (pending_.empty()) return true;
    const iovec piece = piece_of(pending_, pending_sent_);
    pending_sent_ += send({&piece, 1});
    if (pending_sent_ < pending_.size()) return false;
    pending_ = std::string();
    pending_sent_ = 0;
    return true;
}

// Lies on the stack while handlers run, and learns that the stream went meanwhile.
class SocketStream::Witness {
public:
    explicit Witness(SocketStream& stream) : stream_(&stream) { stream.witness_ = this; }
    ~Witness() {
        if (stream_ != nullptr) stream_->witness_ = nullptr;
    }
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

    void stream_destroyed() { stream_ = nullptr; }
    // Destroyed or given up.
    bool gone() const { return stream_ == nullptr || stream_->phase_ != Phase::kOpen; }

private:
    SocketStream* stream_;
};

SocketStream::~SocketStream() {
    if (witness_ != nullptr) witness_->stream_destroyed();
    if (entered_) loop_->unwatch(socket_.get(), *this);
    loop_->load().fetch_sub(1, std::memory_order_relaxed);
}

void SocketStream::on_events(std::uint32_t events) {
    loop_->forget_again(*this);
    if ((events & EPOLLOUT) != 0) blocked_ = false;
    if ((events & EPOLLRDHUP) != 0) hung_up_ = true;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) hung_up_ = broken_event_ = true;
    if ((events & EPOLLIN) != 0 || hung_up_) unread_ = true;
    if (phase_ != Phase::kOpen) return go_on_closing();

    const Witness witness(*this);
    tell_room();
    if (witness.gone()) return;
    read(witness);
    if (witness.gone()) return;
    notice_end_while_paused();
    tell_end();
}

void SocketStream::tell_room() {
    if (blocked_ || !send_pending() || !wants_room_ || end_ != End::kNone || handler_ == nullptr) return;
    wants_room_ = false;
    handler_->on_writable();
}

void SocketStream::read(const Witness& witness) {
    std::size_t budget = kReadBudget;
    while (unread_ && reading_ && handler_ != nullptr && end_ == End::kNone) {
        const std::span<char> scratch = loop_->scratch();
        const ssize_t count = receive(socket_.get(), scratch);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && would_block(errno)) {
            unread_ = false;
            return;
        }
        if (count <= 0) {
            end_ = count == 0 ? End::kClosed : End::kReset;
            return;
        }
        const auto bytes = scratch.first(static_cast<std::size_t>(count));
        if (figures_.bytes_in != nullptr) figures_.bytes_in->add(count);
        // A short read has emptied the kernel's buffer; only the end may still lie behind it.
        if (bytes.size() < scratch.size() && !hung_up_) unread_ = false;
        handler_->on_bytes(bytes);
        if (witness.gone()) return;
        budget -= std::min(budget, bytes.size());
        if (budget == 0 && unread_) return loop_->again(*this);
    }
}

// The end of one that was paused is told as soon as nothing lies before it that is still to be read.
void SocketStream::notice_end_while_paused() {
    if (reading_ || !hung_up_ || end_ != End::kNone) return;
    int unread = 0;
    if (broken_event_)
        end_ = End::kReset;
    else if (::ioctl(socket_.get(), FIONREAD, &unread) == 0 && unread == 0)
        end_ = End::kClosed;
}

void SocketStream::tell_end() {
    if (end_ == End::kNone || end_told_ || handler_ == nullptr) return;
    end_told_ = true;
    handler_->on_end(end_ == End::kClosed ? StreamEnd::kClosed : StreamEnd::kReset);
}

void SocketStream::finish_self(std::unique_ptr<Stream> self, std::string last) {
    handler_ = nullptr;
    if (end_ == End::kReset || !entered_) return;  // and `self` goes, the socket with it

    self.release();
    loop_->adopt(std::unique_ptr<Orphan>(this));
    pending_.erase(0, pending_sent_);
    pending_sent_ = 0;
    pending_ += last;
    phase_ = Phase::kSending;
    deadline_ = std::make_unique<Timer>(&SocketStream::on_deadline, this);
    give_up_at_ = loop_->now() + kLongestGoodbye;
    wait_for_peer();
    // What is still unread is discarded in the next turn: the scratch may be in use up the stack.
    if (unread_) loop_->again(*this);
    const bool all_sent = send_pending();
    if (end_ == End::kReset) return close_now();
    if (!all_sent) return;
    ::shutdown(socket_.get(), SHUT_WR);
    if (end_ == End::kClosed) return close_now();
    phase_ = Phase::kLingering;
}

void SocketStream::go_on_closing() {
    if (phase_ == Phase::kSending) {
        const std::size_t left = pending_.size() - pending_sent_;
        const bool all_sent = send_pending();
        if (end_ == End::kReset) return close_now();
        if (pending_.size() - pending_sent_ < left) wait_for_peer();
        if (all_sent) {
            ::shutdown(socket_.get(), SHUT_WR);
            phase_ = Phase::kLingering;
        }
    }
    if (!discard()) return close_now();
    if (phase_ == Phase::kLingering && end_ == End::kClosed) close_now();
}

// False if the connection broke.
bool SocketStream::discard() {
    std::size_t budget = kReadBudget;
    while (unread_ && end_ == End::kNone) {
        const std::span<char> scratch = loop_->scratch();
        const ssize_t count = receive(socket_.get(), scratch);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            unread_ = false;
            return would_block(errno);
        }
        if (count == 0) {
            end_ = End::kClosed;
            return true;
        }
        const auto size = static_cast<std::size_t>(count);
        if (size < scratch.size() && !hung_up_) unread_ = false;
        budget -= std::min(budget, size);
        if (budget == 0 && unread_) {
            loop_->again(*this);
            return true;
        }
    }
    return true;
}

void SocketStream::wait_for_peer() {
    loop_->arm(*deadline_, std::min(loop_->now() + kLinger, give_up_at_));
}

void SocketStream::on_deadline(void* self) {
    static_cast<SocketStream*>(self)->close_now();
}

void SocketStream::close_now() {
    loop_->release_orphan(*this);
}

}  // namespace wshub::net
