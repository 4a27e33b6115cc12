#include "net/gate.h"

#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/ServerSocketImpl.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/ThreadPool.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "net/socket_stream.h"

namespace wshub::net {
namespace {

using Poco::Net::SocketAddress;

const SocketAddress& no_address() {
    static const SocketAddress address;
    return address;
}

void post_outcome(std::shared_ptr<GateRequest> request) {
    Loop& loop = *request->loop;
    loop.post([request = std::move(request)] {
        if (const auto client = request->client.lock()) client->on_outcome(*request);
    });
}

// All that Poco needs of a request: the body and the headers stay with us, since its parser decodes RFC 2047 words in
// them, refuses more than 100 and reads a body nobody wants as the next request.
std::string text_for_poco(const GateRequest& request) {
    const protocol::HttpHead& head = request.request.head;
    std::string text;
    text.reserve(head.method().size() + head.target().size() + 64);
    text += head.method();
    text += ' ';
    text += head.target();
    text += head.minor_version() == 0 ? " HTTP/1.0" : " HTTP/1.1";
    text += request.keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
    text += "\r\nContent-Length: 0\r\n\r\n";
    return text;
}

// One request as Poco's connection. Poco's threads use it one after the other; close() comes from the pool thread when
// the answer is out, the destructor often later from another thread, and then must touch nothing but what is its own.
class VirtualSocket final : public Poco::Net::StreamSocketImpl {
public:
    // `fd` is any valid descriptor: Poco tests that there is one, nothing is done with it.
    VirtualSocket(std::shared_ptr<GateRequest> request, int fd)
        : StreamSocketImpl(fd), request_(std::move(request)), in_(text_for_poco(*request_)) {}

    GateRequest& request() { return *request_; }

    using StreamSocketImpl::receiveBytes;
    using StreamSocketImpl::sendBytes;
    int receiveBytes(void* buffer, int length, int /*flags*/) override {
        const std::size_t count = std::min(in_.size() - read_, static_cast<std::size_t>(std::max(length, 0)));
        std::memcpy(buffer, in_.data() + read_, count);
        read_ += count;
        return static_cast<int>(count);
    }
    int sendBytes(const void* buffer, int length, int /*flags*/) override {
        if (request_) request_->reply.append(static_cast<const char*>(buffer), static_cast<std::size_t>(length));
        return length;
    }
    // False when the request is read: Poco then ends this connection after its one request.
    bool poll(const Poco::Timespan& /*timeout*/, int mode) override {
        return mode != SELECT_READ || read_ < in_.size();
    }
    int available() override { return static_cast<int>(in_.size() - read_); }
    void close() override { finish(); }

    void shutdownReceive() override {}
    void shutdownSend() override {}
    void shutdown() override {}
    void setSendTimeout(const Poco::Timespan& /*timeout*/) override {}
    void setReceiveTimeout(const Poco::Timespan& /*timeout*/) override {}
    void setBlocking(bool /*flag*/) override {}
    void setRawOption(int /*level*/, int /*option*/, const void* /*value*/, poco_socklen_t /*length*/) override {}
    SocketAddress address() override { return no_address(); }
    SocketAddress peerAddress() override { return no_address(); }

protected:
    ~VirtualSocket() override {
        reset();   // the descriptor is not ours to close
        finish();  // no handler had it, if it is not finished yet
    }

private:
    // The flag is set last and read first, so that the thread that destroys this sees all that was done here: that does
    // not rest on Poco's reference counts alone, which tools that watch threads cannot see.
    void finish() {
        if (finished_.load(std::memory_order_acquire)) return;
        // Poco answers what it cannot read by itself, and always closes then.
        if (request_->outcome == GateRequest::Outcome::kRefused && !request_->reply.empty())
            request_->outcome = GateRequest::Outcome::kFailed;
        auto request = std::move(request_);
        finished_.store(true, std::memory_order_release);
        post_outcome(std::move(request));
    }

    std::atomic<bool> finished_{false};
    std::shared_ptr<GateRequest> request_;
    std::string in_;
    std::size_t read_ = 0;
};

// What Poco takes for its listening socket: hands out the requests that wait.
class GateSocketImpl final : public Poco::Net::ServerSocketImpl {
public:
    // False if the gate is closed; then the request is untouched.
    bool push(const std::shared_ptr<GateRequest>& request) {
        bool was_empty = false;
        {
            const std::lock_guard lock(mutex_);
            if (closed_) return false;
            was_empty = waiting_.empty();
            waiting_.push_back(request);
        }
        if (was_empty) filled_.notify_one();
        return true;
    }

    // Gives back those that nobody took.
    std::deque<std::shared_ptr<GateRequest>> close_gate() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        filled_.notify_all();
        return std::exchange(waiting_, {});
    }

    bool poll(const Poco::Timespan& timeout, int /*mode*/) override {
        std::unique_lock lock(mutex_);
        // Poco asks again until it is told to stop, which is about to happen: not too fast meanwhile.
        const auto wait = std::chrono::microseconds(closed_ ? kClosedPoll : timeout.totalMicroseconds());
        const bool was_closed = closed_;
        return filled_.wait_for(lock, wait, [&] { return !waiting_.empty() || closed_ != was_closed; }) &&
               !waiting_.empty();
    }

    // Only Poco's one accepting thread takes from the queue; after poll() something is there unless the gate was
    // closed.
    Poco::Net::SocketImpl* acceptConnection(SocketAddress& /*client*/) override {
        std::shared_ptr<GateRequest> request;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.empty()) throw Poco::IOException("the gate is closed");
            request = std::move(waiting_.front());
            waiting_.pop_front();
        }
        return new VirtualSocket(std::move(request), placeholder_.get());
    }

    SocketAddress address() override { return no_address(); }
    void close() override {}

protected:
    ~GateSocketImpl() override = default;

private:
    static constexpr Poco::Timespan::TimeDiff kClosedPoll = 1'000;

    static int new_placeholder() {
        const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
        return fd;
    }

    const Fd placeholder_{new_placeholder()};
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<std::shared_ptr<GateRequest>> waiting_;
    bool closed_ = false;
};

// Poco keeps a ServerSocket by value and so cuts off everything but the impl; this only gets it in.
class GateSocket final : public Poco::Net::ServerSocket {
public:
    explicit GateSocket(GateSocketImpl* impl) : ServerSocket(impl, true) {}
};

Poco::Net::HTTPServerParams::Ptr params_for(unsigned threads, int queue) {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setKeepAlive(true);
    params->setMaxQueued(queue);
    params->setMaxThreads(static_cast<int>(threads));
    // Should a wake-up be lost when Poco stops, its threads still look again after this.
    params->setThreadIdleTime(Poco::Timespan(1, 0));
    return params;
}

}  // namespace

GateRequest& gate_request(Poco::Net::HTTPServerRequest& request) {
    auto& known = static_cast<Poco::Net::HTTPServerRequestImpl&>(request);
    return static_cast<VirtualSocket*>(known.socket().impl())->request();
}

struct Gate::Impl {
    Impl(Poco::Net::HTTPRequestHandlerFactory::Ptr factory, unsigned threads, int queue)
        : impl(new GateSocketImpl),
          socket(impl),
          pool("http", static_cast<int>(threads), static_cast<int>(threads)),
          server(std::move(factory), pool, socket, params_for(threads, queue)) {}

    GateSocketImpl* impl;
    GateSocket socket;
    Poco::ThreadPool pool;
    Poco::Net::HTTPServer server;
    bool stopped = false;
};

Gate::Gate(Poco::Net::HTTPRequestHandlerFactory::Ptr factory, unsigned threads, int queue)
    : impl_(std::make_unique<Impl>(std::move(factory), std::max(threads, 1u), queue)) {
    impl_->server.start();
}

Gate::~Gate() {
    stop();
}

void Gate::submit(std::shared_ptr<GateRequest> request) {
    if (!impl_->impl->push(request)) post_outcome(std::move(request));
}

void Gate::stop() {
    if (std::exchange(impl_->stopped, true)) return;
    for (std::shared_ptr<GateRequest>& left : impl_->impl->close_gate()) post_outcome(std::move(left));
    impl_->server.stop();
    // Handlers may still run; after this no thread of Poco's holds a request.
    impl_->pool.joinAll();
}

}  // namespace wshub::net
