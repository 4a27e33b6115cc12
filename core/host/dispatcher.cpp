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
#include "host/succession.h"
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
// told of plugins that do not run.
template <class Find, class After, class Shut>
class Run {
public:
    Run(Way<Find> way, const void* data, CallScope scope, After after, Shut shut)
        : way_(std::move(way)), data_(data), scope_(scope), after_(after), shut_(shut) {}

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
            const auto share = Share::of(way_.routes, place, way_.from_the_middle);
            return call(**found, share.in(*routes, static_cast<std::size_t>(found - all.begin())).slots);
        }
    }

    Next call(Instance& instance, const std::vector<wshub_slot>& slots) {
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
};

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
        [] { return Next::kGoOn; })();
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
    Run(Way{router_, table, rest ? *rest : routes->connect, find, again}, &connect, scope, after, shut)();
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
    const wshub_event given = given_event(event, bins);
    EventProgress progress;
    // Who only looks at everything makes nothing known, unless he does something about it.
    progress.known = !in->events.is_by_wildcard(routes);
    if (run_event(table, *routes, given, progress)) return progress.handled;
    if (hub_.suspend(event.socket) != hub::HubError::kNone) return note(WSHUB_EINTERNAL, given, progress), true;
    work_on(std::make_shared<BlockingEvent>(event, router_.share(), *routes, progress));
    return true;
}

// Runs the handlers from where it stands, each plugin's inside its gate. False: it has come to one that blocks.
bool Dispatcher::run_event(const RoutingTable& table, const RouteList& routes, const wshub_event& given,
                           EventProgress& progress) const {
    const std::string_view nsp = view(given.nsp), name = view(given.name);
    CallScope scope = scope_of(WSHUB_ON_EVENT, given.session, nsp, name);
    scope.ack = given.ack;
    scope.taken = &progress.handled;
    scope.kept = &progress.kept;
    for (Place& at = progress.at; at.route < routes.size(); at.next_route()) {
        const Turn turn(router_, table, routes, at, nsp, name);
        if (!turn || at.slot >= turn.route().slots.size()) continue;
        Instance& instance = turn.instance();
        if (!std::exchange(at.asked, true) && !admit(instance, given, progress)) continue;
        scope.plugin = instance.name().c_str();
        for (const Route& route = turn.route(); at.slot < route.slots.size(); ++at.slot) {
            const wshub_slot slot = route.slots[at.slot];
            if (route.blocks(slot)) return false;
            scope.asked = {instance.number(), slot};
            if (!note(instance.call(slot, &given, scope), given, progress)) return true;
        }
    }
    return true;
}

// Whether the client may have this plugin handle it.
bool Dispatcher::admit(Instance& instance, const wshub_event& given, EventProgress& progress) const {
    if (!instance.roles().empty() && !hub_.has_any_role(given.session, instance.roles())) {
        progress.handled = true;
        hub_.fail(given.session, given.ack, "FORBIDDEN", "This needs a role that you do not have");
        return false;
    }
    instance.count_event();
    return true;
}

// What a handler gave back. False: no later one gets the event. That goes for one that failed too: a request that is
// answered INTERNAL has done nothing further, and what stands in front of others' handlers to look at their events is
// not passed by when it fails.
bool Dispatcher::note(std::int32_t code, const wshub_event& given, EventProgress& progress) const {
    progress.handled = progress.handled || progress.known || code != WSHUB_OK;
    if (code < 0) hub_.fail(given.session, given.ack, "INTERNAL", "internal error");
    return code >= 0 && code != WSHUB_STOP;
}

// ---- handlers that block

void Dispatcher::work_on(const std::shared_ptr<BlockingEvent>& event) const {
    net::Loop& loop = hub_.loop_of_socket(event->socket);
    workers_.submit([this, event] { call_blocking(*event); },
                    [this, event, &loop] { loop.post([this, event] { go_on(event); }); });
}

// A worker's thread. At a plugin that is being replaced it waits, as a loop does.
void Dispatcher::call_blocking(BlockingEvent& event) const {
    Place& at = event.progress.at;
    const Turn turn(router_, *event.table, event.routes, at, event.nsp, event.name);
    // It was stopped while the event waited, or its new version has no handler for it.
    event.code = WSHUB_EINTERNAL;
    if (!turn || at.slot >= turn.route().slots.size()) return;
    const wshub_slot slot = turn.route().slots[at.slot];
    if (!turn.route().blocks(slot)) {  // any more: it is called where those are called
        event.code.reset();
        return;
    }
    const std::vector<std::string_view> views(event.attachments.begin(), event.attachments.end());
    const Bins bins(views);
    const wshub_event given = given_event(event, bins);
    CallScope scope = scope_of(WSHUB_ON_EVENT, event.socket, event.nsp, event.name);
    scope.plugin = turn.instance().name().c_str();
    scope.ack = event.ack;
    scope.taken = &event.progress.handled;
    scope.kept = &event.progress.kept;
    scope.blocking = true;
    scope.asked = {turn.instance().number(), slot};
    event.code = turn.instance().call(slot, &given, scope);
}

// The loop's thread.
void Dispatcher::go_on(const std::shared_ptr<BlockingEvent>& event) const {
    EventProgress& progress = event->progress;
    const std::vector<std::string_view> views(event->attachments.begin(), event->attachments.end());
    const Bins bins(views);
    const wshub_event given = given_event(*event, bins);
    if (event->code) ++progress.at.slot;
    const bool further = !event->code || note(*event->code, given, progress);
    if (further && !run_event(*event->table, event->routes, given, progress)) return work_on(event);
    hub_.event_done(event->socket, event->ack, event->name, {progress.handled, progress.kept});
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
    const auto found = std::find_if(instances.begin(), instances.end(),
                                    [&reply](const auto& instance) { return instance->number() == reply.owner; });
    if (found == instances.end()) return;
    Instance& instance = **found;
    const Instance::Visit visit(instance);
    if (!visit) return;
    // None any more: the plugin was stopped meanwhile, and told then.
    const auto question = instance.asks().take(reply.cookie, reply.socket);
    if (!question) return;

    const Bins bins(reply.attachments);
    wshub_reply given{};
    given.size = sizeof given;
    given.status = static_cast<std::int32_t>(reply.status);
    given.session = reply.socket;
    given.cookie = question->cookie;
    given.args = str(reply.args);
    given.bins = bins.data();
    given.n_bins = bins.size();
    instance.call_reply(question->slot, given);
}

}  // namespace wshub::host
