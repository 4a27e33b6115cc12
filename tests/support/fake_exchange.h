// An HttpExchange without a network: the test writes the request and reads the answer from the FakeReply, which
// outlives the exchange.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_stream.h"
#include "net/http_exchange.h"
#include "protocol/http_request.h"

namespace wshub::test {

// The head of a request written as on the wire, "GET /x HTTP/1.1\r\nHost: hub\r\n\r\n". Throws if it is none.
inline protocol::HttpHead parse_head(std::string_view text) {
    protocol::HttpLimits limits;
    limits.max_head = 1 << 20;
    protocol::HttpReader reader(limits);
    std::span<const char> in(text.data(), text.size());
    auto step = reader.next(in);
    while (step && *step != protocol::HttpReader::Step::kRequest && *step != protocol::HttpReader::Step::kNeedMore)
        step = reader.next(in);
    if (!step || *step != protocol::HttpReader::Step::kRequest) throw std::invalid_argument("not a whole request head");
    return reader.take().head;
}

// `GET target HTTP/1.1`, a Host, and these header lines ("Name: value").
inline protocol::HttpHead make_head(std::string_view method, std::string_view target,
                                    const std::vector<std::string>& header_lines = {}) {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: hub.example\r\n";
    for (const std::string& line : header_lines) text += line + "\r\n";
    // The body is set beside the head; a reader must not wait for it.
    if (method == "POST" || method == "PUT" || method == "PATCH") text += "Content-Length: 0\r\n";
    return parse_head(text + "\r\n");
}

// What became of a FakeExchange. One thread.
struct FakeReply {
    std::optional<net::HttpResponse> response;
    std::optional<std::vector<std::pair<std::string, std::string>>> upgrade_headers;
    std::shared_ptr<FakeWire> wire;  // of the stream given out by upgrade(); usable before that, to script it
    bool destroyed = false;

    // Destroyed without an answer: a real connection would be closed.
    bool dropped() const { return destroyed && !response && !upgrade_headers; }
    // The client goes away now.
    void abandon() {
        if (auto callback = std::exchange(on_abandoned, nullptr)) callback();
    }
    // Value of the response's header of exactly this name, or nothing.
    std::optional<std::string> header(std::string_view name) const {
        if (!response) return std::nullopt;
        for (const auto& [key, value] : response->headers)
            if (key == name) return value;
        return std::nullopt;
    }

    std::function<void()> on_abandoned;
};

class FakeExchange final : public net::HttpExchange {
public:
    FakeExchange(net::Loop& loop, protocol::HttpHead head, std::string body = {})
        : loop_(loop), head_(std::move(head)), body_(std::move(body)) {
        reply_->wire = std::make_shared<FakeWire>();
    }
    ~FakeExchange() override {
        reply_->destroyed = true;
        reply_->on_abandoned = nullptr;
    }

    std::shared_ptr<FakeReply> reply() const { return reply_; }
    void set_head(protocol::HttpHead head) { head_ = std::move(head); }
    void set_body(std::string body) { body_ = std::move(body); }
    void set_peer(net::Peer peer) { peer_ = std::move(peer); }
    void set_early(std::string early) { early_ = std::move(early); }

    const protocol::HttpHead& head() const override { return head_; }
    std::string& body() override { return body_; }
    const net::Peer& peer() const override { return peer_; }
    net::Loop& loop() override { return loop_; }

    void respond(net::HttpResponse response) override {
        must_be_open();
        reply_->on_abandoned = nullptr;
        reply_->response = std::move(response);
    }

    void on_abandoned(std::function<void()> callback) override { reply_->on_abandoned = std::move(callback); }

    Upgraded upgrade(std::vector<std::pair<std::string, std::string>> headers) override {
        must_be_open();
        reply_->on_abandoned = nullptr;
        reply_->upgrade_headers = std::move(headers);
        return {std::make_unique<FakeStream>(loop_, reply_->wire, peer_), std::move(early_)};
    }

private:
    void must_be_open() const {
        if (reply_->response || reply_->upgrade_headers) throw std::logic_error("this exchange was answered before");
    }

    net::Loop& loop_;
    protocol::HttpHead head_;
    std::string body_;
    std::string early_;
    net::Peer peer_{"192.0.2.1", 50000, false};
    std::shared_ptr<FakeReply> reply_ = std::make_shared<FakeReply>();
};

}  // namespace wshub::test
