#include "session/websocket_transport.h"

#include <limits.h>

#include <array>
#include <string>
#include <utility>

#include "protocol/base64.h"

namespace wshub::session {
namespace {

// Up to here what is held of a message is the connection's own business.
constexpr std::size_t kSmallHalf = 64 * 1024;

// Room for small frames that are sent together.
constexpr std::size_t kJoined = 8 * 1024;

protocol::PacketRef as_base64(const protocol::EncodedPacket& packet) {
    protocol::EncodedPacket::Builder builder(packet.polling_size());
    packet.append_polling(builder.bytes());
    return builder.text();
}

}  // namespace

protocol::PacketRef WebSocketTransport::control_frame(protocol::Opcode opcode, std::span<const char> payload) {
    std::string frame = protocol::frame_header(opcode, payload.size());
    frame.append(payload.data(), payload.size());
    return protocol::EncodedPacket::control(frame);
}

WebSocketTransport::WebSocketTransport(TransportOwner& owner, LoopContext& context, std::unique_ptr<net::Stream> stream,
                                       Binary binary)
    : Transport(owner, context), stream_(std::move(stream)), reader_(context.max_http_buffer_size), binary_(binary) {
    stream_->set_handler(this);
}

void WebSocketTransport::enqueue(protocol::PacketRef packet) {
    if (binary_ == Binary::kBase64 && packet->is_binary()) packet = as_base64(*packet);
    queue_.push(std::move(packet));
}

void WebSocketTransport::take_over(SendQueue queue) {
    while (!queue.empty()) enqueue(queue.pop());
    account();
    schedule();
}

void WebSocketTransport::relieve() {
    if (!blocked_ && !parting()) write_queue();
}

void WebSocketTransport::pause() {
    if (stream_) stream_->pause_reading();
}

void WebSocketTransport::resume() {
    if (stream_) stream_->resume_reading();
}

void WebSocketTransport::on_bytes(std::span<char> bytes) {
    context_.metrics.bytes_in->add(static_cast<std::int64_t>(bytes.size()));
    owner_->on_received(*this, bytes.size());
    std::int64_t packets = 0;
    while (reachable()) {
        const auto message = reader_.next(bytes);
        if (!message) {
            on_violation(message.error());
            break;
        }
        if (!*message) break;
        if ((*message)->opcode <= protocol::Opcode::kBinary) ++packets;
        on_message(**message);
    }
    if (packets > 0) context_.metrics.packets_in->add(packets);
    if (reader_.held() > kSmallHalf || half_) account_half();
}

// What is held of a large message has to wait for the rest, as long as the client pleases: it counts for its address.
void WebSocketTransport::account_half() {
    const std::size_t held = reachable() ? reader_.held() : 0;
    if (held <= kSmallHalf) return release_half();
    if (!half_) {
        const auto address = protocol::IpAddress::parse(stream_->peer().address);
        half_ = std::make_unique<Half>(Half{address.value_or(protocol::IpAddress()).site(), 0});
    }
    if (held < half_->bytes) {  // another message, begun behind the end of the last
        context_.halves.release_for(half_->site, half_->bytes - held);
    } else if (!context_.halves.reserve_for(half_->site, held - half_->bytes)) {
        release_half();
        close_code_ = protocol::CloseCode::kTryAgainLater;
        return owner_->on_fault(*this, CloseReason::kOverload, Parting::kDiscard);
    }
    half_->bytes = held;
}

void WebSocketTransport::release_half() {
    const auto half = std::move(half_);
    if (!half) return;
    context_.halves.release_for(half->site, half->bytes);
}

void WebSocketTransport::on_message(const protocol::WebSocketMessage& message) {
    switch (message.opcode) {
        case protocol::Opcode::kText: return on_text(message.payload);
        case protocol::Opcode::kBinary: return owner_->on_binary(*this, message.payload);
        case protocol::Opcode::kPing: return on_ping(message.payload);
        case protocol::Opcode::kClose:
            // Echoed with the client's code (RFC 6455, section 5.5.1).
            if (const auto code = reader_.peer_close_code()) close_code_ = static_cast<protocol::CloseCode>(*code);
            return owner_->on_fault(*this, CloseReason::kTransportClose, Parting::kPeerLeft);
        case protocol::Opcode::kPong: return on_pong();
        case protocol::Opcode::kContinuation: return;
    }
}

void WebSocketTransport::on_text(std::span<char> text) {
    const std::string_view view(text.data(), text.size());
    // Clients without binary frames write their binary messages as polling does.
    if (view.starts_with('b')) {
        auto bytes = protocol::decode_base64(view.substr(1));
        if (!bytes) return owner_->on_fault(*this, CloseReason::kParseError, Parting::kDiscard);
        return owner_->on_binary(*this, *bytes);
    }
    const auto packet = protocol::decode_engine_text(view);
    if (!packet) return owner_->on_fault(*this, CloseReason::kParseError, Parting::kDiscard);
    owner_->on_packet(*this, packet->type, text.subspan(1));
}

void WebSocketTransport::on_ping(std::span<const char> payload) {
    // Only the latest of the pings that are not answered yet needs an answer (RFC 6455, section 5.5.3), so that a
    // flood of them costs one frame.
    pong_ = control_frame(protocol::Opcode::kPong, payload);
    if (!blocked_) schedule();
}

void WebSocketTransport::on_violation(protocol::CloseCode code) {
    close_code_ = code;
    const bool too_big = code == protocol::CloseCode::kTooBig;
    owner_->on_fault(*this, too_big ? CloseReason::kTooBig : CloseReason::kTransportError, Parting::kDiscard);
}

void WebSocketTransport::on_writable() {
    blocked_ = false;
    flush();
}

void WebSocketTransport::on_end(net::StreamEnd end) {
    const bool in_order = end == net::StreamEnd::kClosed;
    owner_->on_fault(*this, in_order ? CloseReason::kTransportClose : CloseReason::kTransportError, Parting::kAbort);
}

void WebSocketTransport::flush() {
    if (!stream_) return;
    switch (parting_) {
        case Parting::kNone: return write_queue();
        case Parting::kFlush:
            write_queue();
            if (queue_.empty()) finish();
            return;
        case Parting::kPeerLeft:
        case Parting::kDiscard: return finish();
        case Parting::kAbort: stream_.reset(); return parted();
    }
}

void WebSocketTransport::write_queue() {
    if (blocked_) return;
    if (pong_) queue_.push(std::move(pong_));
    std::array<iovec, IOV_MAX> pieces;
    std::array<char, kJoined> joined;
    std::size_t packets = 0, bytes = 0;
    while (!queue_.empty() && !blocked_) {
        const std::span<const iovec> offer = std::span(pieces).first(queue_.gather(pieces, joined));
        std::size_t offered = 0;
        for (const iovec& piece : offer) offered += piece.iov_len;
        const std::size_t taken = stream_->write(offer);
        packets += queue_.sent(taken);
        bytes += taken;
        blocked_ = taken < offered;
    }
    account();
    context_.metrics.packets_out->add(static_cast<std::int64_t>(packets));
    context_.metrics.bytes_out->add(static_cast<std::int64_t>(bytes));
}

// Behind what is missing of a frame that was sent in part, if there is one.
void WebSocketTransport::finish() {
    net::Stream::finish(std::move(stream_), queue_.take_rest() + goodbye());
    account();
    parted();
}

}  // namespace wshub::session
