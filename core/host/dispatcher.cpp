#include "host/dispatcher.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
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

// Calls the handlers in order, each plugin's inside its gate, and tells `after(instance, code)` what they gave back.
// `shut(instance)` is told of plugins that do not run.
template <class After, class Shut>
void run(const RoutingTable& table, const RouteList& routes, const void* data, CallScope scope, After after,
         Shut shut) {
    for (const Route& route : routes) {
        Instance& instance = *table.instances()[route.plugin];
        const Instance::Visit visit(instance);
        if (!visit) {
            if (shut() == Next::kStop) return;
            continue;
        }
        scope.plugin = instance.name().c_str();
        if (scope.kind == WSHUB_ON_EVENT) instance.count_event();
        for (const wshub_slot slot : route.slots) {
            if (after(instance.call(slot, data, scope)) == Next::kStop) return;
        }
    }
}

void run_hook(const RoutingTable& table, const RouteList& routes, const void* data, const CallScope& scope) {
    run(
        table, routes, data, scope, [](std::int32_t) { return Next::kGoOn; }, [] { return Next::kGoOn; });
}

CallScope scope_of(std::uint32_t kind, hub::SocketHandle socket, std::string_view nsp, std::string_view what) {
    CallScope scope;
    scope.kind = kind;
    scope.what = what;
    scope.nsp = nsp;
    scope.socket = socket;
    return scope;
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

// Whoever cannot be asked may be the one that would have refused.
hub::ConnectVerdict Dispatcher::connect(const hub::ConnectRequest& request) const {
    hub::ConnectVerdict verdict;
    const RoutingTable& table = router_.table();
    const NamespaceRoutes* const routes = table.find(request.nsp);
    if (!routes) return verdict;
    wshub_connect connect{};
    connect.size = sizeof connect;
    connect.session = request.socket;
    connect.nsp = str(request.nsp);
    connect.auth = str(request.auth);
    CallScope scope = scope_of(WSHUB_ON_CONNECT, request.socket, request.nsp, request.nsp);
    scope.verdict = &verdict;
    const auto after = [&verdict](std::int32_t code) {
        if (code < 0) verdict = {false, "Internal error", R"({"code":"INTERNAL","message":"internal error"})"};
        return verdict.accepted ? Next::kGoOn : Next::kStop;
    };
    const auto shut = [&verdict] {
        verdict = {false, "Server is shutting down", {}};
        return Next::kStop;
    };
    run(table, routes->connect, &connect, scope, after, shut);
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
    bool handled = false;
    const auto after = [&](std::int32_t code) {
        handled = true;
        if (code < 0) hub_.fail(event.socket, event.ack, "INTERNAL", "internal error");
        return code == WSHUB_STOP ? Next::kStop : Next::kGoOn;
    };
    run(table, *routes, &given, scope_of(WSHUB_ON_EVENT, event.socket, event.nsp, event.name), after,
        [] { return Next::kGoOn; });
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
