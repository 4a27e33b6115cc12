// An engine on a loop that the test turns by hand, with clients made of requests and bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "fake_exchange.h"
#include "fake_stream.h"
#include "net/loop.h"
#include "protocol/websocket.h"
#include "session/engine.h"

namespace wshub::test {

using base::milliseconds;
using session::CloseReason;
using session::Session;
using session::TransportKind;

// What became of a session, as its user saw it; outlives both.
struct UserLog {
    Session* session = nullptr;  // null once on_closed() was called
    std::vector<std::string> texts;
    std::vector<std::string> binaries;
    std::vector<CloseReason> closed;
    int upgrades = 0;
    bool destroyed = false;

    std::function<void(const std::string&)> then;  // after each text
};

class LoggingUser final : public session::SessionUser {
public:
    explicit LoggingUser(std::shared_ptr<UserLog> log) : log_(std::move(log)) {}
    ~LoggingUser() override { log_->destroyed = true; }

    void on_text(std::span<char> text) override {
        log_->texts.emplace_back(text.data(), text.size());
        // The bytes are the user's: nothing below may rely on them afterwards.
        for (char& c : text) c = '#';
        if (log_->then) log_->then(std::string(log_->texts.back()));
    }
    void on_binary(std::span<char> bytes) override {
        log_->binaries.emplace_back(bytes.data(), bytes.size());
        for (char& c : bytes) c = '#';
    }
    void on_upgraded() override { ++log_->upgrades; }
    void on_closed(CloseReason reason) override {
        log_->closed.push_back(reason);
        log_->session = nullptr;
    }

private:
    std::shared_ptr<UserLog> log_;
};

class LoggingFactory final : public session::SessionFactory {
public:
    std::unique_ptr<session::SessionUser> on_open(Session& session) override {
        logs.push_back(std::make_shared<UserLog>());
        logs.back()->session = &session;
        if (at_open) at_open(session);
        return std::make_unique<LoggingUser>(logs.back());
    }

    std::vector<std::shared_ptr<UserLog>> logs;
    std::function<void(Session&)> at_open;
};

// A client's frame, masked as it must be.
inline std::string client_frame(protocol::Opcode opcode, std::string_view payload, bool fin = true) {
    const char mask[4] = {0x12, 0x34, 0x56, 0x78};
    std::string frame(1, static_cast<char>((fin ? 0x80 : 0) | static_cast<int>(opcode)));
    if (payload.size() < 126) {
        frame += static_cast<char>(0x80 | payload.size());
    } else if (payload.size() < 65536) {
        frame += static_cast<char>(0x80 | 126);
        for (int shift = 8; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift & 0xff);
    } else {
        frame += static_cast<char>(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift & 0xff);
    }
    frame.append(mask, 4);
    for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
    return frame;
}

inline std::string client_text(std::string_view payload) {
    return client_frame(protocol::Opcode::kText, payload);
}

struct ServerFrame {
    protocol::Opcode opcode;
    std::string payload;
    friend bool operator==(const ServerFrame&, const ServerFrame&) = default;
};

// Takes the whole frames from the front of `bytes`.
inline std::vector<ServerFrame> take_server_frames(std::string& bytes) {
    std::vector<ServerFrame> frames;
    for (;;) {
        const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
        if (bytes.size() < 2) return frames;
        std::size_t size = byte(1), header = 2;
        if (size >= 126) {
            header = size == 126 ? 4 : 10;
            if (bytes.size() < header) return frames;
            size = 0;
            for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
        }
        if (bytes.size() - header < size) return frames;
        frames.push_back({static_cast<protocol::Opcode>(byte(0) & 0x0f), bytes.substr(header, size)});
        bytes.erase(0, header + size);
    }
}

inline std::vector<std::string> split_payload(std::string_view payload) {
    std::vector<std::string> packets(1);
    for (const char c : payload) {
        if (c == '\x1e')
            packets.emplace_back();
        else
            packets.back() += c;
    }
    return packets;
}

// The far end of a WebSocket.
struct WebSocketEnd {
    std::shared_ptr<FakeReply> reply;
    std::string sid;  // if it opened a session

    FakeWire& wire() const { return *reply->wire; }
    void text(std::string_view payload) const { wire().feed(client_text(payload)); }
    std::vector<ServerFrame> frames() const { return take_server_frames(wire().written); }
    // Payloads of the frames sent since the last look; a close frame shows as "close" with its code.
    std::vector<std::string> payloads() const {
        std::vector<std::string> texts;
        for (ServerFrame& frame : frames()) {
            if (frame.opcode == protocol::Opcode::kClose) {
                std::string shown = "close";
                if (frame.payload.size() >= 2)
                    shown += ' ' + std::to_string(static_cast<unsigned char>(frame.payload[0]) * 256 +
                                                  static_cast<unsigned char>(frame.payload[1]));
                texts.push_back(std::move(shown));
            } else {
                texts.push_back(std::move(frame.payload));
            }
        }
        return texts;
    }
};

inline std::vector<std::string> websocket_headers(const std::vector<std::string>& more = {}) {
    std::vector<std::string> lines{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="};
    lines.insert(lines.end(), more.begin(), more.end());
    return lines;
}

inline std::string sid_in(std::string_view open_packet) {
    const std::size_t at = open_packet.find("\"sid\":\"") + 7;
    return std::string(open_packet.substr(at, 20));
}

struct EngineBench {
    explicit EngineBench(session::EngineSettings settings = {})
        : engine(std::move(settings), {&loop}, factory, metrics) {}

    base::ManualClock clock;
    net::Loop loop{0, clock};
    net::Loop::Enter enter{loop};
    base::Metrics metrics;
    LoggingFactory factory;
    session::Engine engine;
    std::string remote = "192.0.2.1";  // where requests come from

    void turn() { loop.turn(); }
    void turns(int count) {
        while (count-- > 0) loop.turn();
    }
    // Time passes and the loop takes notice; two turns, so that what the first one posts is done too.
    void pass(milliseconds time) {
        clock.advance(time);
        turns(2);
    }

    std::shared_ptr<FakeReply> request(std::string_view method, std::string_view target,
                                       const std::vector<std::string>& headers = {}, std::string body = {},
                                       std::string early = {}) {
        auto exchange = std::make_unique<FakeExchange>(loop, make_head(method, target, headers), std::move(body));
        exchange->set_early(std::move(early));
        exchange->set_peer({remote, 50000, false});
        auto reply = exchange->reply();
        engine.on_exchange(std::move(exchange));
        return reply;
    }

    std::string open_polling() {
        const auto reply = request("GET", "/socket.io/?EIO=4&transport=polling");
        return reply->response ? sid_in(reply->response->body) : "";
    }
    WebSocketEnd open_websocket(std::string_view more_query = "") {
        WebSocketEnd end;
        end.reply =
            request("GET", "/socket.io/?EIO=4&transport=websocket" + std::string(more_query), websocket_headers());
        turn();
        const auto first = end.payloads();
        if (!first.empty()) end.sid = sid_in(first.front());
        return end;
    }
    // A second transport for a session.
    WebSocketEnd open_probe(std::string_view sid, std::string early = {}) {
        WebSocketEnd end;
        end.reply = request("GET", "/socket.io/?EIO=4&transport=websocket&sid=" + std::string(sid), websocket_headers(),
                            {}, std::move(early));
        return end;
    }
    std::shared_ptr<FakeReply> get(std::string_view sid) {
        return request("GET", "/socket.io/?EIO=4&transport=polling&sid=" + std::string(sid));
    }
    std::shared_ptr<FakeReply> post(std::string_view sid, std::string body,
                                    const std::vector<std::string>& headers = {}) {
        return request("POST", "/socket.io/?EIO=4&transport=polling&sid=" + std::string(sid), headers, std::move(body));
    }
    // A session over WebSocket that came from polling.
    WebSocketEnd upgraded() {
        const std::string sid = open_polling();
        WebSocketEnd end = open_probe(sid);
        end.sid = sid;
        end.text("2probe");
        end.text("5");
        turns(2);
        end.payloads();
        return end;
    }

    UserLog& log() { return *factory.logs.back(); }
    Session& session() { return *log().session; }
    void send(std::string_view text) { session().send(protocol::EncodedPacket::text(text)); }
    void send_binary(std::string_view bytes) { session().send(protocol::EncodedPacket::binary(bytes)); }

    // Value of a metric by the line's beginning, e.g. `wshub_sessions{transport="polling"}`.
    std::string metric(std::string_view name) const {
        const std::string text = metrics.text();
        const std::size_t at = text.find('\n' + std::string(name) + ' ');
        if (at == std::string::npos) return "none";
        const std::size_t from = at + name.size() + 2;
        return text.substr(from, text.find('\n', from) - from);
    }
};

inline std::string body_of(const FakeReply& reply) {
    return reply.response ? reply.response->body : "(no answer)";
}
inline int status_of(const FakeReply& reply) {
    return reply.response ? reply.response->status : 0;
}

}  // namespace wshub::test
