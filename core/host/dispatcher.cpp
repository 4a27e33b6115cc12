#include "host/dispatcher.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
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

// Calls the handlers in order, each plugin's inside its gate, and tells `after(code)` what they gave back. `shut()` is
// told of plugins that do not run. `may(instance)`: whether its handlers are called at all.
template <class After, class Shut, class May>
void run(const RoutingTable& table, const RouteList& routes, const void* data, CallScope scope, After after, Shut shut,
         May may) {
    for (const Route& route : routes) {
        Instance& instance = *table.instances()[route.plugin];
        const Instance::Visit visit(instance);
        if (!visit) {
            if (shut() == Next::kStop) return;
            continue;
        }
        if (!may(instance)) continue;
        scope.plugin = instance.name().c_str();
        for (const wshub_slot slot : route.slots) {
            scope.asked = {instance.number(), slot};
            if (after(instance.call(slot, data, scope)) == Next::kStop) return;
        }
    }
}

constexpr auto anybody = [](const Instance&) { return true; };

void run_hook(const RoutingTable& table, const RouteList& routes, const void* data, const CallScope& scope) {
    run(
        table, routes, data, scope, [](std::int32_t) { return Next::kGoOn; }, [] { return Next::kGoOn; }, anybody);
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
void member_hook(const RoutingTable& table, const RouteList* routes, std::uint32_t kind, hub::SocketHandle socket,
                 std::string_view nsp, std::string_view room) {
    if (!routes) return;
    wshub_member member{};
    member.size = sizeof member;
    member.session = socket;
    member.nsp = str(nsp);
    member.room = str(room);
    run_hook(table, *routes, &member, scope_of(kind, socket, nsp, room));
}

}  // namespace

// Whoever cannot be asked may be the one that would have refused, also when it is no longer known who is to be asked.
hub::ConnectVerdict Dispatcher::connect(const hub::ConnectRequest& request) const {
    const auto nobody_to_ask = hub::ConnectVerdict::refusal("Server is shutting down");
    hub::ConnectVerdict verdict;
    const RoutingTable& table = router_.table();
    const NamespaceRoutes* const routes = table.find(request.nsp);
    const bool again = request.behind.owner != 0;
    if (!routes) return again ? nobody_to_ask : verdict;
    std::optional<RouteList> rest;
    if (again) rest = behind(table, routes->connect, request.behind);
    if (again && !rest) return nobody_to_ask;
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
    run(table, rest ? *rest : routes->connect, &connect, scope, after, shut, anybody);
    return verdict;
}

void Dispatcher::connected(hub::SocketHandle socket, std::string_view nsp) const {
    const RoutingTable& table = router_.table();
    const NamespaceRoutes* const routes = table.find(nsp);
    if (!routes) return;
    wshub_connected connected{};
    connected.size = sizeof connected;
    connected.session = socket;
    connected.nsp = str(nsp);
    run_hook(table, routes->connected, &connected, scope_of(WSHUB_ON_CONNECTED, socket, nsp, nsp));
}

bool Dispatcher::event(const hub::IncomingEvent& event) const {
    const RoutingTable& table = router_.table();
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
    run(
        table, *routes, &given, scope, after, [] { return Next::kGoOn; }, may);
    return handled;
}

void Dispatcher::join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const {
    const RoutingTable& table = router_.table();
    const NamespaceRoutes* const routes = table.find(nsp);
    if (routes) member_hook(table, routes->joins.find(room), WSHUB_ON_JOIN, socket, nsp, room);
}

void Dispatcher::leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) const {
    const RoutingTable& table = router_.table();
    const NamespaceRoutes* const routes = table.find(nsp);
    if (routes) member_hook(table, routes->leaves.find(room), WSHUB_ON_LEAVE, socket, nsp, room);
}

void Dispatcher::disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) const {
    const RoutingTable& table = router_.table();
    const NamespaceRoutes* const routes = table.find(nsp);
    if (!routes) return;
    wshub_closed closed{};
    closed.size = sizeof closed;
    closed.session = socket;
    closed.nsp = str(nsp);
    closed.reason = str(reason);
    run_hook(table, routes->disconnect, &closed, scope_of(WSHUB_ON_DISCONNECT, socket, nsp, reason));
}

void Dispatcher::reply(const hub::Reply& reply) const {
    const auto& instances = router_.table().instances();
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
