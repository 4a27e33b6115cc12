// The plugins behind FakeHost: what they registered, and the one way in which they are called. Part of testing.h, and
// no concern of its users.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "testing_instance.h"

namespace wshub::fake {

// Everything together. One lock for all that plugins' threads can reach; it is let go while a plugin is called.
class World final : public Sink {
public:
    World() : hub(clock, *this), owner_(std::this_thread::get_id()) {}

    std::mutex mutex;
    std::condition_variable changed;  // a plugin's thread did something
    Clockwork clock;
    Hub hub;
    std::vector<std::unique_ptr<Instance>> instances;  // in the order loaded
    std::vector<std::unique_ptr<Instance>> replaced;   // by newer versions: a forgotten thread may still call
    std::vector<FakeControlRequest> control_requests;
    std::map<std::string, FakeControlAnswer> control_answers;  // by operation
    std::uint32_t last_instance = 0;
    std::vector<FakeLogLine> log;
    std::vector<std::string> failures;
    std::int32_t log_level = WSHUB_TRACE;
    std::string version = "0.0.0", url = "http://127.0.0.1:3000", state_directory = "/var/lib/wshub",
                socketio_path = "/socket.io/";
    wshub_timer last_timer = 0;
    std::map<wshub_channel_session, std::shared_ptr<ChannelSide>> channels;
    wshub_channel_session last_channel = 0;

    // The thread that made the host drives it.
    bool here() const { return std::this_thread::get_id() == owner_; }

    // Lets everything happen that waits for nothing but its turn. As on the hub's loop, hooks that a post causes run
    // when those posted before it have run. Under the lock.
    void settle() {
        constexpr int kMostTurns = 100'000;
        for (int turn = 0; turn < kMostTurns; ++turn) {
            hub.run_hooks();
            const std::deque<Clockwork::Task> tasks = clock.take_posted();
            if (tasks.empty()) return;
            for (const Clockwork::Task& task : tasks) task();
        }
        throw std::logic_error("FakeHost: 100000 turns did not come to an end: does a post post itself?");
    }

    // ---- the life of a plugin. Under the lock.

    void create(Instance& instance, const wshub_host_v1& given) {
        Failure failure;
        unlocked([&] { instance.self = instance.functions->create(instance.handle(), &given, failure.out()); });
        if (!instance.self) {
            instance.state = Instance::State::stopped;
            throw std::runtime_error("plugin " + instance.name + ": refused to start: " + failure.text());
        }
        instance.state = Instance::State::loaded;
    }
    void start(Instance& instance) {
        instance.state = Instance::State::starting;
        Failure failure;
        std::int32_t code = WSHUB_OK;
        if (instance.functions->start) {
            unlocked([&] { code = instance.functions->start(instance.self, failure.out()); });
        }
        if (code < 0) {
            stop(instance);
            throw std::runtime_error("plugin " + instance.name + ": start failed: " + failure.text());
        }
        instance.state = Instance::State::running;
        instance.open = true;
        for (const Clockwork::Task& task : std::exchange(instance.waiting, {})) task();
    }
    void stop(Instance& instance) {
        halt(instance);
        drop_channels(instance);
    }
    // The clients of its channels stay.
    void halt(Instance& instance) {
        if (!instance.may_act()) return;
        if (instance.state == Instance::State::running) {
            for (const auto& [session, asker] : hub.take_requests(instance.number)) {
                on_reply({session, WSHUB_REPLY_TIMEOUT, asker, {}, {}});
            }
        }
        instance.open = false;
        if (instance.functions->stop) unlocked([&] { instance.functions->stop(instance.self); });
        instance.state = Instance::State::stopped;
        for (const auto& [id, timer] : std::exchange(instance.timers, {})) clock.cancel(timer);
        instance.waiting.clear();
        drop_requests(instance);
        hub.close_held(instance.number);
    }
    void destroy(Instance& instance) {
        if (!instance.self) return;
        unlocked([&] { instance.functions->destroy(std::exchange(instance.self, nullptr)); });
    }

    // Puts a new version in the place of a running one, as the hub does. What the old one saved, and what the new one
    // is made of (null: the same code). Throws when the old one had to go on.
    void reload(std::size_t place, const wshub_plugin_v1* functions, const wshub_host_v1& given) {
        Instance& old = *instances[place];
        auto made = std::make_unique<Instance>(*this, old.name, old.given, functions ? functions : old.functions,
                                               ++last_instance);
        Instance& fresh = *made;
        replaced.push_back(std::move(made));
        try {
            create(fresh, given);
        } catch (const std::exception& refused) {
            throw std::runtime_error(std::string("reload: ") + refused.what());
        }
        const bool was_running = old.state == Instance::State::running;
        halt(old);
        give_channels(old, fresh);
        try {
            hand_over(old, fresh);
            std::swap(instances[place], replaced.back());
            start(fresh);
        } catch (const std::exception& failed) {
            if (instances[place].get() == &fresh) std::swap(instances[place], replaced.back());
            give_channels(fresh, old);
            destroy(fresh);
            if (was_running) start(old);
            throw std::runtime_error(std::string("reload: ") + failed.what());
        }
        follow_channels(fresh);
        destroy(old);
    }

    // Calls a handler, unless the plugin does not run; `code` is what it gave back.
    bool call(Instance& instance, wshub_slot slot, const void* data, Scope scope, std::int32_t& code) {
        if (!instance.open) return false;
        Failure failure;
        scope.asked = instance.number;
        const Scope* const before = std::exchange(current_scope(), &scope);
        unlocked([&] { code = instance.functions->call(instance.self, scope.kind, slot, data, failure.out()); });
        current_scope() = before;
        if (code < 0) report(instance, scope, code, failure.text());
        return true;
    }

    // A tick of a timer, or a post.
    void tick(Instance& instance, std::uint32_t kind, wshub_slot slot, wshub_timer timer, std::uint64_t cookie,
              const std::string& nsp) {
        wshub_tick tick{};
        tick.size = sizeof tick;
        tick.timer = timer;
        tick.cookie = cookie;
        Scope scope;
        scope.kind = kind;
        scope.nsp = nsp;
        std::int32_t code = WSHUB_OK;
        call(instance, slot, &tick, scope, code);
    }

    // What has come to a client of a channel. The code of the handler.
    std::int32_t call_channel(const ChannelSide& side, std::uint32_t op, std::string_view data, bool binary,
                              const std::string& reason) {
        wshub_channel_event event{};
        event.size = sizeof event;
        event.op = op;
        event.session = side.id;
        event.path = detail::str(side.path);
        event.data = {data.data(), data.size()};
        event.binary = binary ? 1 : 0;
        event.reason = detail::str(reason);
        std::int32_t code = WSHUB_OK;
        call(*side.instance, side.slot, &event, scope_of(WSHUB_ON_CHANNEL, 0, {}, side.path), code);
        return code;
    }

    // Now, or when the plugin has been started.
    void when_started(Instance& instance, Clockwork::Task task) {
        if (instance.open || instance.state == Instance::State::running) {
            task();
        } else {
            instance.waiting.push_back(std::move(task));
        }
    }

    // ---- Sink: handlers by priority, then in the order of plugins and registration

    bool serves(std::string_view nsp) const override {
        return std::any_of(instances.begin(), instances.end(), [&](const auto& it) { return is_served(*it, nsp); });
    }
    Verdict on_connect(Socket& socket, std::size_t place) override {
        const Verdict nobody_to_ask = Verdict::refusal("Server is shutting down");
        Verdict verdict;
        wshub_connect connect{};
        connect.size = sizeof connect;
        connect.session = socket.handle;
        const std::string nsp = socket.nsp, auth = socket.auth;
        connect.nsp = detail::str(nsp);
        connect.auth = detail::str(auth);
        Scope scope = scope_of(WSHUB_ON_CONNECT, socket.handle, nsp, nsp);
        scope.verdict = &verdict;
        const std::vector<Target> asked = targets(WSHUB_ON_CONNECT, nsp, {});
        for (std::size_t at = place; at < asked.size(); ++at) {
            std::int32_t code = WSHUB_OK;
            if (!call(*asked[at].instance, asked[at].handler->slot, &connect, scope, code)) return nobody_to_ask;
            if (code < 0) {
                verdict = Verdict::refusal("Internal error", R"({"code":"INTERNAL","message":"internal error"})");
            }
            if (verdict.answer == Verdict::Answer::hold) socket.entrance->place = at + 1;
            if (verdict.answer != Verdict::Answer::accept) break;
        }
        return verdict;
    }
    void on_connected(wshub_session socket, const std::string& nsp) override {
        wshub_connected connected{};
        connected.size = sizeof connected;
        connected.session = socket;
        connected.nsp = detail::str(nsp);
        run_all(WSHUB_ON_CONNECTED, {}, &connected, scope_of(WSHUB_ON_CONNECTED, socket, nsp, nsp));
    }
    bool on_event(const Incoming& event) override {
        std::vector<wshub_bytes> bins;
        for (const std::string& bytes : event.attachments) bins.push_back({bytes.data(), bytes.size()});
        wshub_event given{};
        given.size = sizeof given;
        given.session = event.socket;
        given.ack = event.ack;
        given.nsp = detail::str(event.nsp);
        given.name = detail::str(event.name);
        given.args = detail::str(event.args);
        given.bins = bins.data();
        given.n_bins = bins.size();
        bool handled = false, known = false;
        Scope scope = scope_of(WSHUB_ON_EVENT, event.socket, event.nsp, event.name);
        scope.ack = event.ack;
        scope.taken = &handled;
        const std::vector<Target> found = targets(WSHUB_ON_EVENT, event.nsp, event.name);
        for (const Target& target : found) known = known || target.handler->name != "*";
        const Instance* forbidden = nullptr;  // its handlers that follow each other are refused once
        for (const Target& target : found) {
            Instance& instance = *target.instance;
            if (std::exchange(forbidden, nullptr) == &instance) {
                forbidden = &instance;
                continue;
            }
            if (!instance.open) continue;
            if (!may_send(event.socket, instance)) {
                handled = true;
                hub.fail(event.socket, event.ack, "FORBIDDEN", "This needs a role that you do not have", {});
                forbidden = &instance;
                continue;
            }
            std::int32_t code = WSHUB_OK;
            const bool called = call(instance, target.handler->slot, &given, scope, code);
            handled = handled || (called && (known || code != WSHUB_OK));
            if (code < 0) hub.fail(event.socket, event.ack, "INTERNAL", "internal error", {});
            if (code < 0 || code == WSHUB_STOP) break;
        }
        return handled;
    }
    void on_join(wshub_session socket, const std::string& nsp, const std::string& room) override {
        on_member(WSHUB_ON_JOIN, socket, nsp, room);
    }
    void on_leave(wshub_session socket, const std::string& nsp, const std::string& room) override {
        on_member(WSHUB_ON_LEAVE, socket, nsp, room);
    }
    void on_disconnect(wshub_session socket, const std::string& nsp, const std::string& reason) override {
        wshub_closed closed{};
        closed.size = sizeof closed;
        closed.session = socket;
        closed.nsp = detail::str(nsp);
        closed.reason = detail::str(reason);
        run_all(WSHUB_ON_DISCONNECT, {}, &closed, scope_of(WSHUB_ON_DISCONNECT, socket, nsp, reason));
    }
    void on_reply(const Outcome& outcome) override {
        Instance* const instance = find_instance(outcome.asker.instance);
        if (!instance) return;
        std::vector<wshub_bytes> bins;
        for (const std::string& bytes : outcome.attachments) bins.push_back({bytes.data(), bytes.size()});
        wshub_reply reply{};
        reply.size = sizeof reply;
        reply.status = outcome.status;
        reply.session = outcome.socket;
        reply.cookie = outcome.asker.cookie;
        reply.args = detail::str(outcome.args);
        reply.bins = bins.data();
        reply.n_bins = bins.size();
        const Socket* const socket = hub.find(outcome.socket);
        std::int32_t code = WSHUB_OK;
        call(*instance, outcome.asker.slot, &reply,
             scope_of(WSHUB_ON_REPLY, outcome.socket, socket ? socket->nsp : std::string(), {}), code);
    }

    std::vector<Target> targets(std::uint32_t kind, std::string_view nsp, std::string_view name) const {
        std::vector<Target> found;
        for (const auto& instance : instances) {
            if (!is_served(*instance, nsp)) continue;
            for (const auto& handler : instance->registrations) {
                if (handler.kind == kind && matches(handler.name, name)) found.push_back({instance.get(), &handler});
            }
        }
        std::stable_sort(found.begin(), found.end(),
                         [](const Target& a, const Target& b) { return a.handler->priority > b.handler->priority; });
        return found;
    }

    // ---- HTTP

    void http(std::string_view method, std::string_view target, std::string_view headers, std::string_view body,
              const std::string& remote, const std::shared_ptr<HttpState>& state) {
        const std::size_t mark = target.find('?');
        const std::string_view path = target.substr(0, mark);
        const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
        std::string allowed;
        const Target route = find_route(method, path, allowed);
        if (!route.instance && allowed.empty()) return answer(*state, 404, "Not found.\n");
        if (!route.instance) {
            answer(*state, 405, "Method not allowed.\n");
            state->headers += "Allow: " + allowed + "\r\n";
            return;
        }
        if (!route.instance->open) return answer(*state, 503, "The plugin is not running.\n");
        constexpr std::uint64_t kPatience = 30'000;
        const wshub_request id = ++last_request_;
        const std::uint64_t timer = clock.schedule(
            clock.now() + kPatience, [this, id] { host_answer(id, 504, "The server did not answer in time.\n"); });
        requests_.emplace(id, Request{route.instance, state, timer});
        wshub_http request{};
        request.size = sizeof request;
        request.request = id;
        request.method = detail::str(method);
        request.path = detail::str(path);
        request.query = detail::str(query);
        request.headers = detail::str(headers);
        request.body = detail::str(body);
        request.remote = detail::str(remote);
        std::int32_t code = WSHUB_OK;
        call(*route.instance, route.handler->slot, &request, scope_of(WSHUB_ON_HTTP, 0, {}, path), code);
        if (code < 0) host_answer(id, 500, "Internal error.\n");
    }
    std::int32_t http_reply(const Instance& instance, wshub_request id, int status, std::string headers,
                            std::string body) {
        const auto found = requests_.find(id);
        if (found == requests_.end() || found->second.instance != &instance || found->second.state->abandoned) {
            return WSHUB_ENOENT;
        }
        HttpState& state = *found->second.state;
        clock.cancel(found->second.timer);
        state.status = status;
        state.headers = std::move(headers);
        state.body = std::move(body);
        requests_.erase(found);
        return WSHUB_OK;
    }
    // The first route of the plugin that is another's, or its own twice; empty: none.
    std::string taken_route(const Instance& instance) const {
        std::vector<std::string> routes;
        for (const auto& each : instances) {
            for (const auto& handler : each->registrations) {
                if (handler.kind == WSHUB_ON_HTTP) routes.push_back(handler.name);
            }
        }
        for (const auto& handler : instance.registrations) {
            if (std::count(routes.begin(), routes.end(), handler.name) > 1) return handler.name;
        }
        return {};
    }

    // Why a channel of the plugin cannot be had, or a route because of a channel; empty: nothing is wrong.
    std::string taken_channel(const Instance& instance) const {
        const auto overlap = [](const std::string& a, const std::string& b) {
            return a.compare(0, b.size(), b) == 0 || b.compare(0, a.size(), a) == 0;
        };
        const std::string server = "/socket.io/";
        for (const auto& handler : instance.registrations) {
            const std::string& name = handler.name;
            if (handler.kind == WSHUB_ON_CHANNEL && overlap(name, server)) {
                return "the channel '" + name + "' overlaps with the path of Socket.IO, '" + server + "'";
            }
            for (const auto& each : instances) {
                for (const auto& other : each->registrations) {
                    if (handler.kind == WSHUB_ON_CHANNEL && other.kind == WSHUB_ON_CHANNEL && &other != &handler &&
                        overlap(name, other.name)) {
                        return "the channel '" + name + "' overlaps with the channel '" + other.name + "'";
                    }
                    if (handler.kind == WSHUB_ON_CHANNEL && other.kind == WSHUB_ON_HTTP && meets(other.name, name)) {
                        return "the channel '" + name + "' overlaps with the route '" + other.name + "'";
                    }
                    if (handler.kind == WSHUB_ON_HTTP && other.kind == WSHUB_ON_CHANNEL && meets(name, other.name)) {
                        return "the route '" + name + "' overlaps with the channel '" + other.name + "'";
                    }
                }
            }
        }
        return {};
    }

private:
    // Whether a route answers something of what begins with the path.
    static bool meets(const std::string& route, std::string_view channel) {
        std::string path = route.substr(route.find(' ') + 1);
        const bool is_prefix = path.back() == '*';
        if (is_prefix) path.pop_back();
        return path.compare(0, channel.size(), channel) == 0 || (is_prefix && channel.substr(0, path.size()) == path);
    }
    void give_channels(const Instance& from, Instance& to) {
        for (const auto& [id, side] : channels) {
            if (side->instance == &from) side->instance = &to;
        }
    }
    // Those whose paths the new version serves stay, the others go.
    void follow_channels(const Instance& fresh) {
        drop_channels(fresh, [&fresh](ChannelSide& side) {
            const auto& all = fresh.registrations;
            const auto serves = std::find_if(all.begin(), all.end(), [&side](const Instance::Registration& each) {
                return each.kind == WSHUB_ON_CHANNEL && each.name == side.path;
            });
            if (serves != all.end()) side.slot = serves->slot;
            return serves != all.end();
        });
    }
    void drop_channels(const Instance& instance) {
        drop_channels(instance, [](ChannelSide&) { return false; });
    }
    // The plugin does not hear of it.
    template <class Stays>
    void drop_channels(const Instance& instance, Stays stays) {
        for (auto each = channels.begin(); each != channels.end();) {
            if (each->second->instance != &instance || stays(*each->second)) {
                ++each;
                continue;
            }
            if (std::exchange(each->second->open, false)) each->second->end = "1012";
            each = channels.erase(each);
        }
    }

    struct Request {
        const Instance* instance;
        std::shared_ptr<HttpState> state;
        std::uint64_t timer;
    };

    // Where a plugin writes why it failed.
    class Failure {
    public:
        wshub_err* out() { return &error_; }
        std::string text() const {
            const char* const end = static_cast<const char*>(std::memchr(text_, '\0', sizeof text_));
            const std::string_view said(text_, end ? static_cast<std::size_t>(end - text_) : sizeof text_);
            return said.empty() ? "it gave no reason" : printable(said, sizeof text_);
        }

    private:
        char text_[512] = "";
        wshub_err error_{0, sizeof text_, text_};
    };

    // What the old version saves goes to the new one, and so do its variables.
    void hand_over(Instance& old, Instance& fresh) {
        const wshub_plugin_v1 &from = *old.functions, &to = *fresh.functions;
        fresh.vars = old.vars;
        std::string saved;
        const wshub_sink sink = detail::sink(saved);
        Failure failure;
        std::int32_t code = WSHUB_OK;
        if (can_save(from)) unlocked([&] { code = from.save(old.self, &sink, failure.out()); });
        if (code < 0) throw std::runtime_error("plugin " + old.name + ": save failed: " + failure.text());
        if (saved.empty() || !can_save(to) || !to.restore) return;
        unlocked([&] { code = to.restore(fresh.self, from.state_version, detail::str(saved), failure.out()); });
        if (code < 0) throw std::runtime_error("plugin " + old.name + ": restore failed: " + failure.text());
    }
    static bool can_save(const wshub_plugin_v1& functions) {
        return functions.size >= offsetof(wshub_plugin_v1, state_version) + sizeof functions.state_version &&
               functions.save;
    }

    template <class Function>
    void unlocked(Function function) {
        mutex.unlock();
        function();  // across the C ABI: throws nothing
        mutex.lock();
    }

    static bool is_served(const Instance& instance, std::string_view nsp) {
        const bool there = instance.state != Instance::State::creating && instance.state != Instance::State::stopped;
        const auto& served = instance.settings.namespaces();
        return there && std::find(served.begin(), served.end(), nsp) != served.end();
    }
    static Scope scope_of(std::uint32_t kind, wshub_session socket, std::string_view nsp, std::string_view what) {
        Scope scope;
        scope.kind = kind;
        scope.what = what;
        scope.nsp = nsp;
        scope.socket = socket;
        return scope;
    }
    void run_all(std::uint32_t kind, std::string_view name, const void* data, const Scope& scope) {
        for (const Target& target : targets(kind, scope.nsp, name)) {
            std::int32_t code = WSHUB_OK;
            call(*target.instance, target.handler->slot, data, scope, code);
        }
    }
    void on_member(std::uint32_t kind, wshub_session socket, const std::string& nsp, const std::string& room) {
        wshub_member member{};
        member.size = sizeof member;
        member.session = socket;
        member.nsp = detail::str(nsp);
        member.room = detail::str(room);
        run_all(kind, room, &member, scope_of(kind, socket, nsp, room));
    }
    bool may_send(wshub_session socket, const Instance& instance) const {
        const auto& needed = instance.settings.roles();
        const Socket* const from = hub.find(socket);
        return needed.empty() ||
               (from && std::any_of(needed.begin(), needed.end(), [&](const std::string& role) {
                    return std::find(from->roles.begin(), from->roles.end(), role) != from->roles.end();
                }));
    }
    Instance* find_instance(std::uint32_t number) const {
        for (const auto& instance : instances) {
            if (instance->number == number) return instance.get();
        }
        return nullptr;
    }
    void report(const Instance& instance, const Scope& scope, std::int32_t code, const std::string& reason) {
        constexpr std::array<const char*, 12> kKinds{"call",  "event", "connect", "connected", "disconnect", "join",
                                                     "leave", "http",  "timer",   "post",      "reply",      "channel"};
        failures.push_back("plugin handler failed plugin=" + instance.name + " handler=" + kKinds[scope.kind] +
                           " name=" + printable(scope.what) + " code=" + std::to_string(code) + " reason=\"" + reason +
                           "\"");
        log.push_back({WSHUB_ERROR, {}, failures.back()});
    }

    // Exact paths before prefixes, long prefixes before short ones.
    Target find_route(std::string_view method, std::string_view path, std::string& allowed) const {
        Target best{nullptr, nullptr};
        std::vector<Target> same_path;
        for (const auto& instance : instances) {
            if (instance->state == Instance::State::stopped) continue;
            for (const auto& handler : instance->registrations) {
                const std::size_t space = handler.name.find(' ');
                if (handler.kind == WSHUB_ON_HTTP && matches(handler.name.substr(space + 1), path)) {
                    same_path.push_back({instance.get(), &handler});
                }
            }
        }
        const auto path_of = [](const Target& it) { return it.handler->name.substr(it.handler->name.find(' ') + 1); };
        std::stable_sort(same_path.begin(), same_path.end(), [&](const Target& a, const Target& b) {
            const std::string one = path_of(a), other = path_of(b);
            if ((one.back() == '*') != (other.back() == '*')) return other.back() == '*';
            return one.size() > other.size();
        });
        for (const Target& each : same_path) {
            const std::string its = each.handler->name.substr(0, each.handler->name.find(' '));
            if (its == method || (method == "HEAD" && its == "GET")) return each;
            if (allowed.find(its) == std::string::npos) allowed += (allowed.empty() ? "" : ", ") + its;
        }
        return best;
    }
    static void answer(HttpState& state, int status, std::string_view text) {
        state.status = status;
        state.headers = "Content-Type: text/plain; charset=utf-8\r\n";
        state.body = text;
    }
    void host_answer(wshub_request id, int status, std::string_view text) {
        const auto found = requests_.find(id);
        if (found == requests_.end()) return;
        clock.cancel(found->second.timer);
        if (!found->second.state->abandoned) answer(*found->second.state, status, text);
        requests_.erase(found);
    }
    void drop_requests(const Instance& instance) {
        std::vector<wshub_request> ids;
        for (const auto& [id, request] : requests_) {
            if (request.instance == &instance) ids.push_back(id);
        }
        for (const wshub_request id : ids) host_answer(id, 503, "The plugin was stopped.\n");
    }

    const std::thread::id owner_;
    std::map<wshub_request, Request> requests_;
    wshub_request last_request_ = 0;
};

}  // namespace wshub::fake
