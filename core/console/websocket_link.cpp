#include <Poco/Buffer.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <sys/socket.h>

#include <optional>

#include "console/http.h"
#include "console/link.h"
#include "console/payload.h"
#include "protocol/utf8.h"

namespace wshub::console {
namespace {

using Poco::Net::WebSocket;

class WebSocketLink final : public Link {
public:
    explicit WebSocketLink(const Options& options) {
        set_up_session(session_, options);
        connect(options);
        first_packet();
    }

    int descriptor() const override { return socket_->impl()->sockfd(); }
    bool pending() const override { return socket_->available() > 0; }
    std::vector<EngineMessage> receive() override;
    void send(const protocol::EncodedMessage& packets) override;
    void close() noexcept override;

private:
    void connect(const Options& options);
    void first_packet();
    // The next message if a frame ended one. Blocks until a frame has come.
    std::optional<EngineMessage> next();
    std::optional<EngineMessage> whole_message();
    bool at_end() const;

    Poco::Net::HTTPClientSession session_;
    std::optional<WebSocket> socket_;
    // A message in pieces (RFC 6455, 5.4).
    std::string partial_;
    int partial_opcode_ = 0;
};

void WebSocketLink::connect(const Options& options) {
    Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, engine_target(options, "websocket", {}),
                                   Poco::Net::HTTPMessage::HTTP_1_1);
    add_headers(request, options);
    Poco::Net::HTTPResponse response;
    try {
        socket_.emplace(session_, request, response);
    } catch (const Poco::Net::WebSocketException& error) {
        if (response.getStatus() != Poco::Net::HTTPResponse::HTTP_OK &&
            response.getStatus() != Poco::Net::HTTPResponse::HTTP_SWITCHING_PROTOCOLS) {
            throw LinkError(refusal(response, {}));
        }
        throw LinkError("it does not speak WebSocket here: " + plain(error.displayText()));
    } catch (const Poco::Exception& error) {
        throw LinkError(reason_of(error));
    }
    socket_->setMaxPayloadSize(kMaxReceived);
    const Poco::Timespan timeout(options.timeout.count() * 1000);
    socket_->setReceiveTimeout(timeout);
    socket_->setSendTimeout(timeout);
    socket_->setNoDelay(true);
}

void WebSocketLink::first_packet() {
    std::optional<EngineMessage> first;
    while (!first) first = next();
    if (first->binary || first->type != protocol::EngineType::kOpen) {
        throw LinkError("the server's first packet is no OPEN packet of Engine.IO 4");
    }
    read_open(first->data);
}

std::vector<EngineMessage> WebSocketLink::receive() {
    std::vector<EngineMessage> messages;
    if (auto message = next()) messages.push_back(std::move(*message));
    return messages;
}

std::optional<EngineMessage> WebSocketLink::next() {
    Poco::Buffer<char> bytes(0);
    int flags = 0;
    try {
        const int size = socket_->receiveFrame(bytes, flags);
        if (size <= 0 && flags == 0 && at_end()) throw LinkError("transport close");
        const std::string_view data(bytes.begin(), bytes.size());
        if ((flags & (WebSocket::FRAME_FLAG_RSV1 | WebSocket::FRAME_FLAG_RSV2 | WebSocket::FRAME_FLAG_RSV3)) != 0) {
            throw LinkError("the server sent a WebSocket frame with bits that mean nothing here");
        }
        const bool last = (flags & WebSocket::FRAME_FLAG_FIN) != 0;
        const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
        switch (opcode) {
            case WebSocket::FRAME_OP_PING:
                socket_->sendFrame(data.data(), static_cast<int>(data.size()),
                                   static_cast<int>(WebSocket::FRAME_FLAG_FIN) | WebSocket::FRAME_OP_PONG);
                return std::nullopt;
            case WebSocket::FRAME_OP_PONG: return std::nullopt;
            case WebSocket::FRAME_OP_CLOSE: throw LinkError("transport close");
            case WebSocket::FRAME_OP_TEXT:
            case WebSocket::FRAME_OP_BINARY:
                if (partial_opcode_ != 0) throw LinkError("the server began a WebSocket message inside another");
                partial_opcode_ = opcode;
                break;
            case WebSocket::FRAME_OP_CONT:
                if (partial_opcode_ == 0) throw LinkError("the server went on with a WebSocket message it never began");
                break;
            default: throw LinkError("the server sent an unknown kind of WebSocket frame");
        }
        if (partial_.size() + data.size() > static_cast<std::size_t>(kMaxReceived)) {
            throw LinkError("the server sent a message that is too large");
        }
        partial_ += data;
        return last ? whole_message() : std::nullopt;
    } catch (const Poco::TimeoutException&) {
        throw LinkError("the server stopped in the middle of a frame");
    } catch (const Poco::Exception& error) {
        throw LinkError("transport error: " + reason_of(error));
    }
}

std::optional<EngineMessage> WebSocketLink::whole_message() {
    const bool binary = partial_opcode_ == WebSocket::FRAME_OP_BINARY;
    partial_opcode_ = 0;
    std::string data = std::move(partial_);
    partial_.clear();
    if (binary) return EngineMessage{protocol::EngineType::kMessage, std::move(data), true};
    if (!protocol::is_utf8(data)) throw LinkError("the server sent text that is not UTF-8");
    return engine_message(data);
}

// Poco gives the same for the end as for an empty frame in the middle of a message.
bool WebSocketLink::at_end() const {
    char next = 0;
    return ::recv(descriptor(), &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void WebSocketLink::send(const protocol::EncodedMessage& packets) {
    try {
        for (const protocol::PacketRef& packet : packets) {
            const std::string_view bytes = packet->payload();
            socket_->sendFrame(bytes.data(), static_cast<int>(bytes.size()),
                               packet->is_binary() ? WebSocket::FRAME_BINARY : WebSocket::FRAME_TEXT);
        }
    } catch (const Poco::Exception& error) {
        throw LinkError("transport error: " + reason_of(error));
    }
}

void WebSocketLink::close() noexcept {
    try {
        socket_->shutdown();
    } catch (const Poco::Exception&) {
        // It has gone already.
    }
}

}  // namespace

std::unique_ptr<Link> open_websocket(const Options& options) {
    return std::make_unique<WebSocketLink>(options);
}

}  // namespace wshub::console
