// What a new version of a plugin handles of something that was on its way through the handlers of the version before
// when that was replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "host/instance.h"
#include "host/router.h"

namespace wshub::host {

// The handlers of one plugin that a route stands for: those of its priorities, as far as they were not called yet. Each
// handler of a new version belongs to one of the routes of the version before.
struct Share {
    std::int64_t above, to;
    std::size_t called = 0;  // of the priority `to`: so many were

    // `from_the_middle`: handlers in front of the first route were called before.
    static Share of(const RouteList& routes, std::size_t place, bool from_the_middle);
    // What is left of it in front of that slot of the route that stands for it.
    Share from(const Route& route, std::size_t slot) const;
    Route in(const RouteList& routes, std::size_t plugin) const;
};

// Where an event stands among its handlers.
struct Place {
    // What stands in the place of a route whose plugin was replaced.
    struct Successor {
        std::shared_ptr<Instance> instance;
        Route route;
        Share share;
    };

    std::size_t route = 0;
    std::size_t slot = 0;  // of the route, or of its successor
    bool asked = false;    // whether the client may: once for a route
    std::optional<Successor> successor;

    void next_route() { *this = {route + 1, 0, false, std::nullopt}; }
};

// An event inside of the plugin whose turn it is: that of the route, or its newest version. Any thread.
class Turn {
public:
    Turn(const Router& router, const RoutingTable& table, const RouteList& routes, Place& at, std::string_view nsp,
         std::string_view name);
    Turn(const Turn&) = delete;

    // False: the plugin does not run.
    explicit operator bool() const { return visit_ && *visit_; }
    Instance& instance() const { return *instance_; }
    // At the place's slot; may have no handlers.
    const Route& route() const { return *route_; }

private:
    Instance* instance_;
    const Route* route_;
    std::optional<Instance::Visit> visit_;
};

}  // namespace wshub::host
