#include <Poco/Net/NetException.h>

#include <istream>
#include <ostream>
#include <utility>

#include "console/http.h"
#include "console/link.h"
#include "console/payload.h"
#include "protocol/base64.h"
#include "protocol/utf8.h"

namespace wshub::console {
namespace {

using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;

std::string read_body(std::istream& in) {
    std::string body;
    char piece[16 * 1024];
    while (in.read(piece, sizeof piece), in.gcount() > 0) {
        body.append(piece, static_cast<std::size_t>(in.gcount()));
        if (body.size() > static_cast<std::size_t>(kMaxReceived)) throw LinkError("the server's answer is too large");
    }
    return body;
}

// A poll is always out; what is sent goes over a connection beside it.
class PollingLink final : public Link {
public:
    explicit PollingLink(const Options& options) : options_(options) {
        set_up_session(polls_, options);
        set_up_session(posts_, options);
        poll();
        std::vector<EngineMessage> first = receive();
        if (first.empty() || first.front().binary || first.front().type != protocol::EngineType::kOpen) {
            throw LinkError("the server's first packet is no OPEN packet of Engine.IO 4");
        }
        early_.assign(std::make_move_iterator(first.begin() + 1), std::make_move_iterator(first.end()));
        read_open(first.front().data);
        poll();
    }

    int descriptor() const override {
        // Poco gives the socket to those alone who may change it.
        return const_cast<Poco::Net::HTTPClientSession&>(polls_).socket().impl()->sockfd();
    }
    bool pending() const override { return !early_.empty(); }
    std::vector<EngineMessage> receive() override;
    void send(const protocol::EncodedMessage& packets) override;
    void close() noexcept override;

private:
    void poll();
    void post(const std::string& payload);

    const Options& options_;
    Poco::Net::HTTPClientSession polls_, posts_;
    std::vector<EngineMessage> early_;  // came with OPEN
};

void PollingLink::poll() {
    HTTPRequest request(HTTPRequest::HTTP_GET, engine_target(options_, "polling", opened_.sid), HTTPRequest::HTTP_1_1);
    add_headers(request, options_);
    try {
        polls_.sendRequest(request).flush();
    } catch (const Poco::Exception& error) {
        throw LinkError(reason_of(error));
    }
}

std::vector<EngineMessage> PollingLink::receive() {
    if (!early_.empty()) return std::exchange(early_, {});
    std::string body;
    HTTPResponse response;
    try {
        body = read_body(polls_.receiveResponse(response));
    } catch (const Poco::Exception& error) {
        throw LinkError("transport error: " + reason_of(error));
    }
    if (response.getStatus() != HTTPResponse::HTTP_OK) throw LinkError(refusal(response, body));
    if (!protocol::is_utf8(body)) throw LinkError("the server sent text that is not UTF-8");
    std::vector<EngineMessage> messages;
    bool closed = false;
    for (protocol::PayloadReader reader(body); !reader.at_end();) {
        const auto packet = reader.next();
        if (!packet) throw LinkError("the server sent what is no packet of Engine.IO 4");
        std::string data(packet->data);
        if (packet->binary) {
            auto bytes = protocol::decode_base64(data);
            if (!bytes) throw LinkError("the server sent binary that is not base64");
            data = std::move(*bytes);
        }
        closed = closed || packet->type == protocol::EngineType::kClose;
        messages.push_back({packet->type, std::move(data), packet->binary});
    }
    if (!closed && !opened_.sid.empty()) poll();
    return messages;
}

void PollingLink::send(const protocol::EncodedMessage& packets) {
    std::string payload;
    for (const protocol::PacketRef& packet : packets) {
        const std::size_t more = packet->polling_size() + 1;
        if (!payload.empty() && payload.size() + more > opened_.max_payload) {
            post(payload);
            payload.clear();
        }
        if (!payload.empty()) payload += protocol::kPayloadSeparator;
        packet->append_polling(payload);
    }
    if (!payload.empty()) post(payload);
}

void PollingLink::post(const std::string& payload) {
    HTTPRequest request(HTTPRequest::HTTP_POST, engine_target(options_, "polling", opened_.sid), HTTPRequest::HTTP_1_1);
    add_headers(request, options_);
    request.setContentType("text/plain;charset=UTF-8");
    request.setContentLength64(static_cast<Poco::Int64>(payload.size()));
    std::string body;
    HTTPResponse response;
    try {
        posts_.sendRequest(request).write(payload.data(), static_cast<std::streamsize>(payload.size())).flush();
        body = read_body(posts_.receiveResponse(response));
    } catch (const Poco::Exception& error) {
        throw LinkError("transport error: " + reason_of(error));
    }
    if (response.getStatus() != HTTPResponse::HTTP_OK) throw LinkError(refusal(response, body));
}

void PollingLink::close() noexcept {
    try {
        post("1");
    } catch (const std::exception&) {
        // It has gone already.
    }
}

}  // namespace

std::unique_ptr<Link> open_polling(const Options& options) {
    return std::make_unique<PollingLink>(options);
}

}  // namespace wshub::console
