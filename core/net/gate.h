// The way of a whole request through an unmodified Poco::Net::HTTPServer and back. Poco gets no real socket: each
// request comes to it as a connection of its own, made of memory, so that its threads never wait for a client. What
// Poco reads is written here, from the request's raw head; what a client writes never reaches Poco's lax parser.
#pragma once

#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerRequest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "net/http_server.h"
#include "net/loop.h"
#include "protocol/http_request.h"

namespace wshub::net {

struct GateRequest;

// Who waits for what comes of a request. On the request's loop.
class GateClient {
public:
    virtual void on_outcome(GateRequest& request) = 0;

protected:
    ~GateClient() = default;
};

// Belongs to the loop, then to Poco's threads, then to the loop again; one of them at a time.
struct GateRequest {
    protocol::HttpReader::Request request;
    bool keep_alive = true;  // what the connection wants of the answer
    Loop* loop = nullptr;
    Peer peer;                         // whose it is; for pages only
    std::weak_ptr<GateClient> client;  // locked on the loop only, so that it dies there

    enum class Outcome : std::uint8_t {
        kRefused,     // no handler saw it: the queue is full, or the gate is closed
        kFailed,      // the handler threw
        kAnswered,    // `reply` is the response
        kForHandler,  // `handler` is to answer it, on the loop
    };
    Outcome outcome = Outcome::kRefused;
    std::string reply;
    std::string_view lent;  // goes behind `reply`; bytes of an asset, which last as long as the server
    int status = 0;         // of the reply
    bool closes = false;    // the reply ends the connection
    ExchangeHandler* handler = nullptr;
};

// The request behind what a Poco handler was given. Pool thread, while the handler runs.
GateRequest& gate_request(Poco::Net::HTTPServerRequest& request);

class Gate {
public:
    // Limits of Poco 1.11 that a request line must keep, or Poco drops the request.
    static constexpr std::size_t kLongestMethod = 32;
    static constexpr std::size_t kLongestTarget = 16384;

    // Starts Poco's threads. The handlers run on `threads` of them; more than `queue` requests that wait for one are
    // refused. Main thread.
    Gate(Poco::Net::HTTPRequestHandlerFactory::Ptr factory, unsigned threads, int queue);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // on_outcome() follows for certain, unless the client is gone by then. Any thread.
    void submit(std::shared_ptr<GateRequest> request);

    // Refuses what comes or waits, lets handlers end, joins the threads. Afterwards all outcomes are posted. Main
    // thread.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wshub::net
