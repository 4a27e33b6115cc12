#include "host/dispatcher.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

// Points into the event and the bins.
template <class Event>
wshub_event given_event(const Event& event, const Bins& bins) {
    wshub_event given{};
    given.size = sizeof given;
    given.session = event.socket;
    given.ack = event.ack;
    given.nsp = str(event.nsp);
    given.name = str(event.name);
    given.args = str(event.args);
    given.bins = bins.data();
    given.n_bins = bins.size();
    return given;
}

enum class Next { kGoOn, kStop };

// Calls the handlers in order, each plugin's inside its gate, and tells `after(code)` what they gave back. `shut()` is
// told of plugins that do not run.
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
        for (const wshub_slot slot : route.slots) {
            scope.asked = {instance.number(), slot};
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
    run(table, rest ? *rest : routes->connect, &connect, scope, after, shut);
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
    const wshub_event given = given_event(event, bins);
    EventProgress progress;
    // Who only looks at everything makes nothing known, unless he does something about it.
    progress.known = !in->events.is_by_wildcard(routes);
    const bool blocks =
        std::any_of(routes->begin(), routes->end(), [](const Route& it) { return !it.blocking.empty(); });
    if (!blocks) {
        run_event(table, *routes, given, progress);
        return progress.handled;
    }
    auto kept = router_.share();
    if (run_event(*kept, *routes, given, progress)) return progress.handled;
    if (hub_.suspend(event.socket) != hub::HubError::kNone) return note(WSHUB_EINTERNAL, given, progress), true;
    work_on(std::make_shared<BlockingEvent>(event, std::move(kept), *routes, progress));
    return true;
}

// Runs the handlers from where it stands, each plugin's inside its gate. False: it has come to one that blocks.
bool Dispatcher::run_event(const RoutingTable& table, const RouteList& routes, const wshub_event& given,
                           EventProgress& progress) const {
    CallScope scope = scope_of(WSHUB_ON_EVENT, given.session, view(given.nsp), view(given.name));
    scope.ack = given.ack;
    scope.taken = &progress.handled;
    scope.kept = &progress.kept;
    for (Place& at = progress.at; at.route < routes.size(); ++at.route, at.slot = 0) {
        const Route& route = routes[at.route];
        Instance& instance = *table.instances()[route.plugin];
        const Instance::Visit visit(instance);
        if (!visit) continue;
        if (at.slot == 0) {  // asked once, and counted once
            if (!instance.roles().empty() && !hub_.has_any_role(given.session, instance.roles())) {
                progress.handled = true;
                hub_.fail(given.session, given.ack, "FORBIDDEN", "This needs a role that you do not have");
                continue;
            }
            instance.count_event();
        }
        scope.plugin = instance.name().c_str();
        for (; at.slot < route.slots.size(); ++at.slot) {
            const wshub_slot slot = route.slots[at.slot];
            if (route.blocks(slot)) return false;
            scope.asked = {instance.number(), slot};
            if (!note(instance.call(slot, &given, scope), given, progress)) return true;
        }
    }
    return true;
}

// What a handler gave back. False: no later one gets the event.
bool Dispatcher::note(std::int32_t code, const wshub_event& given, EventProgress& progress) const {
    progress.handled = progress.handled || progress.known || code != WSHUB_OK;
    if (code < 0) hub_.fail(given.session, given.ack, "INTERNAL", "internal error");
    return code != WSHUB_STOP;
}

// ---- handlers that block

void Dispatcher::work_on(const std::shared_ptr<BlockingEvent>& event) const {
    net::Loop& loop = hub_.loop_of_socket(event->socket);
    workers_.submit([this, event] { call_blocking(*event); },
                    [this, event, &loop] { loop.post([this, event] { go_on(event); }); });
}

// A worker's thread.
void Dispatcher::call_blocking(BlockingEvent& event) const {
    const Place& at = event.progress.at;
    const Route& route = event.routes[at.route];
    Instance& instance = *event.table->instances()[route.plugin];
    if (call_in(instance, route.slots[at.slot], event)) return;
    // It was stopped while the event waited; another version may have taken its place.
    router_.table();
    const auto table = router_.share();
    const NamespaceRoutes* const in = table->find(event.nsp);
    const RouteList* const routes = in ? in->events.find(event.name) : nullptr;
    event.code = WSHUB_EINTERNAL;
    if (!routes) return;
    for (const Route& other : *routes) {
        Instance& successor = *table->instances()[other.plugin];
        if (&successor == &instance || successor.name() != instance.name() || other.blocking.empty()) continue;
        if (call_in(successor, other.blocking.front(), event)) return;
    }
}

// False: the plugin does not run.
bool Dispatcher::call_in(Instance& instance, wshub_slot slot, BlockingEvent& event) const {
    const Instance::Visit visit(instance);
    if (!visit) return false;
    const std::vector<std::string_view> views(event.attachments.begin(), event.attachments.end());
    const Bins bins(views);
    const wshub_event given = given_event(event, bins);
    CallScope scope = scope_of(WSHUB_ON_EVENT, event.socket, event.nsp, event.name);
    scope.plugin = instance.name().c_str();
    scope.ack = event.ack;
    scope.taken = &event.progress.handled;
    scope.kept = &event.progress.kept;
    scope.blocking = true;
    scope.asked = {instance.number(), slot};
    event.code = instance.call(slot, &given, scope);
    return true;
}

// The loop's thread.
void Dispatcher::go_on(const std::shared_ptr<BlockingEvent>& event) const {
    EventProgress& progress = event->progress;
    const std::vector<std::string_view> views(event->attachments.begin(), event->attachments.end());
    const Bins bins(views);
    const wshub_event given = given_event(*event, bins);
    ++progress.at.slot;
    const bool further = note(event->code, given, progress);
    if (further && !run_event(*event->table, event->routes, given, progress)) return work_on(event);
    hub_.event_done(event->socket, event->ack, event->name, {progress.handled, progress.kept});
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
