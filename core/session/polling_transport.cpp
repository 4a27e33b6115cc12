#include "session/polling_transport.h"

#include <utility>

#include "base/ascii.h"
#include "protocol/base64.h"
#include "protocol/utf8.h"

namespace wshub::session {
namespace {

constexpr std::string_view kNoop = "6";
constexpr std::string_view kClose = "1";

bool is_octet_stream(const protocol::HttpHead& head) {
    const std::string_view type = head.header("Content-Type").value_or("");
    return base::equals_ignoring_case(type.substr(0, type.find_first_of("; 	")), "application/octet-stream");
}

// The part of `body` that `view` shows, to be changed.
std::span<char> part_of(std::string& body, std::string_view view) {
    return {body.data() + (view.data() - body.data()), view.size()};
}

}  // namespace

void PollingTransport::on_get(std::unique_ptr<net::HttpExchange> exchange) {
    if (poll_) {
        exchange->respond(context_.answers.bare(exchange->head(), 400));
        return owner_->on_fault(*this, CloseReason::kTransportError, Parting::kDiscard);
    }
    poll_ = std::move(exchange);
    poll_->on_abandoned([this] { on_abandoned(); });
    late_poll_ = parting();
    if (std::exchange(poke_next_, false)) poke_ = true;
    if (parting() || poke_ || !queue_.empty()) schedule();
}

std::shared_ptr<void> PollingTransport::announce_post() {
    if (!post_.expired() || held_post_) {
        owner_->on_fault(*this, CloseReason::kTransportError, Parting::kDiscard);
        return nullptr;
    }
    const auto post = std::make_shared<char>();
    post_ = post;
    return post;
}

void PollingTransport::on_post(std::unique_ptr<net::HttpExchange> exchange) {
    if (is_octet_stream(exchange->head())) {
        // Protocol 4 sends binary packets as base64; whoever sends this speaks something else.
        context_.metrics.errors_of(EngineError::kBadRequest).add();
        exchange->respond(context_.answers.error(exchange->head(), EngineError::kBadRequest));
        return owner_->on_fault(*this, CloseReason::kTransportError, Parting::kDiscard);
    }
    if (held_post_) {
        exchange->respond(context_.answers.bare(exchange->head(), 400));
        return owner_->on_fault(*this, CloseReason::kTransportError, Parting::kDiscard);
    }
    context_.metrics.bytes_in->add(static_cast<std::int64_t>(exchange->body().size()));
    owner_->on_received(*this, exchange->body().size());
    read_payload(exchange->body());
    if (!paused_) return accept(*exchange);
    exchange->drop_body();
    held_post_ = std::move(exchange);
    // What was in it is handled; that the client will not hear so is for the client to find out.
    held_post_->on_abandoned([this] { held_post_.reset(); });
}

// "ok" says that the body has come, whatever was in it. Clients learn of its faults by the end of the session.
void PollingTransport::accept(net::HttpExchange& post) {
    post.respond(context_.answers.ok(post.head()));
}

void PollingTransport::resume() {
    paused_ = false;
    if (const auto post = std::move(held_post_)) accept(*post);
}

void PollingTransport::read_payload(std::string& body) {
    if (!protocol::is_utf8(body)) return owner_->on_fault(*this, CloseReason::kParseError, Parting::kDiscard);
    std::int64_t packets = 0;
    protocol::PayloadReader reader(body);
    // What stands behind a packet that ended the session is not for anybody.
    while (!reader.at_end() && reachable()) {
        const auto packet = reader.next();
        if (!packet) {
            owner_->on_fault(*this, CloseReason::kParseError, Parting::kDiscard);
            break;
        }
        ++packets;
        read_packet(*packet, body);
    }
    context_.metrics.packets_in->add(packets);
}

void PollingTransport::read_packet(const protocol::EnginePacket& packet, std::string& body) {
    if (!packet.binary) return owner_->on_packet(*this, packet.type, part_of(body, packet.data));
    auto bytes = protocol::decode_base64(packet.data);
    if (!bytes) return owner_->on_fault(*this, CloseReason::kParseError, Parting::kDiscard);
    owner_->on_binary(*this, *bytes);
}

void PollingTransport::relieve() {
    if (poll_ && !parting() && !queue_.empty()) answer(take_payload());
}

void PollingTransport::poke() {
    if (!poll_) return;
    poke_ = true;
    schedule();
}

SendQueue PollingTransport::hand_over() {
    if (poll_) answer(std::string(kNoop));
    return std::exchange(queue_, {});
}

void PollingTransport::flush() {
    switch (parting_) {
        case Parting::kNone:
            if (!poll_) break;
            if (!queue_.empty())
                answer(take_payload());
            else if (poke_)
                answer(std::string(kNoop));
            break;
        case Parting::kFlush:
            if (poll_) say_goodbye();
            break;
        case Parting::kPeerLeft:
            if (poll_) answer(std::string(kNoop));
            parted();
            break;
        case Parting::kDiscard:
            if (poll_) answer(std::string(kClose));
            parted();
            break;
        case Parting::kAbort: parted(); break;
    }
}

// What is queued goes first, by several polls if it is much.
// The close packet has an answer of its own: the official client acts on it before it hands on the packets that stand
// in front of it in the same one, which then reach nobody.
void PollingTransport::say_goodbye() {
    std::string body = take_payload();
    if (!body.empty()) return answer(std::move(body));
    // A poll that came too late gets the noop that every poll expects first; so does Node.
    if (late_poll_) {
        body = kNoop;
        body += protocol::kPayloadSeparator;
    }
    body += kClose;
    answer(std::move(body));
    parted();
}

// As many packets as fit into one answer. One that is larger than that by itself goes alone.
std::string PollingTransport::take_payload() {
    std::size_t size = 0;
    const std::size_t most = context_.max_http_buffer_size;
    std::string body;
    std::int64_t packets = 0;
    while (!queue_.empty()) {
        const std::size_t next = queue_.front()->polling_size() + (packets == 0 ? 0 : 1);
        if (packets > 0 && (size > most || next > most - size)) break;
        size += next;
        if (packets > 0) body += protocol::kPayloadSeparator;
        queue_.pop()->append_polling(body);
        ++packets;
    }
    account();
    context_.metrics.packets_out->add(packets);
    return body;
}

void PollingTransport::answer(std::string body) {
    poke_ = false;
    if (abandoned_) return;
    context_.metrics.bytes_out->add(static_cast<std::int64_t>(body.size()));
    const auto poll = std::move(poll_);
    poll->respond(context_.answers.payload(poll->head(), std::move(body)));
}

void PollingTransport::on_abandoned() {
    // What this poll would have carried may be lost on the way already: nothing may be sent by another one.
    abandoned_ = true;
    owner_->on_fault(*this, CloseReason::kTransportError, Parting::kAbort);
}

}  // namespace wshub::session
