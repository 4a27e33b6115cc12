// The hub behind FakeHost: sockets, rooms, users, acknowledgements, in the order in which the real one does things.
// Part of testing.h, and no concern of its users.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "testing_state.h"
#include "testing_text.h"

namespace wshub::fake {

// The loop's thread, but for what only reads. Under the world's lock.
class Hub {
public:
    Hub(Clockwork& clock, Sink& sink) : clock_(clock), sink_(sink) {}

    std::uint64_t connect_timeout = 45'000;
    std::size_t max_rooms = 1000;

    // ---- what clients do

    // The client's handle; 0: there is no such namespace.
    wshub_session connect(std::shared_ptr<Connection> connection, std::shared_ptr<ClientSide> client, std::string nsp,
                          std::string auth) {
        if (nsp != "/" && !sink_.serves(nsp)) {
            tell_refusal(*client, "Invalid namespace", {});
            return 0;
        }
        auto made = std::make_unique<Socket>();
        Socket& socket = *made;
        socket.handle = kHandles | ++last_socket_;
        socket.sid = "sid-" + std::to_string(last_socket_);
        socket.connection = std::move(connection);
        socket.client = std::move(client);
        socket.nsp = std::move(nsp);
        socket.auth = std::move(auth);
        socket.connected_at = clock_.now();
        socket.entrance->deadline = clock_.now() + connect_timeout;
        socket.connection->sockets.push_back(socket.handle);
        socket.connection->clients.push_back(socket.client);
        sockets_.emplace(socket.handle, std::move(made));
        const wshub_session handle = socket.handle;
        ask_plugins(socket, 0);
        return handle;
    }

    void event(wshub_session handle, std::string_view name, std::string_view args,
               const std::vector<std::string>& attachments, const std::shared_ptr<AnswerState>& answer) {
        Socket* const socket = alive(handle);
        if (!socket) return;
        ++socket->events_in;
        const wshub_ack ack = answer ? kHandles | ++last_ack_ : 0;
        if (ack != 0) acks_.emplace(ack, Owed{handle, answer});
        const std::string nsp = socket->nsp;
        const bool known = call([&](Sink& sink) { return sink.on_event({handle, ack, nsp, name, args, attachments}); });
        if (!known) fail(handle, ack, "UNKNOWN_EVENT", "Unknown event: " + std::string(cut(name, 100)), {});
        settle(ack);
        run_hooks();
    }

    // The client answers what it was asked.
    void reply(wshub_session handle, std::uint64_t ack_id, std::string_view args,
               const std::vector<std::string>& attachments) {
        Socket* const socket = alive(handle);
        if (!socket) return;
        const auto asked = socket->requests.find(ack_id);
        if (asked == socket->requests.end()) return;
        const Socket::Request request = asked->second;
        clock_.cancel(request.timer);
        socket->requests.erase(asked);
        call([&](Sink& sink) { sink.on_reply({handle, WSHUB_REPLY_ANSWERED, request.asker, args, attachments}); });
        run_hooks();
    }

    void leave_namespace(wshub_session handle) {
        if (Socket* const socket = alive(handle)) {
            if (socket->entrance) {
                drop(*socket);
            } else {
                end_client(*socket->client, "io client disconnect");
                leave(*socket, "client namespace disconnect");
            }
        }
        run_hooks();
    }

    void close(Connection& connection, const std::string& reason) {
        connection.closing = true;
        for (const auto& client : connection.clients) {
            using State = ClientSide::State;
            if (client->state == State::refused || client->state == State::disconnected) continue;
            end_client(*client, reason == "forced server close" ? "transport close" : reason);
        }
        for (const wshub_session handle : std::vector<wshub_session>(connection.sockets)) {
            Socket* const socket = alive(handle);
            if (!socket) continue;
            if (socket->entrance) {
                drop(*socket);
            } else {
                leave(*socket, reason);
            }
        }
        run_hooks();
    }

    // ---- what a plugin leaves behind when it stops

    // The answers that clients owe it, which nobody waits for any more.
    std::vector<std::pair<wshub_session, Asker>> take_requests(std::uint32_t instance) {
        std::vector<std::pair<wshub_session, Asker>> taken;
        for (const auto& [handle, socket] : sockets_) {
            for (auto each = socket->requests.begin(); each != socket->requests.end();) {
                if (each->second.asker.instance != instance) {
                    ++each;
                    continue;
                }
                clock_.cancel(each->second.timer);
                taken.emplace_back(handle, each->second.asker);
                each = socket->requests.erase(each);
            }
        }
        return taken;
    }
    // Whom it holds: closed, not refused, so that they come again. In a later turn.
    void close_held(std::uint32_t instance) {
        for (const auto& [handle, socket] : sockets_) {
            if (!socket->entrance || socket->entrance->holder != instance) continue;
            socket->entrance->holder = 0;
            close_transport(handle);
        }
    }

    // ---- what plugins do; codes of wshub_host_v1

    std::int32_t ack(wshub_ack ack, std::string_view args, const std::vector<std::string>& attachments) {
        Encoded encoded;
        const std::int32_t code = encode(args, views(attachments), encoded);
        const auto found = acks_.find(ack);
        if (found == acks_.end() || !alive(found->second.socket)) return WSHUB_ENOENT;
        if (code != WSHUB_OK) return code;
        Owed& owed = found->second;
        if (owed.answered) return WSHUB_EEXIST;
        owed.answered = true;
        give_answer(owed, std::move(encoded));
        if (!owed.in_handler) acks_.erase(found);
        return WSHUB_OK;
    }
    std::int32_t keep_ack(wshub_ack ack) {
        const auto found = acks_.find(ack);
        if (found == acks_.end() || !alive(found->second.socket)) return WSHUB_ENOENT;
        if (found->second.answered) return WSHUB_EEXIST;
        found->second.kept = true;
        return WSHUB_OK;
    }
    std::int32_t fail(wshub_session handle, wshub_ack ack_handle, std::string_view code, std::string_view message,
                      std::string_view ack_args) {
        Socket* const socket = alive(handle);
        if (!socket) return WSHUB_ENOENT;
        FakeMessage error;
        error.event = "system:error";
        error.args = error_args({}, code, message);
        give(*socket, error, false);
        if (ack_handle == 0) return WSHUB_OK;
        return ack(ack_handle, ack_args.empty() ? error_args("error", code, message) : std::string(ack_args), {});
    }

    // Arguments have been checked, by check() too.
    std::int32_t emit(const Emit& emit) {
        if (emit.asker) return ask(emit);
        FakeMessage message;
        prepare(emit, message);
        for (auto& [handle, socket] : sockets_) {
            if (socket->stage == Socket::Stage::leaving || !is_meant(emit, *socket)) continue;
            give(*socket, message, emit.is_volatile);
        }
        return WSHUB_OK;
    }
    static std::int32_t check(const Emit& emit) {
        Encoded encoded;
        return encode(emit.args, views(emit.attachments), encoded);
    }

    std::int32_t join(wshub_session handle, const std::string& key) {
        Socket* const socket = alive(handle);
        if (!socket) return WSHUB_ENOENT;
        if (socket->places.count(key) != 0) return WSHUB_UNCHANGED;
        if (is_client_room(key)) {
            if (max_rooms > 0 && socket->rooms.size() >= max_rooms) return WSHUB_ELIMIT;
            socket->rooms.push_back(key.substr(1));
        }
        socket->places.insert(key);
        moved(*socket, true, key);
        return WSHUB_OK;
    }
    std::int32_t leave_room(wshub_session handle, const std::string& key) {
        Socket* const socket = alive(handle);
        if (!socket) return WSHUB_ENOENT;
        if (socket->places.erase(key) == 0) return WSHUB_UNCHANGED;
        if (is_client_room(key)) {
            socket->rooms.erase(std::find(socket->rooms.begin(), socket->rooms.end(), key.substr(1)));
        }
        moved(*socket, false, key);
        return WSHUB_OK;
    }
    std::int32_t disconnect(wshub_session handle) {
        Socket* const socket = alive(handle);
        if (!socket) return WSHUB_ENOENT;
        if (socket->entrance) {
            socket->entrance->rejected = true;
            if (!socket->entrance->asking) conclude(*socket, Verdict::refusal());
            return WSHUB_OK;
        }
        if (!socket->connection->closing) end_client(*socket->client, "io server disconnect");
        leave(*socket, "server namespace disconnect");
        return WSHUB_OK;
    }
    std::int32_t close_transport(wshub_session handle) {
        Socket* const socket = find(handle);
        if (!socket) return WSHUB_ENOENT;
        if (socket->connection->closing) return WSHUB_OK;
        socket->connection->closing = true;
        clock_.post([this, connection = socket->connection] { close(*connection, "forced server close"); });
        return WSHUB_OK;
    }
    std::int32_t hold(wshub_session handle, std::uint32_t instance) {
        Socket* const socket = alive(handle);
        if (!socket || !socket->entrance || !socket->entrance->asking) return WSHUB_ENOENT;
        if (socket->entrance->holder != 0) return WSHUB_EEXIST;
        socket->entrance->holder = instance;
        return WSHUB_OK;
    }
    // Any thread: carried out in a later turn.
    std::int32_t decide(wshub_session handle, std::uint32_t instance, Verdict verdict) {
        Socket* const socket = alive(handle);
        if (!socket || !socket->entrance || socket->entrance->holder != instance) return WSHUB_ENOENT;
        socket->entrance->holder = 0;
        clock_.post([this, handle, verdict = std::move(verdict)] { decided(handle, verdict); });
        return WSHUB_OK;
    }
    std::int32_t set_username(wshub_session handle, const std::string& name) {
        Socket* const socket = alive(handle);
        if (!socket) return WSHUB_ENOENT;
        if (socket->username == name) return WSHUB_OK;
        const bool is_in = socket->stage != Socket::Stage::connecting;
        if (socket->username_is_fixed && is_in) return WSHUB_ESTATE;
        if (!name.empty() && !users_.emplace(std::make_pair(socket->nsp, name), handle).second) return WSHUB_EEXIST;
        if (!socket->username.empty()) users_.erase({socket->nsp, socket->username});
        socket->username = name;
        socket->username_is_fixed = !is_in && !name.empty();
        return WSHUB_OK;
    }

    // ---- who is there

    Socket* find(wshub_session handle) const {  // until its last hook has returned
        const auto found = sockets_.find(handle);
        return found == sockets_.end() ? nullptr : found->second.get();
    }
    Socket* alive(wshub_session handle) const {  // that something can still be done with
        Socket* const socket = find(handle);
        return socket && socket->stage != Socket::Stage::leaving ? socket : nullptr;
    }
    wshub_session find_sid(std::string_view sid) const {
        for (const auto& [handle, socket] : sockets_) {
            if (socket->sid == sid && socket->stage == Socket::Stage::connected) return handle;
        }
        return 0;
    }
    wshub_session find_user(const std::string& nsp, const std::string& name) const {
        const auto found = users_.find({nsp, name});
        return found != users_.end() && alive(found->second) ? found->second : 0;
    }
    template <class Wanted>
    std::vector<wshub_session> those(Wanted wanted) const {
        std::vector<wshub_session> found;
        for (const auto& [handle, socket] : sockets_) {
            if (socket->stage != Socket::Stage::leaving && wanted(*socket)) found.push_back(handle);
        }
        return found;
    }
    std::vector<wshub_session> connected(std::string_view nsp) const {
        return those([nsp](const Socket& it) { return it.stage == Socket::Stage::connected && it.nsp == nsp; });
    }
    std::uint64_t total(const std::string& nsp) const {
        const auto found = totals_.find(nsp);
        return found == totals_.end() ? 0 : found->second;
    }
    std::map<std::string, std::size_t> rooms(std::string_view nsp) const {
        std::map<std::string, std::size_t> sizes;
        for (const auto& [handle, socket] : sockets_) {
            if (socket->stage == Socket::Stage::leaving || socket->nsp != nsp) continue;
            for (const std::string& room : socket->rooms) ++sizes[room];
        }
        return sizes;
    }

    // Calls the hooks that wait; not from inside a plugin.
    void run_hooks() {
        if (calling_ > 0 || running_) return;
        running_ = true;
        while (!hooks_.empty()) {
            const Hook hook = std::move(hooks_.front());
            hooks_.pop_front();
            run(hook);
        }
        running_ = false;
    }
    bool has_hooks() const { return !hooks_.empty(); }

private:
    static constexpr std::uint64_t kHandles = std::uint64_t{1} << 32;  // no handle is a small number by accident
    struct Owed {
        wshub_session socket;
        std::shared_ptr<AnswerState> answer;
        bool in_handler = true, answered = false, kept = false;
    };
    struct Hook {
        enum class Kind : std::uint8_t { join, leave, gone, reply_lost } kind;
        wshub_session socket;
        std::string room;
        Asker asker;
    };

    static std::vector<std::string_view> views(const std::vector<std::string>& texts) {
        return {texts.begin(), texts.end()};
    }

    // What is called upwards may call back.
    template <class Call>
    std::invoke_result_t<Call, Sink&> call(Call function) {
        struct Calling {
            unsigned& depth;
            ~Calling() { --depth; }
        };
        ++calling_;
        const Calling end{calling_};
        return function(sink_);
    }

    // ---- CONNECT

    void ask_plugins(Socket& socket, std::size_t place) {
        socket.entrance->asking = true;
        Verdict verdict = call([&](Sink& sink) { return sink.on_connect(socket, place); });
        socket.entrance->asking = false;
        if (socket.entrance->rejected) verdict = Verdict::refusal();
        conclude(socket, verdict);
    }
    void conclude(Socket& socket, const Verdict& verdict) {
        const wshub_session handle = socket.handle;
        switch (verdict.answer) {
            case Verdict::Answer::accept:
                accept(socket);
                call([&](Sink& sink) { sink.on_connected(handle, socket.nsp); });
                break;
            case Verdict::Answer::refuse:
                if (!socket.connection->closing) {
                    const bool fits = !verdict.message.empty() && is_utf8(verdict.message);
                    tell_refusal(*socket.client, fits ? verdict.message : "Connection rejected by server",
                                 checked_json(verdict.data, '\0'));
                }
                drop(socket);
                break;
            case Verdict::Answer::hold:
                if (connect_timeout > 0) {
                    socket.entrance->patience =
                        clock_.schedule(socket.entrance->deadline, [this, handle] { decided_too_late(handle); });
                }
                break;
        }
        run_hooks();
    }
    void accept(Socket& socket) {
        socket.stage = Socket::Stage::connected;
        if (!socket.connection->closing) {
            socket.client->state = ClientSide::State::connected;
            socket.client->note("connected");
        }
        ++totals_[socket.nsp];
        const std::unique_ptr<Entrance> entrance = std::move(socket.entrance);
        clock_.cancel(entrance->patience);
        for (auto& [joined, room] : entrance->moves) {
            hooks_.push_back({joined ? Hook::Kind::join : Hook::Kind::leave, socket.handle, room, {}});
        }
        for (FakeMessage& message : entrance->messages) deliver(socket, std::move(message));
    }
    void decided(wshub_session handle, const Verdict& verdict) {
        Socket* const socket = alive(handle);
        if (!socket || !socket->entrance || socket->connection->closing) return;
        if (verdict.answer == Verdict::Answer::accept) return ask_plugins(*socket, socket->entrance->place);
        conclude(*socket, verdict);
    }
    void decided_too_late(wshub_session handle) {
        Socket* const socket = alive(handle);
        if (!socket || !socket->entrance || socket->entrance->holder == 0) return;
        socket->entrance->holder = 0;
        conclude(*socket, Verdict::refusal("Connection timed out"));
    }
    static void tell_refusal(ClientSide& client, std::string_view message, std::string_view data) {
        client.state = ClientSide::State::refused;
        json::Object object;
        object.add("message", message);
        if (!data.empty()) object.add("data", json::Raw{std::string(data)});
        client.refusal = std::move(object).build().text;
        client.note("refused " + client.refusal);
    }

    // ---- ends

    static void end_client(ClientSide& client, std::string_view reason) {
        client.state = ClientSide::State::disconnected;
        client.end = reason;
        client.note("disconnected: " + client.end);
    }
    void leave(Socket& socket, std::string_view reason) {
        socket.reason = reason;
        detach(socket);
        queue({Hook::Kind::gone, socket.handle, {}, {}});
    }
    // It was never in.
    void drop(Socket& socket) {
        clock_.cancel(socket.entrance->patience);
        detach(socket);
        erase(socket);
    }
    void detach(Socket& socket) {
        socket.stage = Socket::Stage::leaving;
        socket.places.clear();
        for (auto at = acks_.begin(); at != acks_.end();) {
            at = at->second.socket == socket.handle && at->second.kept ? acks_.erase(at) : std::next(at);
        }
        for (const auto& [id, request] : socket.requests) {
            clock_.cancel(request.timer);
            queue({Hook::Kind::reply_lost, socket.handle, {}, request.asker});
        }
        socket.requests.clear();
    }
    void erase(Socket& socket) {
        if (!socket.username.empty()) users_.erase({socket.nsp, socket.username});
        auto& siblings = socket.connection->sockets;
        siblings.erase(std::find(siblings.begin(), siblings.end(), socket.handle));
        sockets_.erase(socket.handle);
    }

    // ---- messages

    bool is_meant(const Emit& emit, const Socket& socket) const {
        const auto in = [&socket](const std::vector<std::string>& rooms) {
            return std::any_of(rooms.begin(), rooms.end(), [&](const auto& room) { return socket.places.count(room); });
        };
        const auto named = [&socket](const std::vector<wshub_session>& handles) {
            return std::find(handles.begin(), handles.end(), socket.handle) != handles.end();
        };
        const bool here =
            std::find(emit.namespaces.begin(), emit.namespaces.end(), socket.nsp) != emit.namespaces.end();
        const bool by_all = emit.all && here && socket.stage == Socket::Stage::connected;
        if (!by_all && !(here && in(emit.rooms)) && !named(emit.sockets)) return false;
        return !named(emit.except_sockets) && !in(emit.except_rooms);
    }
    static void prepare(const Emit& emit, FakeMessage& message) {
        Encoded encoded;
        encode(emit.args, views(emit.attachments), encoded);
        message.event = emit.event;
        message.args = json::View(encoded.args).size() == 0 ? "[]" : std::move(encoded.args);
        message.attachments = std::move(encoded.attachments);
    }
    std::int32_t ask(const Emit& emit) {
        FakeMessage message;
        prepare(emit, message);
        message.asks = true;
        const std::set<wshub_session> once(emit.sockets.begin(), emit.sockets.end());
        for (const wshub_session handle : once) {
            Socket* const socket = alive(handle);
            if (!socket) {
                queue({Hook::Kind::reply_lost, handle, {}, *emit.asker});
                continue;
            }
            const std::uint64_t id = message.ack_id = socket->next_request++;
            const std::uint64_t timer =
                clock_.schedule(clock_.now() + emit.timeout, [this, handle, id] { reply_is_late(handle, id); });
            socket->requests.emplace(id, Socket::Request{*emit.asker, timer});
            give(*socket, message, false);
        }
        return WSHUB_OK;
    }
    void reply_is_late(wshub_session handle, std::uint64_t id) {
        Socket* const socket = find(handle);
        const auto late = socket->requests.find(id);
        const Asker asker = late->second.asker;
        socket->requests.erase(late);
        call([&](Sink& sink) { sink.on_reply({handle, WSHUB_REPLY_TIMEOUT, asker, {}, {}}); });
        run_hooks();
    }
    void give(Socket& socket, const FakeMessage& message, bool is_volatile) {
        const Connection& connection = *socket.connection;
        if (is_volatile && (socket.entrance || connection.closing || !connection.takes_volatile)) return;
        ++socket.events_out;
        if (socket.entrance) {
            socket.entrance->messages.push_back(message);
        } else {
            deliver(socket, message);
        }
    }
    static void deliver(Socket& socket, FakeMessage message) {
        if (socket.connection->closing) return;
        socket.client->note("got " + message.text() + (message.asks ? " (asks)" : ""));
        socket.client->inbox.push_back(std::move(message));
    }
    void settle(wshub_ack ack) {
        const auto found = acks_.find(ack);
        if (found == acks_.end()) return;
        Owed& owed = found->second;
        owed.in_handler = false;
        if (owed.kept && !owed.answered) return;
        if (!owed.answered && alive(owed.socket)) give_answer(owed, {R"([{"status":"ok"}])", {}});
        acks_.erase(found);
    }
    void give_answer(const Owed& owed, Encoded encoded) const {
        if (find(owed.socket)->connection->closing) return;
        owed.answer->kind = AnswerState::Kind::given;
        owed.answer->args = std::move(encoded.args);
        owed.answer->attachments = std::move(encoded.attachments);
        find(owed.socket)
            ->client->note("callback " + std::to_string(owed.answer->number) + " " +
                           with_attachments(owed.answer->args, owed.answer->attachments));
    }

    // ---- hooks

    // Nobody is told of private rooms, nor of any before the socket is in.
    void moved(Socket& socket, bool joined, const std::string& key) {
        if (!is_client_room(key)) return;
        if (socket.entrance) {
            socket.entrance->moves.emplace_back(joined, key.substr(1));
        } else {
            queue({joined ? Hook::Kind::join : Hook::Kind::leave, socket.handle, key.substr(1), {}});
        }
    }
    void queue(Hook hook) { hooks_.push_back(std::move(hook)); }
    void run(const Hook& hook) {
        if (hook.kind == Hook::Kind::reply_lost) {
            call([&](Sink& sink) { sink.on_reply({hook.socket, WSHUB_REPLY_DISCONNECTED, hook.asker, {}, {}}); });
            return;
        }
        Socket* const socket = find(hook.socket);
        if (!socket) return;
        const std::string nsp = socket->nsp;
        switch (hook.kind) {
            case Hook::Kind::join: call([&](Sink& sink) { sink.on_join(hook.socket, nsp, hook.room); }); break;
            case Hook::Kind::leave: call([&](Sink& sink) { sink.on_leave(hook.socket, nsp, hook.room); }); break;
            default:
                for (const std::string& room : socket->rooms) {
                    call([&](Sink& sink) { sink.on_leave(hook.socket, nsp, room); });
                }
                call([&](Sink& sink) { sink.on_disconnect(hook.socket, nsp, socket->reason); });
                erase(*socket);
        }
    }

    Clockwork& clock_;
    Sink& sink_;
    std::map<wshub_session, std::unique_ptr<Socket>> sockets_;
    std::map<std::pair<std::string, std::string>, wshub_session> users_;  // by namespace and name
    std::map<std::string, std::uint64_t> totals_;
    std::map<wshub_ack, Owed> acks_;
    std::uint64_t last_socket_ = 0, last_ack_ = 0;
    std::deque<Hook> hooks_;
    unsigned calling_ = 0;
    bool running_ = false;
};

}  // namespace wshub::fake
