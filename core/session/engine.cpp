#include "session/engine.h"

#include <cassert>
#include <stdexcept>
#include <utility>

#include "session/engine_state.h"
#include "session/handshake.h"
#include "session/plain_transport.h"
#include "session/shard.h"

namespace wshub::session {
namespace {

// After close_all() has run out of patience: for the loops to drop what is left.
constexpr base::milliseconds kDropTime{1'000};

// A sid's first byte names its loop.
constexpr std::size_t kMostLoops = 256;

using Exchange = std::unique_ptr<net::HttpExchange>;

WebSocketTransport::Binary binary_form(const EngineQuery& query) {
    return query.base64 ? WebSocketTransport::Binary::kBase64 : WebSocketTransport::Binary::kFrames;
}

}  // namespace

struct Engine::Impl {
    Impl(EngineSettings settings, const std::vector<net::Loop*>& loops, SessionFactory& factory, base::Metrics& metrics,
         std::shared_ptr<SharedLimits> limits)
        : state(std::move(settings), std::move(limits), factory, metrics) {
        if (loops.size() > kMostLoops) throw std::invalid_argument("an engine serves at most 256 loops");
        for (net::Loop* loop : loops) {
            assert(loop->index() == shards.size());
            shards.push_back(std::make_shared<Shard>(state, *loop, metrics));
        }
    }

    void serve(Exchange exchange);
    std::optional<EngineError> fault_before_body(const protocol::HttpHead& head);
    void serve_session(Exchange exchange, const EngineQuery& query, Shard& shard);
    void serve_poll(Exchange exchange, SessionImpl& session);
    void serve_upgrade(Exchange exchange, const EngineQuery& query, SessionImpl& session);
    void open_session(Exchange exchange, const EngineQuery& query, Shard& shard);
    void open_polling(Exchange exchange, Shard& shard, Admission admission);
    void open_websocket(Exchange exchange, const EngineQuery& query, Shard& shard, Admission admission,
                        HttpHeaders headers);

    void serve_plain(Exchange exchange);
    net::HttpResponse upgrade_required(const protocol::HttpHead& head) const;
    std::optional<Admission> admit(net::HttpExchange& exchange);

    bool is_plain() const { return state.settings.form == Form::kWebSocket; }
    bool is_enabled(TransportKind kind) const;
    std::shared_ptr<const Handshake> remember(net::HttpExchange& exchange) const;
    bool may_open_websocket(const protocol::HttpHead& head) const;
    std::string open_packet(std::string_view sid, TransportKind kind) const;
    void add_cookie(const std::string& sid, HttpHeaders& headers) const;
    // Without a stream if the client is gone by now.
    net::HttpExchange::Upgraded upgrade(net::HttpExchange& exchange, HttpHeaders headers) const;
    void refuse(net::HttpExchange& exchange, EngineError error, std::string_view message = {});
    void refuse_offer(net::HttpExchange& exchange, OfferError error);

    // Asks each shard to do this, on its loop.
    template <class Action>
    void on_each_loop(Action action) {
        for (const auto& shard : shards)
            shard->context().loop.post([weak = std::weak_ptr<Shard>(shard), action] {
                if (const auto alive = weak.lock()) action(*alive);
            });
    }
    bool wait_until_gone(base::milliseconds patience);

    EngineState state;
    std::vector<std::shared_ptr<Shard>> shards;  // by the index of their loops
};

Engine::Engine(EngineSettings settings, std::vector<net::Loop*> loops, SessionFactory& factory, base::Metrics& metrics,
               std::shared_ptr<SharedLimits> limits) {
    if (!limits) limits = std::make_shared<SharedLimits>(settings, metrics);
    impl_ = std::make_unique<Impl>(std::move(settings), loops, factory, metrics, std::move(limits));
}

Engine::~Engine() = default;

void Engine::on_exchange(std::unique_ptr<net::HttpExchange> exchange) {
    impl_->serve(std::move(exchange));
}

std::optional<unsigned> Engine::home_loop(const protocol::HttpHead& head) const {
    // Other handlers' requests may have a sid of their own.
    if (impl_->is_plain() || !head.path().starts_with(impl_->state.settings.path)) return std::nullopt;
    const auto sid = protocol::query_parameter(head.query(), "sid");
    return sid ? loop_of_sid(*sid) : std::nullopt;
}

std::shared_ptr<void> Engine::announce(const protocol::HttpHead& head) {
    if (impl_->is_plain() || head.method() != "POST" || !head.path().starts_with(impl_->state.settings.path))
        return nullptr;
    const auto sid = protocol::query_parameter(head.query(), "sid");
    if (!sid) return nullptr;
    SessionImpl* const session = impl_->shards.at(net::Loop::current()->index())->find(*sid);
    PollingTransport* const polling = session ? session->polling() : nullptr;
    return polling ? polling->announce_post() : nullptr;
}

std::optional<net::HttpResponse> Engine::refuse_body(const protocol::HttpHead& head) {
    if (impl_->is_plain()) return impl_->upgrade_required(head);
    const auto fault = impl_->fault_before_body(head);
    if (!fault) return std::nullopt;
    impl_->state.metrics.errors_of(*fault).add();
    return impl_->state.answers.error(head, *fault);
}

void Engine::decorate(const protocol::HttpHead* head, net::HttpResponse& response) const {
    impl_->state.cors.decorate(head, response.headers);
}

void Engine::refuse_handshakes() {
    impl_->state.refuses = true;
}

void Engine::accept_handshakes() {
    impl_->state.refuses = false;
}

void Engine::close_some(CloseReason reason, double share) {
    impl_->on_each_loop([=](Shard& shard) { shard.close_some(reason, share); });
}

void Engine::close_all(CloseReason reason, base::milliseconds patience) {
    begin_close(reason);
    end_close(patience);
}

void Engine::begin_close(CloseReason reason) {
    refuse_handshakes();
    // A loop that was asked opens no session any more: those that are alive then are all there will be.
    impl_->state.unasked = impl_->shards.size();
    impl_->on_each_loop([reason](Shard& shard) { shard.close_all(reason); });
}

void Engine::end_close(base::milliseconds patience) {
    if (impl_->wait_until_gone(patience)) return;
    impl_->on_each_loop([](Shard& shard) { shard.abandon_all(); });
    impl_->wait_until_gone(kDropTime);
}

std::size_t Engine::sessions() const {
    return sessions(TransportKind::kPolling) + sessions(TransportKind::kWebSocket);
}

std::size_t Engine::sessions(TransportKind kind) const {
    return impl_->state.open_by(kind).load(std::memory_order_relaxed);
}

bool Engine::Impl::wait_until_gone(base::milliseconds patience) {
    std::unique_lock lock(state.mutex);
    return state.all_gone.wait_for(lock, patience,
                                   [this] { return state.unasked.load() == 0 && state.alive.load() == 0; });
}

void Engine::Impl::serve(Exchange exchange) {
    const protocol::HttpHead& head = exchange->head();
    if (head.method() == "OPTIONS" && state.cors.enabled()) return exchange->respond(state.cors.preflight(head));
    if (is_plain()) return serve_plain(std::move(exchange));

    const EngineQuery query = parse_engine_query(head.query());
    if (!query.transport || !is_enabled(*query.transport)) return refuse(*exchange, EngineError::kTransportUnknown);

    Shard& shard = *shards.at(exchange->loop().index());
    if (query.sid.empty()) return open_session(std::move(exchange), query, shard);
    serve_session(std::move(exchange), query, shard);
}

// What serve() would say to a request with a body, as far as its head decides that.
std::optional<EngineError> Engine::Impl::fault_before_body(const protocol::HttpHead& head) {
    const EngineQuery query = parse_engine_query(head.query());
    if (!query.transport || !is_enabled(*query.transport)) return EngineError::kTransportUnknown;
    if (query.sid.empty()) return EngineError::kBadHandshakeMethod;
    SessionImpl* const session = shards.at(net::Loop::current()->index())->find(query.sid);
    if (session == nullptr) return EngineError::kSessionUnknown;
    const bool polls = query.transport == TransportKind::kPolling && session->polling() != nullptr;
    if (!query.protocol_4 || !polls) return EngineError::kBadRequest;
    if (head.method() != "POST") return EngineError::kBadHandshakeMethod;
    return std::nullopt;
}

// A request that names a session.
void Engine::Impl::serve_session(Exchange exchange, const EngineQuery& query, Shard& shard) {
    SessionImpl* const session = shard.find(query.sid);
    if (session == nullptr) return refuse(*exchange, EngineError::kSessionUnknown);
    if (!query.protocol_4) return refuse(*exchange, EngineError::kBadRequest);
    if (query.transport == TransportKind::kWebSocket) return serve_upgrade(std::move(exchange), query, *session);
    serve_poll(std::move(exchange), *session);
}

void Engine::Impl::serve_poll(Exchange exchange, SessionImpl& session) {
    PollingTransport* const polling = session.polling();
    // Also for a POST that was overtaken by the end of the upgrade: it is refused, so that its client knows that these
    // packets did not arrive. To take them now could put them behind later ones.
    if (polling == nullptr) return refuse(*exchange, EngineError::kBadRequest);
    const std::string_view method = exchange->head().method();
    if (method == "GET") return polling->on_get(std::move(exchange));
    if (method == "POST") return polling->on_post(std::move(exchange));
    refuse(*exchange, EngineError::kBadHandshakeMethod);
}

void Engine::Impl::serve_upgrade(Exchange exchange, const EngineQuery& query, SessionImpl& session) {
    auto headers = accept_websocket(exchange->head());
    if (!headers) return refuse_offer(*exchange, headers.error());
    if (!state.settings.allow_upgrades && session.polling() != nullptr)
        return refuse(*exchange, EngineError::kBadRequest);
    if (!may_open_websocket(exchange->head())) return refuse(*exchange, EngineError::kForbidden);
    auto upgraded = upgrade(*exchange, std::move(*headers));
    if (upgraded.stream) session.probe(std::move(upgraded.stream), upgraded.early, binary_form(query));
}

void Engine::Impl::open_session(Exchange exchange, const EngineQuery& query, Shard& shard) {
    const protocol::HttpHead& head = exchange->head();
    if (head.method() != "GET") return refuse(*exchange, EngineError::kBadHandshakeMethod);
    if (state.refuses.load()) return exchange->respond(state.answers.unavailable(head));
    if (!query.protocol_4) return refuse(*exchange, EngineError::kUnsupportedVersion);

    HttpHeaders websocket_headers;
    if (query.transport == TransportKind::kWebSocket) {
        auto headers = accept_websocket(head);
        if (!headers) return refuse_offer(*exchange, headers.error());
        if (!may_open_websocket(head)) return refuse(*exchange, EngineError::kForbidden);
        websocket_headers = std::move(*headers);
    }
    auto admission = admit(*exchange);
    if (!admission) return;
    if (query.transport == TransportKind::kPolling)
        return open_polling(std::move(exchange), shard, std::move(*admission));
    open_websocket(std::move(exchange), query, shard, std::move(*admission), std::move(websocket_headers));
}

// The place of a new session; refused if there is none for it.
std::optional<Admission> Engine::Impl::admit(net::HttpExchange& exchange) {
    auto admission = state.shared->admissions.admit(exchange.peer().address, exchange.loop().now());
    if (!admission) {
        refuse(exchange, EngineError::kForbidden, admission.error());
        return std::nullopt;
    }
    if (state.settings.allow_request) {
        const auto refusal = state.settings.allow_request(exchange.head(), exchange.peer());
        if (refusal) {
            refuse(exchange, EngineError::kForbidden, *refusal);
            return std::nullopt;
        }
    }
    return std::move(*admission);
}

void Engine::Impl::open_polling(Exchange exchange, Shard& shard, Admission admission) {
    const protocol::HttpHead& head = exchange->head();
    SessionImpl& session =
        shard.add(shard.make_sid(), remember(*exchange), std::move(admission), TransportKind::kPolling);
    session.start(std::make_unique<PollingTransport>(session, shard.context()));
    // The OPEN packet goes alone: what the user sends meanwhile waits for the first poll.
    std::string packet = open_packet(session.sid(), TransportKind::kPolling);
    state.metrics.packets_out->add();
    state.metrics.bytes_out->add(static_cast<std::int64_t>(packet.size()));
    auto response = state.answers.payload(head, std::move(packet));
    add_cookie(session.sid(), response.headers);
    exchange->respond(std::move(response));
    session.attach_user(state.factory);
}

void Engine::Impl::open_websocket(Exchange exchange, const EngineQuery& query, Shard& shard, Admission admission,
                                  HttpHeaders headers) {
    auto handshake = remember(*exchange);
    std::string sid = shard.make_sid();
    add_cookie(sid, headers);
    auto upgraded = upgrade(*exchange, std::move(headers));
    if (!upgraded.stream) return;

    SessionImpl& session =
        shard.add(std::move(sid), std::move(handshake), std::move(admission), TransportKind::kWebSocket);
    auto transport =
        std::make_unique<WebSocketTransport>(session, shard.context(), std::move(upgraded.stream), binary_form(query));
    WebSocketTransport& websocket = *transport;
    session.start(std::move(transport));
    session.send(protocol::EncodedPacket::text(open_packet(session.sid(), TransportKind::kWebSocket)));
    session.attach_user(state.factory);
    websocket.on_bytes(upgraded.early);
}

// A WebSocket whose messages are not ours: there is nothing else under this path.
void Engine::Impl::serve_plain(Exchange exchange) {
    const protocol::HttpHead& head = exchange->head();
    auto headers = accept_websocket(head);
    if (!headers) return exchange->respond(upgrade_required(head));
    if (state.refuses.load()) return exchange->respond(state.answers.unavailable(head));
    if (!may_open_websocket(head)) return refuse(*exchange, EngineError::kForbidden);
    auto admission = admit(*exchange);
    if (!admission) return;

    Shard& shard = *shards.at(exchange->loop().index());
    auto handshake = remember(*exchange);
    auto upgraded = upgrade(*exchange, std::move(*headers));
    if (!upgraded.stream) return;
    SessionImpl& session =
        shard.add(shard.make_sid(), std::move(handshake), std::move(*admission), TransportKind::kWebSocket);
    auto transport = std::make_unique<PlainTransport>(session, shard.context(), std::move(upgraded.stream));
    PlainTransport& websocket = *transport;
    session.start(std::move(transport));
    session.attach_user(state.factory);
    websocket.on_bytes(upgraded.early);
}

// RFC 9110, section 15.5.22, and RFC 6455, section 4.4: says what we would understand.
net::HttpResponse Engine::Impl::upgrade_required(const protocol::HttpHead& head) const {
    state.metrics.errors_of(EngineError::kBadRequest).add();
    auto response = state.answers.bare(head, 426);
    response.headers.emplace_back("Upgrade", "websocket");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
}

bool Engine::Impl::is_enabled(TransportKind kind) const {
    return kind == TransportKind::kPolling ? state.settings.polling : state.settings.websocket;
}

std::shared_ptr<const Handshake> Engine::Impl::remember(net::HttpExchange& exchange) const {
    return make_handshake(exchange.head(), exchange.peer(), exchange.loop().wall());
}

// Browsers let any page open a WebSocket to anywhere; they only say whose page it is. Other clients say nothing.
bool Engine::Impl::may_open_websocket(const protocol::HttpHead& head) const {
    if (!state.settings.check_websocket_origin) return true;
    const auto origin = head.header("Origin");
    return !origin || state.cors.allows(*origin) || is_same_origin(head, *origin);
}

std::string Engine::Impl::open_packet(std::string_view sid, TransportKind kind) const {
    const EngineSettings& settings = state.settings;
    protocol::OpenPacket open;
    open.sid = sid;
    open.offer_websocket = kind == TransportKind::kPolling && settings.websocket && settings.allow_upgrades;
    open.ping_interval_ms = settings.ping_interval.count();
    open.ping_timeout_ms = settings.ping_timeout.count();
    open.max_payload = static_cast<std::int64_t>(settings.max_http_buffer_size);
    return protocol::encode_open(open);
}

void Engine::Impl::add_cookie(const std::string& sid, HttpHeaders& headers) const {
    if (state.settings.cookie.empty()) return;
    headers.emplace_back("Set-Cookie", state.settings.cookie + '=' + sid + "; Path=/; HttpOnly; SameSite=Lax");
}

net::HttpExchange::Upgraded Engine::Impl::upgrade(net::HttpExchange& exchange, HttpHeaders headers) const {
    state.cors.decorate(&exchange.head(), headers);
    return exchange.upgrade(std::move(headers));
}

// Also before a WebSocket's upgrade: an ordinary answer with the same JSON as everywhere. Node sends bare text there;
// no client reads it.
void Engine::Impl::refuse(net::HttpExchange& exchange, EngineError error, std::string_view message) {
    state.metrics.errors_of(error).add();
    exchange.respond(state.answers.error(exchange.head(), error, message));
}

void Engine::Impl::refuse_offer(net::HttpExchange& exchange, OfferError error) {
    state.metrics.errors_of(EngineError::kBadRequest).add();
    auto response = state.answers.error(exchange.head(), EngineError::kBadRequest);
    // RFC 6455, section 4.4: says what we would understand.
    if (error == OfferError::kVersion) response.headers.emplace_back("Sec-WebSocket-Version", "13");
    exchange.respond(std::move(response));
}

}  // namespace wshub::session
