// One client's HTTP connection: frames its requests under deadlines and limits, sends each through the gate, and writes
// the answers in order. Lives on one loop at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "net/gate.h"
#include "net/http_context.h"
#include "net/http_exchange.h"
#include "net/socket_stream.h"
#include "protocol/http_request.h"
#include "protocol/ip_address.h"
#include "protocol/proxy_header.h"

namespace wshub::net {

// Its loop's thread only, but for the constructor. Destroyed when neither its loop's list nor an exchange holds it.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection>,
                             public GateClient,
                             private StreamHandler {
public:
    // `side` is the number of the loop that the stream was made for.
    HttpConnection(std::shared_ptr<HttpContext> context, unsigned side, std::unique_ptr<SocketStream> stream);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    // The first thing on its loop: begins to read.
    void open();
    // The server stops: ends the connection; what it answers at the moment still goes out.
    void shut_down();

private:
    class Exchange;

    enum class State : std::uint8_t {
        kReading,     // a request, or waiting for one
        kMoving,      // to another loop
        kAtGate,      // Poco has the request
        kExchanging,  // a handler of ours has it
        kSending,     // the kernel did not take all of the answer yet
        kGone,
    };

    void on_bytes(std::span<char> bytes) override;
    void on_writable() override;
    void on_end(StreamEnd end) override;
    void on_outcome(GateRequest& request) override;
    static void on_deadline(void* self);

    // Reading.
    bool read_proxy_header(std::span<const char>& in);
    void refuse_proxy_header(protocol::ProxyHeaderError error);
    void believe_peer();
    Peer client_of(const protocol::HttpHead& head) const;
    void read(std::span<const char> in);
    bool on_head(std::span<const char> rest, bool wants_continue);
    bool admit();
    bool has_body() const;
    void on_request(std::span<const char> rest);
    void keep(std::span<const char> bytes);
    bool is_pending_full() const;
    void go_on_reading();
    void replay_pending();
    void next_request();
    bool hold_body(std::size_t bytes);
    bool hold_share();
    void release_body();
    void begin_deadline(base::milliseconds delay);

    // Moving.
    void depart(unsigned target);
    void arrive();
    bool join_loop();

    // Exchanges.
    void exchange_with(GateRequest& request);
    void exchange_dropped(protocol::HttpHead head);
    void abandon();
    void tell_abandoned();
    HttpExchange::Upgraded upgrade(const std::vector<std::pair<std::string, std::string>>& headers);

    // Answering.
    void respond(HttpResponse response);
    void respond_to_gate_failure(const GateRequest& request);
    void refuse(int status, Refusal reason);
    void refuse_with(HttpResponse response);
    HttpResponse own_response(int status, const protocol::HttpHead* head) const;
    void send(std::string head, std::string body, bool keep_alive, std::string_view lent = {});
    bool send_more();
    std::string unsent() const;
    void sent();

    // Ending.
    void finish(std::string last);
    void drop();
    std::unique_ptr<SocketStream> give_up();

    LoopConnections& side() const { return *context_->sides[side_]; }
    Loop& loop() const { return side().loop; }

    std::shared_ptr<HttpContext> context_;
    unsigned side_;
    State state_ = State::kReading;
    std::unique_ptr<SocketStream> stream_;
    protocol::HttpReader reader_;
    std::string pending_;  // from pending_from_ on: bytes behind the request that is being answered
    std::size_t pending_from_ = 0;
    std::size_t replay_left_ = 0;
    bool replaying_ = false;
    Timer deadline_;
    base::SteadyTime due_;       // of the deadline, so that it can move to another loop
    std::size_t body_held_ = 0;  // counted in the context's bodies
    // The part of it that counts for its client, and which that is. Only for a body that has to wait for its end.
    struct Share {
        protocol::IpAddress site;
        std::size_t bytes = 0;
    };
    std::unique_ptr<Share> share_;

    std::unique_ptr<protocol::ProxyHeaderReader> proxy_header_;  // until the connection's PROXY header is read
    bool behind_proxy_ = false;                                  // the peer is a trusted one: its requests tell whose

    std::shared_ptr<void> announced_;  // what hooks.announce gave for the request on its way

    // Of the request that is being answered.
    bool keep_alive_ = true;
    bool http_1_0_ = false;
    bool to_head_ = false;
    Exchange* exchange_ = nullptr;

    // Of the answer that is going out.
    std::string out_head_, out_body_;
    std::string_view out_lent_;  // behind them; of an asset
    std::size_t out_sent_ = 0;

    bool idle_ = false;  // between requests: no byte of the next one has come
    bool counted_ = false;
    bool paused_ = false;
    bool peer_ended_ = false;
    bool continue_owed_ = false;  // the client waits for "100 Continue" while the connection moves
    bool dispatching_ = false;    // the handler's on_exchange() is on the stack, ...
    std::optional<protocol::HttpHead> dropped_in_dispatch_;  // ... and destroyed the exchange unanswered
};

}  // namespace wshub::net
