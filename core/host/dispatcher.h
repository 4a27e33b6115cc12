// Brings what happens in the hub to the handlers of the plugins.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "host/blocking_event.h"
#include "host/router.h"
#include "host/workers.h"
#include "hub/hub.h"

namespace wshub::host {

// The loops' threads; promises as in hub::EventSink.
class Dispatcher {
public:
    Dispatcher(const Router& router, hub::Hub& hub, Workers& workers) : router_(router), hub_(hub), workers_(workers) {}

    bool serves(std::string_view nsp) const { return router_.table().find(nsp) != nullptr; }
    hub::ConnectVerdict connect(const hub::ConnectRequest& request) const;
    void connected(hub::SocketHandle socket, std::string_view nsp) const;
    // A handler that fails costs its client this event, and other plugins nothing. If one blocks, the hub is told to
    // wait, and later that it is done.
    bool event(const hub::IncomingEvent& event) const;
    void join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const;
    void leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const;
    void disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) const;
    void reply(const hub::Reply& reply) const;

private:
    bool run_event(const RoutingTable& table, const RouteList& routes, const wshub_event& given,
                   EventProgress& progress) const;
    bool admit(Instance& instance, const wshub_event& given, EventProgress& progress) const;
    bool note(std::int32_t code, const wshub_event& given, EventProgress& progress) const;
    void work_on(const std::shared_ptr<BlockingEvent>& event) const;
    void call_blocking(BlockingEvent& event) const;
    void go_on(const std::shared_ptr<BlockingEvent>& event) const;

    const Router& router_;
    hub::Hub& hub_;
    Workers& workers_;
};

}  // namespace wshub::host
