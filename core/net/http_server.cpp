#include "net/http_server.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <functional>
#include <future>
#include <utility>

#include "base/log.h"
#include "net/http_connection.h"
#include "net/http_context.h"
#include "net/listener.h"
#include "net/request_handler.h"

namespace wshub::net {
namespace {

constexpr base::Rate kUntrustedWarnings{.per_second = 0.1, .burst = 1};

// Runs it on the loop's thread and waits; what it throws comes out here.
void run_on(Loop& loop, const std::function<void()>& task) {
    std::promise<void> done;
    loop.post([&task, &done] {
        try {
            task();
            done.set_value();
        } catch (...) {
            done.set_exception(std::current_exception());
        }
    });
    done.get_future().get();
}

}  // namespace

struct HttpServer::Impl {
    void place(Fd socket, Peer peer);
    void turn_away(const Peer& peer);
    unsigned emptiest() const;

    std::shared_ptr<HttpContext> context;
    std::unique_ptr<Listener> listener;
    std::uint16_t port = 0;
    bool started = false;
    bool stopped = false;
};

HttpServer::HttpServer(HttpSettings settings, std::vector<Loop*> loops, Routes routes, HttpHooks hooks,
                       base::Metrics& metrics)
    : impl_(std::make_unique<Impl>()) {
    assert(!loops.empty());
    impl_->context =
        std::make_shared<HttpContext>(std::move(settings), loops, std::move(routes), std::move(hooks), metrics);
}

HttpServer::~HttpServer() {
    stop();
}

void HttpServer::listen() {
    const HttpSettings& settings = impl_->context->settings;
    impl_->listener = std::make_unique<Listener>(
        impl_->context->sides.front()->loop, settings.host, settings.port,
        [impl = impl_.get()](Fd socket, Peer peer) { impl->place(std::move(socket), std::move(peer)); },
        [context = impl_->context.get()] { context->figures.count_refusal(Refusal::kDescriptors); });
    impl_->port = impl_->listener->port();
}

void HttpServer::start() {
    assert(impl_->listener);
    HttpContext& context = *impl_->context;
    context.gate = std::make_unique<Gate>(request_handlers(context.routes, context.hooks),
                                          context.settings.pool_threads, context.settings.pool_queue);
    impl_->started = true;
    run_on(context.sides.front()->loop, [this] { impl_->listener->start(); });
}

// A new connection goes where the fewest are.
void HttpServer::Impl::place(Fd socket, Peer peer) {
    const HttpSettings& settings = context->settings;
    // Before anything is read: else anybody could say whose the connection is.
    if (settings.proxy_protocol && !settings.trusted_proxies.trusts(peer.address)) return turn_away(peer);
    const unsigned side = emptiest();
    Loop& loop = context->sides[side]->loop;
    auto stream = std::make_unique<SocketStream>(loop, std::move(socket), std::move(peer), context->figures.streams());
    auto connection = std::make_shared<HttpConnection>(context, side, std::move(stream));
    if (loop.in_thread()) return connection->open();
    loop.post([connection = std::move(connection)] { connection->open(); });
}

void HttpServer::Impl::turn_away(const Peer& peer) {
    context->figures.count_refusal(Refusal::kUntrusted);
    LoopConnections& front = *context->sides.front();
    if (front.proxy_warnings.take(kUntrustedWarnings, front.loop.now()))
        base::log::warn("connection closed: not from one of [server] trusted_proxies peer={}", peer.address);
}

unsigned HttpServer::Impl::emptiest() const {
    const auto load = [](const auto& side) { return side->loop.load().load(std::memory_order_relaxed); };
    const auto least = std::min_element(context->sides.begin(), context->sides.end(),
                                        [&](const auto& a, const auto& b) { return load(a) < load(b); });
    return static_cast<unsigned>(least - context->sides.begin());
}

void HttpServer::stop_accepting() {
    if (!impl_->listener) return;
    if (impl_->started)
        run_on(impl_->context->sides.front()->loop, [this] { impl_->listener.reset(); });
    else
        impl_->listener.reset();
}

void HttpServer::stop() {
    if (std::exchange(impl_->stopped, true)) return;
    stop_accepting();
    if (!impl_->started) return;
    HttpContext& context = *impl_->context;
    // From here on nothing new goes to the gate; what is in it comes back before the connections are told to end.
    context.stopping = true;
    context.gate->stop();
    for (const auto& side : context.sides) {
        run_on(side->loop, [&side] {
            std::vector<std::shared_ptr<HttpConnection>> connections;
            for (const auto& [key, connection] : side->all) connections.push_back(connection);
            for (const auto& connection : connections) connection->shut_down();
        });
    }
}

std::uint16_t HttpServer::port() const {
    return impl_->port;
}

std::size_t HttpServer::connections() const {
    return impl_->context->open.load(std::memory_order_relaxed);
}

}  // namespace wshub::net
