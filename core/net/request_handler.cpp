#include "net/request_handler.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <exception>
#include <string>

#include "base/alternate_stack.h"
#include "base/log.h"
#include "net/asset_answer.h"
#include "net/gate.h"
#include "net/http_response.h"

namespace wshub::net {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

class RequestHandler final : public Poco::Net::HTTPRequestHandler {
public:
    RequestHandler(const Routes& routes, const HttpHooks& hooks) : routes_(routes), hooks_(hooks) {}

    void handleRequest(HTTPServerRequest& poco_request, HTTPServerResponse& poco_response) override {
        thread_local const base::AlternateStack for_crashes;
        GateRequest& request = gate_request(poco_request);
        request.outcome = GateRequest::Outcome::kFailed;
        try {
            handle(request, poco_response);
        } catch (const std::exception& error) {
            base::log::error("http request failed what=\"{}\"", base::log::printable(error.what()));
            throw;  // Poco ends the request; the loop answers it
        }
    }

private:
    void handle(GateRequest& request, HTTPServerResponse& poco_response) {
        const protocol::HttpHead& head = request.request.head;
        const Asset* asset = nullptr;
        const bool reads = head.method() == "GET" || head.method() == "HEAD";
        if (reads) asset = routes_.find_asset(head.path());
        if (const Page* const page = asset == nullptr ? routes_.find_page(head.path()) : nullptr) {
            const HttpResponse made = reads ? (*page)(head, request.peer) : not_allowed();
            return send(request, AssetAnswer{made, made.body}, false, poco_response);
        }
        if (asset == nullptr) {
            request.handler = routes_.find_handler(head.path());
            if (request.handler != nullptr) {
                // Nothing is sent here: the loop makes an exchange of it.
                request.outcome = GateRequest::Outcome::kForHandler;
                return;
            }
        }
        const HttpResponse missing = plain_response(404);
        AssetAnswer answer = asset != nullptr ? answer_with(*asset, head) : AssetAnswer{missing, missing.body};
        if (hooks_.decorate) hooks_.decorate(&head, answer.response);
        send(request, answer, asset != nullptr, poco_response);
    }

    static HttpResponse not_allowed() {
        HttpResponse response = plain_response(405);
        response.headers.emplace_back("Allow", "GET, HEAD");
        return response;
    }

    // An asset's bytes are lent: however many clients are slow to take them, they stand in memory once.
    static void send(GateRequest& request, const AssetAnswer& answer, bool lend, HTTPServerResponse& poco_response) {
        const int status = answer.response.status;
        poco_response.setStatusAndReason(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status),
                                         std::string(reason_phrase(status)));
        for (const auto& [name, value] : answer.response.headers) poco_response.add(one_line(name), one_line(value));
        poco_response.setKeepAlive(request.keep_alive);
        request.status = status;
        request.closes = !request.keep_alive;
        if (is_bodiless(status)) {
            poco_response.send().flush();
        } else if (lend) {
            poco_response.setContentLength64(static_cast<Poco::Int64>(answer.body.size()));
            poco_response.send().flush();
            if (request.request.head.method() != "HEAD") request.lent = answer.body;
        } else {
            poco_response.sendBuffer(answer.body.data(), answer.body.size());
        }
        request.outcome = GateRequest::Outcome::kAnswered;
    }

    const Routes& routes_;
    const HttpHooks& hooks_;
};

class RequestHandlerFactory final : public Poco::Net::HTTPRequestHandlerFactory {
public:
    RequestHandlerFactory(const Routes& routes, const HttpHooks& hooks) : routes_(routes), hooks_(hooks) {}

    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest& /*request*/) override {
        return new RequestHandler(routes_, hooks_);
    }

private:
    const Routes& routes_;
    const HttpHooks& hooks_;
};

}  // namespace

Poco::Net::HTTPRequestHandlerFactory::Ptr request_handlers(const Routes& routes, const HttpHooks& hooks) {
    return new RequestHandlerFactory(routes, hooks);
}

}  // namespace wshub::net
