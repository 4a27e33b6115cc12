// What both transports need of HTTP. Throws nothing of its own.
#pragma once

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Timespan.h>

#include <string>
#include <string_view>

#include "console/options.h"

namespace wshub::console {

// A session that has not connected yet, with the options' timeout for everything.
void set_up_session(Poco::Net::HTTPClientSession& session, const Options& options);

// The request's target for the handshake: path, query of the URL, and what Engine.IO asks for. `sid` may be empty.
std::string engine_target(const Options& options, std::string_view transport, std::string_view sid);

// The options' headers.
void add_headers(Poco::Net::HTTPRequest& request, const Options& options);

// "connection refused", for a person.
std::string reason_of(const Poco::Exception& error);

// What an answer with another status than 200 or 101 means, with the server's own words if its body has some.
std::string refusal(const Poco::Net::HTTPResponse& response, std::string_view body);

}  // namespace wshub::console
