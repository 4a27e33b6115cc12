// A hub on loops that the test turns by hand, with clients that are FakeSessions and an EventSink that writes down what
// it is told.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_session.h"
#include "hub/hub.h"

namespace wshub::test {

class RecordingSink final : public hub::EventSink {
public:
    // One line a call: "connect /", "event / name [args]", "join / room", "disconnect / transport close", ...
    std::vector<std::string> calls;
    std::vector<std::string> served;
    std::vector<hub::SocketHandle> connected;

    std::function<hub::ConnectVerdict(const hub::ConnectRequest&)> on_connect_do;
    std::function<void(hub::SocketHandle)> on_connected_do, on_disconnect_do;
    std::function<bool(const hub::IncomingEvent&)> on_event_do;
    std::function<void(hub::SocketHandle, std::string_view)> on_join_do, on_leave_do;
    std::function<void(const hub::Reply&)> on_reply_do;

    std::vector<std::string> take() { return std::exchange(calls, {}); }

    bool serves(std::string_view nsp) const override {
        return std::find(served.begin(), served.end(), nsp) != served.end();
    }
    hub::ConnectVerdict on_connect(const hub::ConnectRequest& request) override {
        note("connect", request.nsp, request.auth);
        return on_connect_do ? on_connect_do(request) : hub::ConnectVerdict{};
    }
    void on_connected(hub::SocketHandle socket, std::string_view nsp) override {
        connected.push_back(socket);
        note("connected", nsp);
        if (on_connected_do) on_connected_do(socket);
    }
    bool on_event(const hub::IncomingEvent& event) override {
        std::string line(event.name);
        line += ' ';
        line += event.args;
        for (const std::string_view bytes : event.attachments) line += " b:" + std::string(bytes);
        note("event", event.nsp, line);
        return on_event_do ? on_event_do(event) : true;
    }
    void on_join(hub::SocketHandle socket, std::string_view nsp, std::string_view room) override {
        note("join", nsp, room);
        if (on_join_do) on_join_do(socket, room);
    }
    void on_leave(hub::SocketHandle socket, std::string_view nsp, std::string_view room) override {
        note("leave", nsp, room);
        if (on_leave_do) on_leave_do(socket, room);
    }
    void on_disconnect(hub::SocketHandle socket, std::string_view nsp, std::string_view reason) override {
        note("disconnect", nsp, reason);
        if (on_disconnect_do) on_disconnect_do(socket);
    }
    void on_reply(const hub::Reply& reply) override {
        static constexpr std::string_view kNames[] = {"answered", "timeout", "disconnected"};
        std::string line(kNames[static_cast<std::size_t>(reply.status)]);
        line += " owner=" + std::to_string(reply.owner) + " cookie=" + std::to_string(reply.cookie);
        if (!reply.args.empty()) line += " " + std::string(reply.args);
        for (const std::string_view bytes : reply.attachments) line += " b:" + std::string(bytes);
        calls.push_back("reply " + line);
        if (on_reply_do) on_reply_do(reply);
    }

private:
    void note(std::string_view what, std::string_view nsp, std::string_view rest = {}) {
        std::string line(what);
        line += ' ';
        line += nsp;
        if (!rest.empty()) line += ' ';
        line += rest;
        calls.push_back(std::move(line));
    }
};

class World {
public:
    explicit World(unsigned loop_count = 1, hub::HubSettings settings = {})
        : loops(made_loops(loop_count, clock)), hub(std::move(settings), pointers(loops), clock, metrics) {
        hub.set_sink(sink);
    }

    // A connection that has joined nothing yet.
    FakeSession& session(unsigned loop = 0) {
        sessions.push_back(std::make_unique<FakeSession>(*loops[loop], hub, "127.0.0.1", address));
        return *sessions.back();
    }
    // The handle of the socket; what the client was sent so far is thrown away.
    hub::SocketHandle join(FakeSession& client, std::string_view nsp = "/") {
        client.text(nsp == "/" ? "0" : "0" + std::string(nsp) + ",");
        client.packets.clear();
        return sink.connected.back();
    }
    std::pair<FakeSession*, hub::SocketHandle> client(unsigned loop = 0, std::string_view nsp = "/") {
        FakeSession& made = session(loop);
        return {&made, join(made, nsp)};
    }

    // As if the calling code ran on that loop.
    template <class Do>
    auto on(unsigned loop, Do act) {
        const net::Loop::Enter here(*loops[loop]);
        return act();
    }
    // Until everything posted and deferred is done.
    void turn() {
        for (int i = 0; i < 4; ++i) {
            for (const auto& loop : loops) loop->turn();
        }
    }
    void pass(base::milliseconds time) {
        clock.advance(time);
        turn();
    }
    std::vector<std::string> rooms_of(hub::SocketHandle socket) {
        std::vector<std::string> rooms;
        hub.read(socket, [&](const hub::SocketRecord& record) { rooms = record.rooms; });
        return rooms;
    }

    base::ManualClock clock;
    base::Metrics metrics;
    std::vector<std::unique_ptr<net::Loop>> loops;
    RecordingSink sink;
    hub::Hub hub;
    session::Address* address = nullptr;  // of the sessions to come
    std::vector<std::unique_ptr<FakeSession>> sessions;

private:
    static std::vector<std::unique_ptr<net::Loop>> made_loops(unsigned count, const base::Clock& clock) {
        std::vector<std::unique_ptr<net::Loop>> out;
        for (unsigned i = 0; i < count; ++i) out.push_back(std::make_unique<net::Loop>(i, clock));
        return out;
    }
    static std::vector<net::Loop*> pointers(const std::vector<std::unique_ptr<net::Loop>>& loops) {
        std::vector<net::Loop*> out;
        for (const auto& loop : loops) out.push_back(loop.get());
        return out;
    }
};

using Lines = std::vector<std::string>;

}  // namespace wshub::test
