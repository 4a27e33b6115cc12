#include "host/dispatcher.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <limits>
#include <optional>
#include <string>

#include "host/abi_text.h"
#include "host/call_scope.h"
#include "host/instance.h"
#include "host/reply_owner.h"
#include "protocol/socket_packet.h"

namespace wshub::host {
namespace {

// Attachments in the form in which plugins get them.
class Bins {
public:
    explicit Bins(std::span<const std::string_view> attachments) {
        for (const std::string_view each : attachments) bins_.push_back({each.data(), each.size()});
    }
    const wshub_bytes* data() const { return bins_.data(); }
    std::size_t size() const { return bins_.size(); }

private:
    boost::container::small_vector<wshub_bytes, protocol::kMaxAttachments> bins_;
};

enum class Next { kGoOn, kStop };

// What a new version of a plugin handles of an event when it takes over in front of one of the old version's routes:
// its handlers of the priorities that this route stood for. Each of its handlers belongs to one of those routes.
struct Priorities {
    std::int64_t above, to;

    bool contains(std::int32_t priority) const { return priority > above && priority <= to; }
};
Priorities priorities_of(const RouteList& routes, std::size_t place, bool from_the_middle) {
    constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
    Priorities found{kLowest, kHighest};
    const auto same = [&](const Route& other) { return other.plugin == routes[place].plugin; };
    const auto here = routes.begin() + static_cast<std::ptrdiff_t>(place);
    if (from_the_middle || std::any_of(routes.begin(), here, same)) found.to = here->priorities.front();
    const auto next = std::find_if(here + 1, routes.end(), same);
    if (next != routes.end()) found.above = next->priorities.front();
    return found;
}

std::vector<wshub_slot> slots_of(const RouteList& routes, std::size_t plugin, const Priorities& wanted) {
    std::vector<wshub_slot> slots;
    for (const Route& route : routes) {
        if (route.plugin != plugin) continue;
        for (std::size_t i = 0; i < route.slots.size(); ++i) {
            if (wanted.contains(route.priorities[i])) slots.push_back(route.slots[i]);
        }
    }
    return slots;
}

// Which handlers something goes to: `find(table)` gives them in any table, or null.
template <class Find>
struct Way {
    const Router& router;
    const RoutingTable& table;
    const RouteList& routes;  // in that table
    Find find;
    bool from_the_middle = false;  // the handlers in front of the first one were called before
};

// Calls the handlers in order, each plugin's inside its gate, and tells `after(code)` what they gave back. `shut()` is
// told of plugins that do not run. `may(instance)`: whether its handlers are called at all.
template <class Find, class After, class Shut, class May>
class Run {
public:
    Run(Way<Find> way, const void* data, CallScope scope, After after, Shut shut, May may)
        : way_(std::move(way)), data_(data), scope_(scope), after_(after), shut_(shut), may_(may) {}

    void operator()() {
        for (std::size_t place = 0; place < way_.routes.size(); ++place) {
            const Route& route = way_.routes[place];
            Instance& instance = *way_.table.instances()[route.plugin];
            if (visit(instance, route, place) == Next::kStop) return;
        }
    }

private:
    Next visit(Instance& instance, const Route& route, std::size_t place) {
        {
            const Instance::Visit visit(instance);
            if (visit) return call(instance, route.slots);
        }
        return instance.retired() ? visit_successor(instance, place) : shut_();
    }

    // A newer version has taken over since our table was read, perhaps while we stood at the gate.
    Next visit_successor(const Instance& retired, std::size_t place) {
        for (;;) {
            const auto table = way_.router.newest();
            const auto& all = table->instances();
            const auto found = std::find_if(all.begin(), all.end(),
                                            [&](const auto& other) { return other->name() == retired.name(); });
            if (found == all.end()) return Next::kGoOn;  // there is none any more
            const Instance::Visit visit(**found);
            if (!visit && (*found)->retired()) continue;
            if (!visit) return shut_();
            const RouteList* const routes = way_.find(*table);
            if (!routes) return Next::kGoOn;
            const auto wanted = priorities_of(way_.routes, place, way_.from_the_middle);
            const auto slots = slots_of(*routes, static_cast<std::size_t>(found - all.begin()), wanted);
            return slots.empty() ? Next::kGoOn : call(**found, slots);
        }
    }

    Next call(Instance& instance, const std::vector<wshub_slot>& slots) {
        if (!may_(instance)) return Next::kGoOn;
        scope_.plugin = instance.name().c_str();
        for (const wshub_slot slot : slots) {
            scope_.asked = {instance.number(), slot};
            if (after_(instance.call(slot, data_, scope_)) == Next::kStop) return Next::kStop;
        }
        return Next::kGoOn;
    }

    const Way<Find> way_;
    const void* const data_;
    CallScope scope_;
    After after_;
    Shut shut_;
    May may_;
};

constexpr auto anybody = [](const Instance&) { return true; };

// `find(routes of a namespace)`: the handlers of this hook, or null.
template <class Find>
void run_hook(const Router& router, const void* data, const CallScope& scope, Find find) {
    const Router::Reading reading(router);
    const auto in_table = [&](const RoutingTable& table) -> const RouteList* {
        const NamespaceRoutes* const routes = table.find(scope.nsp);
        return routes ? find(*routes) : nullptr;
    };
    const RouteList* const routes = in_table(reading.table());
    if (!routes) return;
    Run(
        Way{router, reading.table(), *routes, in_table}, data, scope, [](std::int32_t) { return Next::kGoOn; },
        [] { return Next::kGoOn; }, anybody)();
}

CallScope scope_of(std::uint32_t kind, hub::SocketHandle socket, std::string_view nsp, std::string_view what) {
    CallScope scope;
    scope.kind = kind;
    scope.what = what;
    scope.nsp = nsp;
    scope.socket = socket;
    return scope;
}

// The handlers behind the one that held; nothing if that one is there no more.
std::optional<RouteList> behind(const RoutingTable& table, const RouteList& routes, hub::Holder holder) {
    for (auto route = routes.begin(); route != routes.end(); ++route) {
        if (table.instances()[route->plugin]->number() != holder.owner) continue;
        const auto slot = std::find(route->slots.begin(), route->slots.end(), holder.place);
        if (slot == route->slots.end()) continue;
        RouteList rest(route, routes.end());
        rest.front().slots.assign(slot + 1, route->slots.end());
        return rest;
    }
    return std::nullopt;
}

// Joins and leaves.
void member_hook(const Router& router, PatternTable NamespaceRoutes::*handlers, std::uint32_t kind,
                 hub::SocketHandle socket, std::string_view nsp, std::string_view room) {
    wshub_member member{};
    member.size = sizeof member;
    member.session = socket;
    member.nsp = str(nsp);
    member.room = str(room);
    run_hook(router, &member, scope_of(kind, socket, nsp, room),
             [&](const NamespaceRoutes& routes) { return (routes.*handlers).find(room); });
}

}  // namespace

// Whoever cannot be asked may be the one that would have refused, also when it is no longer known who is to be asked.
hub::ConnectVerdict Dispatcher::connect(const hub::ConnectRequest& request) const {
    const auto nobody_to_ask = hub::ConnectVerdict::refusal("Server is shutting down");
    hub::ConnectVerdict verdict;
    const Router::Reading reading(router_);
    const RoutingTable& table = reading.table();
    // A newer version of the one that held may decide otherwise: from the start again.
    const auto holder_is_gone = table.instances().empty() ? nobody_to_ask : hub::ConnectVerdict::closing();
    const NamespaceRoutes* const routes = table.find(request.nsp);
    const bool again = request.behind.owner != 0;
    if (!routes) return again ? holder_is_gone : verdict;
    std::optional<RouteList> rest;
    if (again) rest = behind(table, routes->connect, request.behind);
    if (again && !rest) return holder_is_gone;
    wshub_connect connect{};
    connect.size = sizeof connect;
    connect.session = request.socket;
    connect.nsp = str(request.nsp);
    connect.auth = str(request.auth);
    CallScope scope = scope_of(WSHUB_ON_CONNECT, request.socket, request.nsp, request.nsp);
    scope.verdict = &verdict;
    const auto after = [&verdict](std::int32_t code) {
        if (code < 0) {
            verdict =
                hub::ConnectVerdict::refusal("Internal error", R"({"code":"INTERNAL","message":"internal error"})");
        }
        return verdict.answer == hub::ConnectVerdict::Answer::kAccept ? Next::kGoOn : Next::kStop;
    };
    const auto shut = [&] {
        verdict = nobody_to_ask;
        return Next::kStop;
    };
    const auto find = [&request](const RoutingTable& any) -> const RouteList* {
        const NamespaceRoutes* const in = any.find(request.nsp);
        return in ? &in->connect : nullptr;
    };
    Run(Way{router_, table, rest ? *rest : routes->connect, find, again}, &connect, scope, after, shut, anybody)();
    return verdict;
}

void Dispatcher::connected(hub::SocketHandle socket, std::string_view nsp) const {
    wshub_connected connected{};
    connected.size = sizeof connected;
    connected.session = socket;
    connected.nsp = str(nsp);
    run_hook(router_, &connected, scope_of(WSHUB_ON_CONNECTED, socket, nsp, nsp),
             [](const NamespaceRoutes& routes) { return &routes.connected; });
}

bool Dispatcher::event(const hub::IncomingEvent& event) const {
    const Router::Reading reading(router_);
    const RoutingTable& table = reading.table();
    const NamespaceRoutes* const in = table.find(event.nsp);
    const RouteList* const routes = in ? in->events.find(event.name) : nullptr;
    if (!routes) return false;
    const Bins bins(event.attachments);
    wshub_event given{};
    given.size = sizeof given;
    given.session = event.socket;
    given.ack = event.ack;
    given.nsp = str(event.nsp);
    given.name = str(event.name);
    given.args = str(event.args);
    given.bins = bins.data();
    given.n_bins = bins.size();
    // Who only looks at everything makes nothing known, unless he does something about it.
    const bool known = !in->events.is_by_wildcard(routes);
    bool handled = false;
    const auto after = [&](std::int32_t code) {
        handled = handled || known || code != WSHUB_OK;
        if (code < 0) hub_.fail(event.socket, event.ack, "INTERNAL", "internal error");
        return code == WSHUB_STOP ? Next::kStop : Next::kGoOn;
    };
    const auto may = [&](Instance& instance) {
        if (!instance.roles().empty() && !hub_.has_any_role(event.socket, instance.roles())) {
            handled = true;
            hub_.fail(event.socket, event.ack, "FORBIDDEN", "This needs a role that you do not have");
            return false;
        }
        instance.count_event();
        return true;
    };
    CallScope scope = scope_of(WSHUB_ON_EVENT, event.socket, event.nsp, event.name);
    scope.ack = event.ack;
    scope.taken = &handled;
    const auto find = [&event](const RoutingTable& any) -> const RouteList* {
        const NamespaceRoutes* const there = any.find(event.nsp);
        return there ? there->events.find(event.name) : nullptr;
    };
    Run(
        Way{router_, table, *routes, find}, &given, scope, after, [] { return Next::kGoOn; }, may)();
    return handled;
}

void Dispatcher::join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const {
    member_hook(router_, &NamespaceRoutes::joins, WSHUB_ON_JOIN, socket, nsp, room);
}

void Dispatcher::leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const {
    member_hook(router_, &NamespaceRoutes::leaves, WSHUB_ON_LEAVE, socket, nsp, room);
}

void Dispatcher::disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) const {
    wshub_closed closed{};
    closed.size = sizeof closed;
    closed.session = socket;
    closed.nsp = str(nsp);
    closed.reason = str(reason);
    run_hook(router_, &closed, scope_of(WSHUB_ON_DISCONNECT, socket, nsp, reason),
             [](const NamespaceRoutes& routes) { return &routes.disconnect; });
}

void Dispatcher::reply(const hub::Reply& reply) const {
    const Router::Reading reading(router_);
    const auto& instances = reading.table().instances();
    const auto found = std::find_if(instances.begin(), instances.end(), [&reply](const auto& instance) {
        return instance->number() == owner_instance(reply.owner);
    });
    if (found == instances.end()) return;
    Instance& instance = **found;
    const Instance::Visit visit(instance);
    if (!visit) return;

    const Bins bins(reply.attachments);
    wshub_reply given{};
    given.size = sizeof given;
    given.status = static_cast<std::int32_t>(reply.status);
    given.session = reply.socket;
    given.cookie = reply.cookie;
    given.args = str(reply.args);
    given.bins = bins.data();
    given.n_bins = bins.size();
    std::string nsp;
    hub_.read(reply.socket, [&nsp](const hub::SocketRecord& record) { nsp = record.nsp; });
    CallScope scope = scope_of(WSHUB_ON_REPLY, reply.socket, nsp, {});
    scope.plugin = instance.name().c_str();
    instance.call(owner_slot(reply.owner), &given, scope);
}

}  // namespace wshub::host
