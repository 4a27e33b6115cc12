#include "console/client.h"

#include <utility>

#include "console/json.h"
#include "protocol/json_scan.h"
#include "protocol/socket_packet.h"

namespace wshub::console {
namespace {

using Kind = Happening::Kind;
using protocol::EngineType;
using protocol::SocketType;

std::vector<std::string_view> views_of(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

}  // namespace

Client::Client(const Options& options, const base::Clock& clock)
    : options_(options), clock_(clock), link_(open_link(options)), deadline_(clock.steady() + options.timeout) {
    link_->send({protocol::encode_connect_request(options.address.nsp, options.auth)});
}

std::vector<Happening> Client::read() {
    std::vector<Happening> out;
    if (!broken_.empty()) {
        out.push_back({Kind::kLost, std::exchange(broken_, {}), {}, {}});
        return out;
    }
    try {
        for (EngineMessage& message : link_->receive()) take(std::move(message), out);
        if (joined_) heard_of_it();
    } catch (const LinkError& error) {
        out.push_back({Kind::kLost, error.what(), {}, {}});
    }
    return out;
}

// Whatever comes shows that the server is there.
void Client::heard_of_it() {
    deadline_ = clock_.steady() + link_->opened().ping_interval + link_->opened().ping_timeout;
}

std::vector<Happening> Client::tick() {
    if (!broken_.empty()) return read();
    if (clock_.steady() < deadline_) return {};
    return {{Kind::kLost, joined_ ? "ping timeout" : "the server does not answer CONNECT", {}, {}}};
}

void Client::take(EngineMessage message, std::vector<Happening>& out) {
    if (message.binary) return take_binary(std::move(message.data), out);
    switch (message.type) {
        case EngineType::kMessage: return take_text(std::move(message.data), out);
        case EngineType::kPing: send({protocol::EncodedPacket::text("3" + message.data)}); return;
        case EngineType::kClose: throw LinkError("transport close");
        default: return;  // noop ends a poll; others mean nothing here
    }
}

void Client::take_text(std::string text, std::vector<Happening>& out) {
    if (missing_ > 0) throw LinkError("the server sent a packet in the middle of another one's binary");
    // Decoding changes the text, and a packet with attachments is decoded again when they are here.
    std::string copy = text;
    const auto packet = protocol::decode_socket_packet(copy);
    if (!packet) throw LinkError("the server sent what is no packet of Socket.IO 5");
    if (packet->attachments == 0) return take_packet(std::move(text), out);
    waiting_ = std::move(text);
    missing_ = packet->attachments;
}

void Client::take_binary(std::string bytes, std::vector<Happening>& out) {
    if (missing_ == 0) throw LinkError("the server sent binary that belongs to no packet");
    attachments_.push_back(std::move(bytes));
    std::size_t held = 0;
    for (const std::string& attachment : attachments_) held += attachment.size();
    if (held > static_cast<std::size_t>(kMaxReceived)) throw LinkError("the server sent a message that is too large");
    if (--missing_ > 0) return;
    take_packet(std::exchange(waiting_, {}), out);
    attachments_.clear();
}

void Client::take_packet(std::string text, std::vector<Happening>& out) {
    const auto packet = protocol::decode_socket_packet(text);
    if (!packet) throw LinkError("the server sent what is no packet of Socket.IO 5");
    // Of a namespace that nobody asked for.
    if (packet->nsp.substr(0, packet->nsp.find('?')) != options_.address.nsp) return;
    switch (packet->type) {
        case SocketType::kConnect:
            if (joined_) return;
            joined_ = true;
            out.push_back({Kind::kConnected, json_text(packet->json, "sid").value_or(""), {}, {}});
            return;
        case SocketType::kConnectError: {
            const bool plain_text = packet->json.front() == '"';
            auto message = plain_text ? protocol::unescape_string(packet->json)
                                      : json_text(packet->json, "message").value_or("no reason given");
            const auto data = plain_text ? std::nullopt : json_member(packet->json, "data");
            out.push_back({Kind::kRefused, std::move(message), data ? shown(*data, {}) : "", {}});
            return;
        }
        case SocketType::kDisconnect: out.push_back({Kind::kPutOut, {}, {}, {}}); return;
        case SocketType::kEvent:
        case SocketType::kBinaryEvent:
            if (!joined_) return;
            out.push_back({Kind::kEvent, protocol::event_name(packet->name_json), shown(packet->args, attachments_),
                           packet->ack_id});
            return;
        case SocketType::kAck:
        case SocketType::kBinaryAck:
            if (!joined_) return;
            out.push_back({Kind::kAck, {}, shown(packet->json, attachments_), packet->ack_id});
            return;
    }
}

bool Client::send(const protocol::EncodedMessage& packets) {
    if (!broken_.empty()) return false;
    try {
        link_->send(packets);
        return true;
    } catch (const LinkError& error) {
        broken_ = error.what();
        deadline_ = clock_.steady();
        return false;
    }
}

bool Client::emit(std::string_view name, const Payload& payload, std::optional<std::uint64_t> ack_id) {
    const auto attachments = views_of(payload.attachments);
    const auto message = protocol::encode_event(options_.address.nsp, name, payload.args, ack_id, attachments);
    if (!message) throw PayloadError("more binary in it than the ten that an event may have");
    return send(*message);
}

bool Client::acknowledge(std::uint64_t id) {
    const auto message = protocol::encode_ack(options_.address.nsp, id, "[]", {});
    return send(*message);
}

void Client::close() noexcept {
    try {
        if (broken_.empty()) link_->send({protocol::encode_disconnect(options_.address.nsp)});
    } catch (const LinkError&) {
        // It has gone already.
    }
    link_->close();
}

}  // namespace wshub::console
