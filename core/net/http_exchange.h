// One HTTP request that waits for its answer. A long poll is an exchange that is answered late; a WebSocket is one that
// is upgraded.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/stream.h"
#include "protocol/http_request.h"

namespace wshub::net {

// Content-Length, Date and Connection are added on the way out. Header names and values hold no CR, LF or NUL (they are
// dropped).
struct HttpResponse {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

// Its loop's thread only. Destroying an exchange that was not answered closes the connection.
class HttpExchange {
public:
    virtual ~HttpExchange() = default;

    virtual const protocol::HttpHead& head() const = 0;
    // The whole body; may be moved from.
    virtual std::string& body() = 0;
    // It is not needed any more, while the answer may take time: gives back its memory.
    virtual void drop_body() { body() = {}; }
    // Whose request it is: behind a trusted proxy the client as that says. The stream of an upgrade keeps it.
    virtual const Peer& peer() const = 0;
    virtual Loop& loop() = 0;

    // Answers and ends the exchange; the connection goes on with the next request if both sides want that.
    // HEAD gets the headers alone.
    virtual void respond(HttpResponse response) = 0;

    // Called once if the client goes away before the answer; then the exchange can only be destroyed. Replaces an
    // earlier callback.
    virtual void on_abandoned(std::function<void()> callback) = 0;

    struct Upgraded {
        std::unique_ptr<Stream> stream;
        std::string early;  // bytes that the client sent behind its request
    };
    // Sends "101 Switching Protocols" with these headers (Connection and Upgrade included by the caller) and hands the
    // stream over. Set the stream's handler at once, then feed it `early`. The exchange can only be destroyed
    // afterwards.
    virtual Upgraded upgrade(std::vector<std::pair<std::string, std::string>> headers) = 0;
};

}  // namespace wshub::net
