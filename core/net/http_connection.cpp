#include "net/http_connection.h"

#include <array>
#include <cassert>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "net/http_response.h"

namespace wshub::net {
namespace {

constexpr const char* kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// A whole body above this counts for its client until it is answered.
constexpr std::size_t kSmallBody = 16 * 1024;
constexpr base::Rate kProxyWarnings{.per_second = 0.1, .burst = 1};

protocol::HttpLimits limits_of(const HttpSettings& settings) {
    protocol::HttpLimits limits;
    limits.max_head = settings.max_header_bytes;
    limits.max_body = settings.max_body_bytes;
    return limits;
}

Refusal refusal_of(protocol::HttpError error) {
    switch (error) {
        case protocol::HttpError::kBodyTooLarge:
        case protocol::HttpError::kTargetTooLong:
        case protocol::HttpError::kHeadTooLarge: return Refusal::kTooLarge;
        default: return Refusal::kMalformed;
    }
}

iovec piece_of(std::string_view bytes, std::size_t from) {
    return {const_cast<char*>(bytes.data()) + from, bytes.size() - from};
}

}  // namespace

// What a handler holds. It lets go of the connection with the answer, since the connection may then move on to another
// loop.
class HttpConnection::Exchange final : public HttpExchange {
public:
    Exchange(std::shared_ptr<HttpConnection> connection, protocol::HttpReader::Request request)
        : loop_(connection->loop()),
          peer_(connection->client_of(request.head)),
          request_(std::move(request)),
          connection_(std::move(connection)) {}
    ~Exchange() override {
        if (const auto connection = std::exchange(connection_, nullptr))
            connection->exchange_dropped(std::move(request_.head));
    }

    const protocol::HttpHead& head() const override { return request_.head; }
    std::string& body() override { return request_.body; }
    void drop_body() override {
        request_.body = {};
        if (connection_) connection_->release_body();
    }
    const Peer& peer() const override { return peer_; }
    Loop& loop() override { return loop_; }

    void respond(HttpResponse response) override {
        const auto connection = std::exchange(connection_, nullptr);
        if (!connection || connection->state_ != State::kExchanging) return;
        connection->exchange_ = nullptr;
        connection->respond(std::move(response));
    }

    void on_abandoned(std::function<void()> callback) override {
        abandoned_ = std::move(callback);
        if (!connection_ || connection_->state_ != State::kGone) return;
        loop_.defer([weak = connection_->weak_from_this()] {
            if (const auto connection = weak.lock()) connection->tell_abandoned();
        });
    }

    Upgraded upgrade(std::vector<std::pair<std::string, std::string>> headers) override {
        const auto connection = std::exchange(connection_, nullptr);
        if (!connection || connection->state_ != State::kExchanging) return {};
        connection->exchange_ = nullptr;
        connection->stream_->set_peer(peer_);  // from here on it is this client's alone
        return connection->upgrade(headers);
    }

    // The callback may destroy the exchange.
    void tell_abandoned() {
        if (const auto callback = std::exchange(abandoned_, nullptr)) callback();
    }

private:
    Loop& loop_;
    const Peer peer_;
    protocol::HttpReader::Request request_;
    std::shared_ptr<HttpConnection> connection_;  // until it is answered
    std::function<void()> abandoned_;
};

HttpConnection::HttpConnection(std::shared_ptr<HttpContext> context, unsigned side,
                               std::unique_ptr<SocketStream> stream)
    : context_(std::move(context)),
      side_(side),
      stream_(std::move(stream)),
      reader_(limits_of(context_->settings)),
      deadline_(&HttpConnection::on_deadline, this) {
    believe_peer();
    if (context_->settings.proxy_protocol) proxy_header_ = std::make_unique<protocol::ProxyHeaderReader>();
}

HttpConnection::~HttpConnection() {
    // Only one that was on its way to a loop that has stopped.
    if (state_ != State::kGone) give_up();
}

void HttpConnection::open() {
    counted_ = true;
    context_->open.fetch_add(1, std::memory_order_relaxed);
    context_->figures.connections().add(1);
    if (!join_loop()) return;
    if (context_->stopping) return finish({});
    begin_deadline(context_->settings.header_timeout);
}

// False if the loop cannot take it; then it is gone.
bool HttpConnection::join_loop() {
    side().all.emplace(this, shared_from_this());
    stream_->set_handler(this);
    try {
        stream_->enter();
    } catch (const std::system_error& error) {
        base::log::error("connection dropped: cannot be watched what=\"{}\"", error.what());
        drop();
        return false;
    }
    return true;
}

// ---- Reading ----

void HttpConnection::on_bytes(std::span<char> bytes) {
    const auto self = shared_from_this();
    std::span<const char> in = bytes;
    if (proxy_header_ && !read_proxy_header(in)) return;
    if (state_ == State::kReading)
        read(in);
    else
        keep(in);
}

// False if the connection is still to say whose it is, or is gone. Nothing of a request is looked at before.
bool HttpConnection::read_proxy_header(std::span<const char>& in) {
    const auto header = proxy_header_->next(in);
    if (!header) {
        refuse_proxy_header(header.error());
        return false;
    }
    if (!*header) return false;
    proxy_header_.reset();
    Peer peer = stream_->peer();
    if (const auto& source = (*header)->source) {
        peer.address = source->address.text();
        peer.port = source->port;
    }
    peer.secure = peer.secure || (*header)->secure;
    stream_->set_peer(std::move(peer));
    believe_peer();
    return true;
}

void HttpConnection::refuse_proxy_header(protocol::ProxyHeaderError error) {
    context_->figures.count_refusal(Refusal::kProxyHeader);
    const char* const what = error == protocol::ProxyHeaderError::kNone        ? "missing"
                             : error == protocol::ProxyHeaderError::kMalformed ? "malformed"
                                                                               : "too long";
    // A proxy that is not set up for this sends nothing else, and its operator looks here.
    if (side().proxy_warnings.take(kProxyWarnings, loop().now()))
        base::log::warn("connection closed: PROXY header {}, see [server] proxy_protocol peer={}", what,
                        stream_->peer().address);
    drop();
}

void HttpConnection::believe_peer() {
    behind_proxy_ = context_->settings.trusted_proxies.trusts(stream_->peer().address);
}

Peer HttpConnection::client_of(const protocol::HttpHead& head) const {
    if (!behind_proxy_) return stream_->peer();
    return context_->settings.trusted_proxies.client_of(head, stream_->peer());
}

void HttpConnection::read(std::span<const char> in) {
    if (idle_ && !in.empty()) {
        idle_ = false;
        begin_deadline(context_->settings.header_timeout);
    }
    while (state_ == State::kReading) {
        const bool of_body = reader_.has_head();
        const std::size_t before = in.size();
        const auto step = reader_.next(in);
        if (of_body && !hold_body(before - in.size())) return refuse(503, Refusal::kOverload);
        if (!step) return refuse(static_cast<int>(step.error()), refusal_of(step.error()));
        switch (*step) {
            case protocol::HttpReader::Step::kNeedMore:
                if (!hold_share()) refuse(503, Refusal::kOverload);
                return;
            case protocol::HttpReader::Step::kHead:
            case protocol::HttpReader::Step::kContinue:
                if (!on_head(in, *step == protocol::HttpReader::Step::kContinue)) return;
                break;
            case protocol::HttpReader::Step::kRequest: return on_request(in);
        }
    }
}

// False if the connection goes to another loop, with the bytes that were not read yet.
bool HttpConnection::on_head(std::span<const char> rest, bool wants_continue) {
    begin_deadline(context_->settings.body_timeout);
    std::optional<unsigned> home;
    if (context_->hooks.home_loop) home = context_->hooks.home_loop(reader_.head());
    if (home && *home != side_ && *home < context_->sides.size()) {
        state_ = State::kMoving;
        continue_owed_ = wants_continue;
        keep(rest);
        stream_->pause_reading();
        paused_ = true;
        // The stream is still calling us.
        loop().defer([self = shared_from_this(), target = *home] { self->depart(target); });
        return false;
    }
    if (!admit()) return false;
    if (wants_continue) stream_->write_first(kContinue);
    return true;
}

// On the loop that serves the request. False if it was refused: a body that nobody will look at must not take room from
// others'.
bool HttpConnection::admit() {
    const protocol::HttpHead& head = reader_.head();
    if (has_body()) {
        ExchangeHandler* const handler = context_->routes.find_handler(head.path());
        const bool never = head.method() == "GET" || head.method() == "HEAD" || head.method() == "OPTIONS";
        if (never || handler == nullptr) {
            refuse(never ? 400 : 404, Refusal::kMalformed);
            return false;
        }
        if (auto response = handler->refuse_body(head)) {
            refuse_with(std::move(*response));
            return false;
        }
    }
    if (context_->hooks.announce) announced_ = context_->hooks.announce(head);
    return true;
}

bool HttpConnection::has_body() const {
    const protocol::HttpHead& head = reader_.head();
    return head.header("Content-Length").value_or("0") != "0" || head.header("Transfer-Encoding");
}

void HttpConnection::on_request(std::span<const char> rest) {
    const protocol::HttpHead& head = reader_.head();
    if (head.method().size() > Gate::kLongestMethod) return refuse(501, Refusal::kMalformed);
    if (head.target().size() > Gate::kLongestTarget) return refuse(414, Refusal::kTooLarge);
    if (context_->stopping) return refuse(503, Refusal::kStopping);
    // Its handler may take its time.
    if (body_held_ > kSmallBody && !hold_share()) return refuse(503, Refusal::kOverload);

    deadline_.cancel();
    keep_alive_ = head.keep_alive();
    http_1_0_ = head.minor_version() == 0;
    to_head_ = head.method() == "HEAD";
    keep(rest);
    state_ = State::kAtGate;
    const auto request = std::make_shared<GateRequest>();
    if (context_->routes.find_page(head.path()) != nullptr) request->peer = client_of(head);
    request->request = reader_.take();
    request->keep_alive = keep_alive_;
    request->loop = &loop();
    request->client = weak_from_this();
    context_->gate->submit(request);
}

// Bytes that come before their turn wait, but not without bound.
void HttpConnection::keep(std::span<const char> bytes) {
    if (replaying_) {
        replay_left_ = bytes.size();  // they are the end of what is being replayed, and stay there
        return;
    }
    pending_.erase(0, std::exchange(pending_from_, 0));
    pending_.append(bytes.data(), bytes.size());
    if (paused_ || !is_pending_full()) return;
    paused_ = true;
    stream_->pause_reading();
}

bool HttpConnection::is_pending_full() const {
    return pending_.size() - pending_from_ > context_->settings.max_header_bytes;
}

void HttpConnection::next_request() {
    idle_ = true;
    begin_deadline(context_->settings.idle_timeout);
    go_on_reading();
}

void HttpConnection::go_on_reading() {
    state_ = State::kReading;
    replay_pending();
    if (state_ == State::kReading && peer_ended_) return finish({});
    if (paused_ && !is_pending_full() && (state_ == State::kReading || state_ == State::kAtGate)) {
        paused_ = false;
        stream_->resume_reading();
    }
}

// Many small requests may wait in it: what is left of it is not copied for each.
void HttpConnection::replay_pending() {
    std::string bytes = std::exchange(pending_, {});
    const auto left = std::span<const char>(bytes).subspan(std::exchange(pending_from_, 0));
    replay_left_ = 0;
    replaying_ = true;
    read(left);
    replaying_ = false;
    if (replay_left_ == 0) return;
    pending_from_ = bytes.size() - replay_left_;
    pending_ = std::move(bytes);
}

bool HttpConnection::hold_body(std::size_t bytes) {
    if (bytes == 0) return true;
    if (!context_->bodies.reserve(bytes)) return false;
    body_held_ += bytes;
    return true;
}

// What is held of a body has to wait, as long as its client or its handler pleases: now it counts for that client too.
// Most bodies are small, come whole with their heads, and never get here.
bool HttpConnection::hold_share() {
    if (body_held_ == 0) return true;
    if (!share_) {
        const auto address = protocol::IpAddress::parse(client_of(reader_.head()).address);
        share_ = std::make_unique<Share>(Share{address.value_or(protocol::IpAddress()).site()});
    }
    if (!context_->bodies.reserve_share(share_->site, body_held_ - share_->bytes)) return false;
    share_->bytes = body_held_;
    return true;
}

void HttpConnection::release_body() {
    if (const auto share = std::move(share_)) context_->bodies.release_share(share->site, share->bytes);
    if (body_held_ > 0) context_->bodies.release(std::exchange(body_held_, 0));
}

void HttpConnection::begin_deadline(base::milliseconds delay) {
    due_ = loop().now() + delay;
    loop().arm(deadline_, due_);
}

void HttpConnection::on_deadline(void* self) {
    auto& connection = *static_cast<HttpConnection*>(self);
    const auto alive = connection.shared_from_this();
    if (connection.state_ == State::kSending) return connection.drop();
    if (connection.proxy_header_ && connection.proxy_header_->begun())
        connection.context_->figures.count_refusal(Refusal::kTimeout);
    if (connection.reader_.in_request()) return connection.refuse(408, Refusal::kTimeout);
    connection.finish({});
}

// ---- Moving to another loop ----

void HttpConnection::depart(unsigned target) {
    if (state_ != State::kMoving) return;
    deadline_.cancel();
    auto self = shared_from_this();
    side().all.erase(this);
    Loop& there = context_->sides[target]->loop;
    stream_->leave_for(there);
    side_ = target;
    there.post([self = std::move(self)] { self->arrive(); });
}

void HttpConnection::arrive() {
    if (!join_loop()) return;
    state_ = State::kReading;
    if (context_->stopping) return refuse(503, Refusal::kStopping);
    loop().arm(deadline_, due_);
    if (!admit()) return;
    if (std::exchange(continue_owed_, false)) stream_->write_first(kContinue);
    go_on_reading();
}

// ---- Exchanges ----

void HttpConnection::on_outcome(GateRequest& request) {
    if (state_ != State::kAtGate) return;
    announced_.reset();
    switch (request.outcome) {
        case GateRequest::Outcome::kAnswered:
            context_->figures.count_response(request.status);
            return send(std::move(request.reply), {}, keep_alive_ && !request.closes, request.lent);
        case GateRequest::Outcome::kForHandler: return exchange_with(request);
        case GateRequest::Outcome::kRefused:
        case GateRequest::Outcome::kFailed: return respond_to_gate_failure(request);
    }
}

void HttpConnection::exchange_with(GateRequest& request) {
    auto exchange = std::make_unique<Exchange>(shared_from_this(), std::move(request.request));
    exchange_ = exchange.get();
    state_ = State::kExchanging;
    dispatching_ = true;
    dropped_in_dispatch_.reset();
    bool threw = true;
    try {
        request.handler->on_exchange(std::move(exchange));
        threw = false;
    } catch (const std::exception& error) {
        base::log::error("http handler threw what=\"{}\"", base::log::printable(error.what()));
    } catch (...) {
        base::log::error("http handler threw something unknown");
    }
    dispatching_ = false;
    if (state_ != State::kExchanging) return;
    if (!dropped_in_dispatch_) {
        if (peer_ended_) abandon();
        return;
    }
    if (!threw) return drop();
    keep_alive_ = false;
    respond(own_response(500, &*dropped_in_dispatch_));
}

// `head` is of the request, for the answer if its handler threw.
void HttpConnection::exchange_dropped(protocol::HttpHead head) {
    exchange_ = nullptr;
    if (state_ != State::kExchanging) return;
    if (dispatching_)
        dropped_in_dispatch_ = std::move(head);
    else
        drop();
}

// The client is gone and its exchange is not answered.
void HttpConnection::abandon() {
    drop();
    tell_abandoned();
}

void HttpConnection::tell_abandoned() {
    if (exchange_ != nullptr) exchange_->tell_abandoned();
}

HttpExchange::Upgraded HttpConnection::upgrade(const std::vector<std::pair<std::string, std::string>>& headers) {
    context_->figures.count_response(101);
    stream_->set_handler(nullptr);
    stream_->write_first(switching_head(headers));
    if (paused_) stream_->resume_reading();
    std::string early = pending_.substr(pending_from_);
    return {give_up(), std::move(early)};
}

// ---- Answering ----

void HttpConnection::respond(HttpResponse response) {
    context_->figures.count_response(response.status);
    const bool keep_alive = keep_alive_ && !context_->stopping && !asks_to_close(response);
    const ResponseFraming framing{.keep_alive = keep_alive, .http_1_0 = http_1_0_};
    std::string head = response_head(response, framing, side().date.at(loop().wall()));
    if (to_head_ || is_bodiless(response.status)) response.body.clear();
    send(std::move(head), std::move(response.body), keep_alive);
}

void HttpConnection::respond_to_gate_failure(const GateRequest& request) {
    const bool refused = request.outcome == GateRequest::Outcome::kRefused;
    if (refused) context_->figures.count_refusal(context_->stopping ? Refusal::kStopping : Refusal::kOverload);
    keep_alive_ = false;
    respond(own_response(refused ? 503 : 500, &request.request.head));
}

HttpResponse HttpConnection::own_response(int status, const protocol::HttpHead* head) const {
    HttpResponse response = plain_response(status);
    if (context_->hooks.decorate) context_->hooks.decorate(head, response);
    return response;
}

// Answers a request that is not whole, or may not be handed on, and ends the connection.
void HttpConnection::refuse(int status, Refusal reason) {
    context_->figures.count_refusal(reason);
    const protocol::HttpHead* head = reader_.has_head() ? &reader_.head() : nullptr;
    base::log::debug("http request refused status={} peer={}", status,
                     head != nullptr ? client_of(*head).address : stream_->peer().address);
    refuse_with(own_response(status, head));
}

// The same, with an answer from elsewhere.
void HttpConnection::refuse_with(HttpResponse response) {
    context_->figures.count_response(response.status);
    std::string bytes = response_head(response, {.keep_alive = false}, side().date.at(loop().wall()));
    if (!reader_.has_head() || reader_.head().method() != "HEAD") bytes += response.body;
    finish(std::move(bytes));
}

void HttpConnection::send(std::string head, std::string body, bool keep_alive, std::string_view lent) {
    release_body();
    keep_alive_ = keep_alive;
    out_head_ = std::move(head);
    out_body_ = std::move(body);
    out_lent_ = lent;
    out_sent_ = 0;
    state_ = State::kSending;
    if (send_more()) return sent();
    if (peer_ended_) return finish(unsent());  // no on_writable() comes behind the end
    begin_deadline(context_->settings.idle_timeout);
}

// True when the kernel has all of it.
bool HttpConnection::send_more() {
    std::array<iovec, 3> pieces;
    std::size_t skip = out_sent_, total = 0, count = 0;
    for (const std::string_view part : {std::string_view(out_head_), std::string_view(out_body_), out_lent_}) {
        const std::size_t gone = std::min(skip, part.size());
        pieces[count++] = piece_of(part, gone);
        skip -= gone;
        total += part.size();
    }
    out_sent_ += stream_->write(pieces);
    return out_sent_ == total;
}

std::string HttpConnection::unsent() const {
    return (out_head_ + out_body_).append(out_lent_).substr(out_sent_);
}

void HttpConnection::on_writable() {
    if (state_ != State::kSending) return;
    const auto self = shared_from_this();
    const std::size_t before = out_sent_;
    if (send_more()) {
        deadline_.cancel();
        return sent();
    }
    // The server has no deadline for an answer, but a client that takes nothing of it for so long is gone.
    if (out_sent_ > before) begin_deadline(context_->settings.idle_timeout);
}

void HttpConnection::sent() {
    out_head_ = {};
    out_body_ = {};
    out_lent_ = {};
    if (keep_alive_ && !context_->stopping) return next_request();
    finish({});
}

// ---- Ending ----

void HttpConnection::on_end(StreamEnd end) {
    const auto self = shared_from_this();
    if (state_ == State::kExchanging) return abandon();
    const bool still_listens = end == StreamEnd::kClosed;  // may have ended its own side only
    if (still_listens && (state_ == State::kAtGate || state_ == State::kMoving)) {
        peer_ended_ = true;
        return;
    }
    if (still_listens && state_ == State::kSending) return finish(unsent());
    drop();
}

void HttpConnection::shut_down() {
    const auto self = shared_from_this();
    switch (state_) {
        case State::kReading:
            if (reader_.in_request()) return refuse(503, Refusal::kStopping);
            return finish({});
        case State::kSending: return finish(unsent());
        case State::kExchanging: finish({}); return tell_abandoned();
        case State::kAtGate:  // its outcome follows for certain, and finds us stopping
        case State::kMoving:  // arrive() sees it
        case State::kGone: return;
    }
}

void HttpConnection::finish(std::string last) {
    Stream::finish(give_up(), std::move(last));
}

// Closes at once.
void HttpConnection::drop() {
    give_up();
}

// Ends everything but the stream.
std::unique_ptr<SocketStream> HttpConnection::give_up() {
    state_ = State::kGone;
    deadline_.cancel();
    release_body();
    announced_.reset();
    if (std::exchange(counted_, false)) {
        context_->open.fetch_sub(1, std::memory_order_relaxed);
        context_->figures.connections().add(-1);
    }
    auto stream = std::move(stream_);
    if (stream) stream->set_handler(nullptr);
    side().all.erase(this);
    return stream;
}

}  // namespace wshub::net
