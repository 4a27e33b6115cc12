// The hub under several real loops and threads at once. What counts is what the sanitizers say, and that what was
// promised holds whatever the threads do.
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <charconv>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/log.h"
#include "fake_session.h"
#include "hub/hub.h"

using namespace wshub;
using namespace wshub::test;
using namespace std::chrono_literals;
using hub::RoomRef;
using hub::RoomSpace;
using hub::SocketHandle;

namespace {

constexpr unsigned kLoops = 3;
constexpr std::array<std::string_view, 4> kRoomNames{"a", "b", "c", "d"};

// Keeps what happens on each loop apart.
class StressSink final : public hub::EventSink {
public:
    std::function<void(const hub::IncomingEvent&)> on_event_do;
    std::function<hub::ConnectVerdict(const hub::ConnectRequest&)> on_connect_do;
    std::array<std::vector<SocketHandle>, kLoops> connected;  // each loop's own
    std::atomic<int> in{0}, out{0}, replies{0}, misplaced{0};

    bool serves(std::string_view) const override { return false; }
    hub::ConnectVerdict on_connect(const hub::ConnectRequest& request) override {
        place(request.socket);
        return on_connect_do ? on_connect_do(request) : hub::ConnectVerdict{};
    }
    void on_connected(SocketHandle socket, std::string_view) override {
        place(socket);
        ++in;
        connected[hub::loop_of(socket)].push_back(socket);
    }
    bool on_event(const hub::IncomingEvent& event) override {
        place(event.socket);
        if (on_event_do) on_event_do(event);
        return true;
    }
    void on_join(SocketHandle socket, std::string_view, std::string_view) override { place(socket); }
    void on_leave(SocketHandle socket, std::string_view, std::string_view) override { place(socket); }
    void on_disconnect(SocketHandle socket, std::string_view, std::string_view) override {
        place(socket);
        ++out;
    }
    void on_reply(const hub::Reply& reply) override {
        place(reply.socket);
        ++replies;
    }

private:
    void place(SocketHandle socket) {
        const net::Loop* here = net::Loop::current();
        if (!here || here->index() != hub::loop_of(socket)) ++misplaced;
    }
};

class Machine {
public:
    explicit Machine(hub::HubSettings settings)
        : hub(std::move(settings), {loops[0].get(), loops[1].get(), loops[2].get()}, clock, metrics) {
        hub.set_sink(sink);
        // The log's first use makes it, as log::set_up() does at a server's start: before there are other threads.
        base::log::debug("machine starts");
        for (const auto& loop : loops) loop->start();
    }
    ~Machine() {
        for (unsigned i = 0; i < kLoops; ++i) on(i, [this, i] { sessions[i].clear(); });
        for (const auto& loop : loops) loop->stop();
    }

    // Runs it on the loop, and waits until it and all that was posted there before is done.
    void on(unsigned loop, const std::function<void()>& act) {
        std::promise<void> done;
        loops[loop]->post([&] {
            act();
            done.set_value();
        });
        done.get_future().wait();
    }
    // What one loop posts to another, and that to a third, has arrived.
    void settle() {
        for (unsigned round = 0; round < kLoops; ++round) {
            for (unsigned i = 0; i < kLoops; ++i) on(i, [] {});
        }
    }
    // On its loop only.
    FakeSession& connect(unsigned loop) {
        sessions[loop].push_back(std::make_unique<FakeSession>(*loops[loop], hub));
        sessions[loop].back()->text("0");
        return *sessions[loop].back();
    }

    base::SystemClock clock;
    base::Metrics metrics;
    StressSink sink;
    std::array<std::unique_ptr<net::Loop>, kLoops> loops{std::make_unique<net::Loop>(0, clock),
                                                         std::make_unique<net::Loop>(1, clock),
                                                         std::make_unique<net::Loop>(2, clock)};
    hub::Hub hub;
    std::array<std::vector<std::unique_ptr<FakeSession>>, kLoops> sessions;  // each loop's own
};

hub::HubSettings without_limits() {
    hub::HubSettings settings;
    settings.limits.events = {0, 0};
    return settings;
}

// One thread that does anything at all to anybody.
void make_trouble(hub::Hub& hub, unsigned seed, int steps) {
    std::mt19937 random(seed);
    const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
    for (int step = 0; step < steps; ++step) {
        const std::vector<SocketHandle> all = hub.sockets("/");
        if (all.empty()) continue;
        const SocketHandle socket = pick(all), other = pick(all);
        const RoomRef room{random() % 4 == 0 ? RoomSpace::kServer : RoomSpace::kClient, pick(kRoomNames)};
        const std::string name = "user" + std::to_string(random() % 5);
        hub::Emit emit;
        emit.nsp = "/";
        emit.event = "e";
        emit.args = R"([{"x":[1,2,3]}])";
        const std::string names = "[\"" + name + "\",\"user" + std::to_string(random() % 5) + "\"]";
        switch (random() % 20) {
            case 0:
            case 1: hub.join(socket, room); break;
            case 2: hub.leave(socket, room); break;
            case 3:
                emit.all = true;
                emit.except_sockets = {&other, 1};
                hub.emit(emit);
                break;
            case 4:
            case 5:
                emit.rooms = {&room, 1};
                emit.is_volatile = random() % 2 == 0;
                hub.emit(emit);
                break;
            case 6:
                emit.sockets = {&socket, 1};
                emit.reply = hub::Emit::ReplyWanted{5ms, 1, 2};
                hub.emit(emit);
                break;
            case 7: hub.set_username(socket, random() % 4 == 0 ? std::string() : name); break;
            case 8:
                if (const SocketHandle user = hub.find_user("/", name)) hub.set_var(user, "k", "1");
                break;
            case 9: {
                std::string sid;
                hub.read(socket, [&](const hub::SocketRecord& record) {
                    sid = record.sid + record.username;
                    for (const std::string& in : record.rooms) sid += in;
                });
                hub.find(std::string_view(sid).substr(0, 20));
                break;
            }
            case 10: hub.set_profile(socket, R"({"a":1})"); break;
            case 11: hub.members("/", room); break;
            case 12: hub.rooms("/"); break;
            case 13: hub.fail(socket, 0, "C", "m"); break;
            case 14:
                if (random() % 8 == 0) hub.disconnect(socket);
                break;
            case 15:
                if (random() % 8 == 0) hub.close_transport(socket);
                break;
            case 16:
            case 17: hub.set_following(socket, names); break;
            case 18: hub.followers("/", name); break;
            case 19:
                hub.set_roles(socket, names);
                hub.has_role(other, name);
                break;
        }
    }
}

// One loop's clients, which come, talk and go.
void live(Machine& machine, unsigned loop, std::mt19937& random, int steps) {
    auto& sessions = machine.sessions[loop];
    for (int step = 0; step < steps; ++step) {
        if (sessions.size() < 8) machine.connect(loop);
        const std::size_t at = random() % sessions.size();
        FakeSession& session = *sessions[at];
        session.packets.clear();
        if (session.user_is_gone()) {
            sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(at));
            continue;
        }
        switch (random() % 16) {
            case 0: session.drop(); break;
            case 1: session.text("1"); break;
            case 2: session.text("0"); break;  // perhaps for the second time
            case 3: session.text("30[1]"); break;
            case 4:
                session.text(R"(51-["b",{"_placeholder":true,"num":0}])");
                session.binary("xyz");
                break;
            default: session.text(R"(27["talk"])"); break;
        }
    }
}

}  // namespace

TEST_CASE("threads that do everything at once leave the hub in order", "[threads]") {
    Machine machine(without_limits());
    hub::Hub& hub = machine.hub;
    machine.sink.on_event_do = [&](const hub::IncomingEvent& event) {
        thread_local std::mt19937 random(std::hash<std::thread::id>{}(std::this_thread::get_id()) & 0xffff);
        const RoomRef room{RoomSpace::kClient, kRoomNames[random() % kRoomNames.size()]};
        hub::Emit emit;
        emit.nsp = "/";
        emit.event = "said";
        emit.args = event.args;
        emit.attachments = event.attachments;
        emit.rooms = {&room, 1};
        emit.except_sockets = {&event.socket, 1};
        switch (random() % 6) {
            case 0: hub.join(event.socket, room); break;
            case 1: hub.leave(event.socket, room); break;
            case 2: hub.emit(emit); break;
            case 3: hub.set_username(event.socket, "user" + std::to_string(random() % 5)); break;
            case 4:
                if (event.ack == 0) break;
                hub.keep_ack(event.ack);
                std::thread([&hub, ack = event.ack] { hub.ack(ack, "[1]"); }).join();
                break;
            case 5: hub.fail(event.socket, event.ack, "C", "m"); break;
        }
    };

    std::array<std::mt19937, kLoops> randoms{std::mt19937(1), std::mt19937(2), std::mt19937(3)};
    std::vector<std::thread> troublemakers;
    for (unsigned seed = 0; seed < 2; ++seed) {
        troublemakers.emplace_back([&, seed] { make_trouble(hub, 100 + seed, 2000); });
    }
    for (int round = 0; round < 40; ++round) {
        for (unsigned i = 0; i < kLoops; ++i) {
            machine.loops[i]->post([&machine, &randoms, i] { live(machine, i, randoms[i], 25); });
        }
    }
    for (std::thread& thread : troublemakers) thread.join();
    machine.settle();

    // No name twice.
    std::map<std::string, int> names;
    for (const SocketHandle socket : hub.sockets("/")) {
        std::string name;
        hub.read(socket, [&](const hub::SocketRecord& record) { name = record.username; });
        if (!name.empty()) CHECK(++names[name] == 1);
        if (!name.empty()) CHECK(hub.find_user("/", name) == socket);
    }

    for (unsigned i = 0; i < kLoops; ++i) {
        machine.on(i, [&machine, i] {
            for (const auto& session : machine.sessions[i]) session->drop();
        });
    }
    machine.settle();
    CHECK(machine.sink.misplaced == 0);
    CHECK(machine.sink.in > 0);
    CHECK(machine.sink.in == machine.sink.out);
    CHECK(hub.sockets("").empty());
    CHECK(hub.socket_count("/") == 0);
    CHECK(hub.rooms("/").empty());
    for (int i = 0; i < 5; ++i) CHECK(hub.find_user("/", "user" + std::to_string(i)) == 0);
    for (int i = 0; i < 5; ++i) CHECK(hub.followers("/", "user" + std::to_string(i)).empty());

    // Every name is free again.
    machine.on(0, [&] {
        machine.connect(0);
        const SocketHandle socket = machine.sink.connected[0].back();
        for (int i = 0; i < 5; ++i) {
            CHECK(hub.set_username(socket, "user" + std::to_string(i)) == hub::HubError::kNone);
        }
    });
}

TEST_CASE("every client gets every message once, and those of one sender in order", "[threads]") {
    static constexpr int kMessages = 300;
    static constexpr unsigned kThreads = 2;
    static constexpr std::size_t kClients = 4;  // of a loop
    Machine machine(without_limits());
    for (unsigned i = 0; i < kLoops; ++i) {
        machine.on(i, [&machine, i] {
            for (std::size_t client = 0; client < kClients; ++client) machine.connect(i);
            for (const SocketHandle socket : machine.sink.connected[i]) {
                machine.hub.join(socket, {RoomSpace::kClient, "room"});
            }
            for (const auto& session : machine.sessions[i]) session->packets.clear();
        });
    }
    // Senders 0 to 2 are the loops, 3 and 4 other threads. They emit to all and to the room in turn.
    const auto send = [&machine](unsigned sender, int number) {
        const RoomRef room{RoomSpace::kClient, "room"};
        const std::string args = "[" + std::to_string(number) + "]", name = "from" + std::to_string(sender);
        hub::Emit emit;
        emit.nsp = "/";
        emit.event = name;
        emit.args = args;
        emit.all = number % 2 == 0;
        if (!emit.all) emit.rooms = {&room, 1};
        machine.hub.emit(emit);
    };
    std::vector<std::thread> threads;
    for (unsigned sender = kLoops; sender < kLoops + kThreads; ++sender) {
        threads.emplace_back([&send, sender] {
            for (int number = 0; number < kMessages; ++number) send(sender, number);
        });
    }
    for (int number = 0; number < kMessages; ++number) {
        for (unsigned i = 0; i < kLoops; ++i) machine.loops[i]->post([&send, i, number] { send(i, number); });
    }
    for (std::thread& thread : threads) thread.join();
    machine.settle();

    for (unsigned i = 0; i < kLoops; ++i) {
        machine.on(i, [&machine, i] {
            for (const auto& session : machine.sessions[i]) {
                std::map<char, int> next;  // by sender
                bool in_order = true;
                for (const std::string& packet : session->received()) {
                    // 42["from3",17]
                    const char sender = packet.at(8);
                    int number = -1;
                    std::from_chars(packet.data() + 11, packet.data() + packet.size(), number);
                    in_order = in_order && number == next[sender]++;
                }
                CHECK(in_order);
                CHECK(next.size() == kLoops + kThreads);
                for (const auto& [sender, count] : next) CHECK(count == kMessages);
            }
        });
    }
}

TEST_CASE("of threads that claim a name for different sockets exactly one wins", "[threads]") {
    Machine machine(without_limits());
    std::vector<SocketHandle> sockets;
    for (unsigned i = 0; i < kLoops; ++i) {
        machine.on(i, [&machine, i] { machine.connect(i); });
        sockets.push_back(machine.sink.connected[i].front());
    }
    for (int round = 0; round < 50; ++round) {
        const std::string name = "name" + std::to_string(round);
        std::atomic<int> won{0}, ready{0};
        std::vector<std::thread> threads;
        for (const SocketHandle socket : sockets) {
            threads.emplace_back([&, socket] {
                ++ready;
                while (ready < static_cast<int>(kLoops)) std::this_thread::yield();
                if (machine.hub.set_username(socket, name) == hub::HubError::kNone) ++won;
            });
        }
        for (std::thread& thread : threads) thread.join();
        machine.settle();
        REQUIRE(won == 1);
        int named = 0;
        for (const SocketHandle socket : sockets) {
            machine.hub.read(socket, [&](const hub::SocketRecord& record) { named += record.username == name; });
        }
        REQUIRE(named == 1);
    }
}

TEST_CASE("a name that its owner spells anew all the time is always found, and nobody else's", "[threads]") {
    Machine machine(without_limits());
    for (unsigned i = 0; i < 2; ++i) machine.on(i, [&machine, i] { machine.connect(i); });
    const SocketHandle owner = machine.sink.connected[0].front(), other = machine.sink.connected[1].front();
    const std::array<std::string, 2> spellings{"Ren\xc3\xa9", "Rene\xcc\x81"};
    REQUIRE(machine.hub.set_username(owner, spellings[0]) == hub::HubError::kNone);
    std::atomic<bool> done{false};
    std::thread renaming([&] {
        for (std::size_t i = 0; i < 2000; ++i) machine.hub.set_username(owner, spellings[i % 2]);
        done = true;
    });
    int wrong = 0;
    while (!done) {
        wrong += machine.hub.find_user("/", spellings[0]) != owner;
        wrong += machine.hub.set_username(other, spellings[1]) != hub::HubError::kTaken;
    }
    renaming.join();
    machine.settle();
    CHECK(wrong == 0);
    CHECK(machine.hub.set_username(owner, "") == hub::HubError::kNone);
    machine.settle();
    CHECK(machine.hub.set_username(other, spellings[1]) == hub::HubError::kNone);
    machine.settle();
}

TEST_CASE("verdicts that race with each other and with clients that go are given once", "[threads]") {
    Machine machine(without_limits());
    std::mutex mutex;
    std::vector<SocketHandle> held;
    machine.sink.on_connect_do = [&](const hub::ConnectRequest& request) -> hub::ConnectVerdict {
        if (request.behind.place == 2) return {};
        machine.hub.hold(request.socket, {1, request.behind.place + 1});
        const std::lock_guard lock(mutex);
        held.push_back(request.socket);
        return {hub::ConnectVerdict::Answer::kHold, {}, {}};
    };
    std::atomic<int> given{0}, rounds{0};
    std::atomic<bool> quit{false};
    std::vector<std::thread> deciders;
    for (unsigned seed = 0; seed < 3; ++seed) {
        deciders.emplace_back([&, seed] {
            std::mt19937 random(seed);
            while (!quit) {
                std::vector<SocketHandle> waiting;
                {
                    const std::lock_guard lock(mutex);
                    waiting = held;
                }
                for (const SocketHandle socket : waiting) {
                    const bool yes = random() % 4 != 0;
                    hub::ConnectVerdict verdict = yes ? hub::ConnectVerdict{} : hub::ConnectVerdict::refusal("no");
                    if (machine.hub.decide(socket, 1, std::move(verdict)) == hub::HubError::kNone) ++given;
                    if (random() % 64 == 0) machine.hub.disconnect(socket);
                    if (random() % 256 == 0) machine.hub.refuse_held(1, hub::ConnectVerdict::refusal("gone"));
                }
            }
        });
    }
    std::array<std::mt19937, kLoops> randoms{std::mt19937(1), std::mt19937(2), std::mt19937(3)};
    std::array<std::function<void()>, kLoops> visits;
    for (unsigned i = 0; i < kLoops; ++i) {
        visits[i] = [&, i] {
            auto& sessions = machine.sessions[i];
            FakeSession& client = machine.connect(i);
            if (randoms[i]() % 4 == 0) client.drop();
            if (sessions.size() > 20) sessions.erase(sessions.begin());
            // On a busy machine the deciders may come to nothing for long.
            if (++rounds < 3000 || given == 0) machine.loops[i]->post(visits[i]);
        };
        machine.loops[i]->post(visits[i]);
    }
    while (rounds < 3000 || given == 0) std::this_thread::yield();
    quit = true;
    for (std::thread& thread : deciders) thread.join();
    machine.settle();

    // Whoever is still held can be decided on; afterwards nobody is left over.
    for (int place = 0; place < 2; ++place) {
        std::vector<SocketHandle> waiting;
        {
            const std::lock_guard lock(mutex);
            waiting = held;
        }
        for (const SocketHandle socket : waiting) machine.hub.decide(socket, 1, hub::ConnectVerdict::refusal("over"));
        machine.settle();
    }
    CHECK(given > 0);
    for (unsigned i = 0; i < kLoops; ++i) {
        machine.on(i, [&machine, i] {
            for (const auto& session : machine.sessions[i]) session->drop();
        });
    }
    machine.settle();
    CHECK(machine.sink.misplaced == 0);
    CHECK(machine.hub.sockets("").empty());
    CHECK(machine.hub.socket_count("/") == 0);
    for (const SocketHandle socket : held) {
        CHECK_FALSE(machine.hub.read(socket, [](const hub::SocketRecord&) {}));
    }
}
