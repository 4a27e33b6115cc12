// Engine.IO over a WebSocket from the start, without a polling phase.
#include "transport.h"
#include "wire.h"

namespace wshub::bench {

namespace {

// Masks must differ and need not be secret here.
std::uint32_t next_mask() {
    static std::uint32_t state = 0x9e3779b9U;
    state ^= state << 13U;
    state ^= state >> 17U;
    state ^= state << 5U;
    return state;
}

class WebSocketTransport final : public Transport, private ConnectionHandler {
public:
    WebSocketTransport(Loop& loop, const Target& target, TransportHandler& handler)
        : connection_(loop, *this), target_(target), handler_(handler) {}

    std::optional<std::string> open() override { return connection_.open(target_.endpoint); }
    void send(std::string_view packet) override { send_frame(Opcode::kText, packet); }
    void close() override { connection_.close(); }

private:
    void on_connected() override {
        std::string request;
        request.append("GET ").append(target_.path).append("?EIO=4&transport=websocket HTTP/1.1\r\nHost: ");
        request.append(target_.endpoint.host_header());
        request.append("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
        request.append("Sec-WebSocket-Key: ").append(kWebSocketKey).append("\r\n\r\n");
        connection_.send(request);
        answer_ = std::make_unique<HttpReader>();
    }

    void on_bytes(std::string_view bytes) override {
        if (!answer_) return read_frames(bytes);
        HttpAnswer answer;
        const HttpReader::Step step = answer_->feed(bytes, answer);
        if (step == HttpReader::Step::kNeedMore) return;
        if (step == HttpReader::Step::kBroken) return fail("no HTTP answer to the upgrade");
        if (answer.status != 101) return fail("the upgrade was answered with " + std::to_string(answer.status));
        if (header_value(answer.head, "sec-websocket-accept") != kWebSocketAccept) {
            return fail("wrong Sec-WebSocket-Accept");
        }
        const std::string frames(answer_->rest());
        answer_.reset();
        if (!frames.empty()) read_frames(frames);
    }

    void on_closed(std::string_view reason) override { handler_.on_transport_closed(reason); }

    void read_frames(std::string_view bytes) {
        const bool good = frames_.feed(bytes, [this](Opcode opcode, std::string_view payload) {
            switch (opcode) {
                case Opcode::kText: handler_.on_packet(payload); break;
                case Opcode::kPing: send_frame(Opcode::kPong, payload); break;
                case Opcode::kClose: fail("close frame " + close_code(payload)); break;
                default: break;
            }
            return connection_.is_open();
        });
        if (!good) fail("the server broke the WebSocket protocol");
    }

    static std::string close_code(std::string_view payload) {
        if (payload.size() < 2) return "1005";
        const auto high = static_cast<unsigned char>(payload[0]);
        const auto low = static_cast<unsigned char>(payload[1]);
        return std::to_string(high * 256 + low);
    }

    void send_frame(Opcode opcode, std::string_view payload) {
        static std::string frame;  // one thread; spares an allocation for each packet
        frame.clear();
        append_masked_frame(frame, opcode, payload, next_mask());
        connection_.send(frame);
    }

    void fail(std::string_view reason) {
        connection_.close();
        handler_.on_transport_closed(reason);
    }

    Connection connection_;
    const Target& target_;
    TransportHandler& handler_;
    std::unique_ptr<HttpReader> answer_;  // until the upgrade is done
    FrameReader frames_;
};

}  // namespace

std::unique_ptr<Transport> make_websocket_transport(Loop& loop, const Target& target, TransportHandler& handler) {
    return std::make_unique<WebSocketTransport>(loop, target, handler);
}

}  // namespace wshub::bench
