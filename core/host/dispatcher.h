// Brings what happens in the hub to the handlers of the plugins.
#pragma once

#include <string_view>

#include "host/router.h"
#include "hub/hub.h"

namespace wshub::host {

// The loops' threads; promises as in hub::EventSink.
class Dispatcher {
public:
    Dispatcher(const Router& router, hub::Hub& hub) : router_(router), hub_(hub) {}

    bool serves(std::string_view nsp) const { return router_.table().find(nsp) != nullptr; }
    hub::ConnectVerdict connect(const hub::ConnectRequest& request) const;
    void connected(hub::SocketHandle socket, std::string_view nsp) const;
    // A handler that fails costs its client this event, and other plugins nothing.
    bool event(const hub::IncomingEvent& event) const;
    void join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const;
    void leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const;
    void disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) const;
    void reply(const hub::Reply& reply) const;

private:
    const Router& router_;
    hub::Hub& hub_;
};

}  // namespace wshub::host
