#include "client.h"

#include <charconv>

namespace wshub::bench {

namespace {

// What stands behind the packet's type: the ack id if there is one, and the JSON array.
struct Body {
    std::optional<std::uint64_t> id;
    std::string_view json;
};

Body parse_body(std::string_view text) {
    Body body;
    std::uint64_t id = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
    if (parsed.ec == std::errc()) body.id = id;
    body.json = text.substr(static_cast<std::size_t>(parsed.ptr - text.data()));
    return body;
}

// Names with escapes come out as they are written, which is enough to count them.
std::string_view event_name(std::string_view json) {
    if (!json.starts_with("[\"")) return {};
    const std::string_view rest = json.substr(2);
    return rest.substr(0, rest.find('"'));
}

}  // namespace

Client::Client(Loop& loop, const Target& target, TransportKind kind, std::size_t index, ClientHandler& handler)
    : handler_(handler),
      transport_(kind == TransportKind::kWebSocket ? make_websocket_transport(loop, target, *this)
                                                   : make_polling_transport(loop, target, *this)),
      index_(index) {}

void Client::open() {
    opened_at_ = Clock::now();
    if (auto reason = transport_->open()) lose(*reason);
}

bool Client::emit(std::string_view name, std::string_view args, std::optional<std::uint64_t> ack_id) {
    if (!joined_) return false;
    static std::string packet;  // one thread; spares an allocation for each event
    packet.assign("42");
    if (ack_id) packet.append(std::to_string(*ack_id));
    packet.append("[\"").append(name).push_back('"');
    if (!args.empty()) packet.append(",").append(args);
    packet.push_back(']');
    transport_->send(packet);
    return true;
}

void Client::close() {
    joined_ = false;
    transport_->close();
}

void Client::on_packet(std::string_view packet) {
    switch (packet.empty() ? '\0' : packet.front()) {
        case '0': return transport_->send("40");
        case '1': return lose("closed by the server's Engine.IO packet");
        case '2': return transport_->send("3");
        case '4': return on_message(packet.substr(1));
        case '6': return;
        default: return lose("an Engine.IO packet of unknown type");
    }
}

void Client::on_message(std::string_view message) {
    const std::string_view rest = message.empty() ? message : message.substr(1);
    switch (message.empty() ? '\0' : message.front()) {
        case '0':
            if (joined_) return lose("CONNECT came twice");
            joined_ = true;
            return handler_.on_joined(*this);
        case '1': return lose("DISCONNECT");
        case '2': {
            const Body body = parse_body(rest);
            return handler_.on_event(*this, event_name(body.json), body.json);
        }
        case '3': {
            const Body body = parse_body(rest);
            if (!body.id) return lose("an ACK without id");
            return handler_.on_ack(*this, *body.id, body.json);
        }
        case '4': return lose("CONNECT_ERROR " + std::string(rest));
        case '5': {
            const std::string_view text = rest.substr(rest.find('-') + 1);
            const Body body = parse_body(text);
            return handler_.on_event(*this, event_name(body.json), body.json);
        }
        case '6': return;  // nobody here emits what is acknowledged in binary
        default: return lose("a Socket.IO packet of unknown type");
    }
}

void Client::on_transport_closed(std::string_view reason) {
    joined_ = false;
    handler_.on_lost(*this, reason);
}

void Client::lose(std::string_view reason) {
    const std::string kept(reason);
    close();
    handler_.on_lost(*this, kept);
}

}  // namespace wshub::bench
