#include "host/succession.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace wshub::host {
namespace {

// False: the plugin runs no more.
bool succeed(Place& at, const Router& router, const RouteList& routes, const Instance& retired, const Route& route,
             std::string_view nsp, std::string_view name) {
    const auto table = router.newest();
    const auto& all = table->instances();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& other) { return other->name() == retired.name(); });
    if (found == all.end()) return false;
    Share share = at.successor ? at.successor->share : Share::of(routes, at.route, false);
    if (at.slot > 0) share = share.from(route, at.slot);
    const NamespaceRoutes* const in = table->find(nsp);
    const RouteList* const newest = in ? in->events.find(name) : nullptr;
    const auto plugin = static_cast<std::size_t>(found - all.begin());
    at.successor = Place::Successor{*found, newest ? share.in(*newest, plugin) : Route{}, share};
    at.slot = 0;
    return true;
}

}  // namespace

Share Share::of(const RouteList& routes, std::size_t place, bool from_the_middle) {
    Share share{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    const auto same = [&](const Route& other) { return other.plugin == routes[place].plugin; };
    const auto here = routes.begin() + static_cast<std::ptrdiff_t>(place);
    if (from_the_middle || std::any_of(routes.begin(), here, same)) share.to = here->priorities.front();
    const auto next = std::find_if(here + 1, routes.end(), same);
    if (next != routes.end()) share.above = next->priorities.front();
    return share;
}

Share Share::from(const Route& route, std::size_t slot) const {
    if (slot >= route.slots.size()) return {above, above};
    const auto begin = route.priorities.begin(), here = begin + static_cast<std::ptrdiff_t>(slot);
    const auto before = static_cast<std::size_t>(std::count(begin, here, *here));
    return {above, *here, before + (*here == to ? called : 0)};
}

Route Share::in(const RouteList& routes, std::size_t plugin) const {
    Route found;
    found.plugin = plugin;
    std::size_t skipped = 0;
    for (const Route& route : routes) {
        if (route.plugin != plugin) continue;
        for (std::size_t i = 0; i < route.slots.size(); ++i) {
            const std::int32_t priority = route.priorities[i];
            if (priority <= above || priority > to) continue;
            if (priority == to && skipped < called) {
                ++skipped;
                continue;
            }
            found.slots.push_back(route.slots[i]);
            found.priorities.push_back(priority);
            if (route.blocks(route.slots[i])) found.blocking.push_back(route.slots[i]);
        }
    }
    return found;
}

Turn::Turn(const Router& router, const RoutingTable& table, const RouteList& routes, Place& at, std::string_view nsp,
           std::string_view name)
    : instance_(at.successor ? at.successor->instance.get() : table.instances()[routes[at.route].plugin].get()),
      route_(at.successor ? &at.successor->route : &routes[at.route]) {
    visit_.emplace(*instance_);
    while (!*visit_ && instance_->retired()) {
        visit_.reset();
        if (!succeed(at, router, routes, *instance_, *route_, nsp, name)) return;
        instance_ = at.successor->instance.get();
        route_ = &at.successor->route;
        visit_.emplace(*instance_);
    }
}

}  // namespace wshub::host
