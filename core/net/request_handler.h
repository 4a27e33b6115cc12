// What Poco's pool does with a request: answers assets and unknown paths, names the handler of everything else.
#pragma once

#include <Poco/Net/HTTPRequestHandlerFactory.h>

#include "net/http_server.h"

namespace wshub::net {

// `routes` and `hooks` must outlive the server that gets this.
Poco::Net::HTTPRequestHandlerFactory::Ptr request_handlers(const Routes& routes, const HttpHooks& hooks);

}  // namespace wshub::net
