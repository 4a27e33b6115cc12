// What FakeHost is made of: who connects, the clock, and the records that its hub keeps. Part of testing.h; its users
// need FakeConnect.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing_client.h"
#include "testing_text.h"

namespace wshub {

// Who connects. For C++20: host.connect({.auth = R"({"token":"x"})", .nsp = "/chat"}).
struct FakeConnect {
    std::string auth{};  // JSON object; empty: the client sends none
    std::string nsp = "/";
    std::string remote = "192.0.2.1";
    std::optional<std::string> user_agent = "fake";  // nothing: the client sends none
    std::string headers{};                           // of its first request: "Name: value\r\n" for each
    std::string query = "EIO=4&transport=websocket";
    std::string transport = "websocket";
    bool secure = false;
};

// What a plugin asked for by control().
struct FakeControlRequest {
    std::string operation, arguments;
};
// What it is told. With a code: it was not done.
struct FakeControlAnswer {
    std::string result = "{}";  // JSON object
    std::string code{}, message{};
};

namespace fake {

inline std::uint64_t to_ms(std::chrono::milliseconds duration) {
    return duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0;
}

// Time, and what is to happen later.
class Clockwork {
public:
    using Task = std::function<void()>;
    static constexpr std::uint64_t kStart = 1'700'000'000'000;  // 2023-11-14T22:13:20Z

    std::uint64_t now() const { return now_; }
    std::uint64_t schedule(std::uint64_t due, Task task) {
        due_.emplace(++last_, due);
        tasks_.emplace(std::make_pair(due, last_), std::move(task));
        return last_;
    }
    void cancel(std::uint64_t id) {
        const auto found = due_.find(id);
        if (found == due_.end()) return;
        tasks_.erase({found->second, id});
        due_.erase(found);
    }
    void post(Task task) { posted_.push_back(std::move(task)); }

    // What was posted up to now.
    std::deque<Task> take_posted() { return std::exchange(posted_, {}); }
    // The next one that is due by then; time moves on to it.
    bool take_due(std::uint64_t until, Task& task) {
        if (tasks_.empty() || tasks_.begin()->first.first > until) return false;
        const auto first = tasks_.begin();
        now_ = std::max(now_, first->first.first);
        due_.erase(first->first.second);
        task = std::move(first->second);
        tasks_.erase(first);
        return true;
    }
    bool is_due() const { return !tasks_.empty() && tasks_.begin()->first.first <= now_; }
    void move_to(std::uint64_t now) { now_ = std::max(now_, now); }

private:
    std::uint64_t now_ = kStart, last_ = 0;
    std::map<std::pair<std::uint64_t, std::uint64_t>, Task> tasks_;  // by time, then in the order made
    std::map<std::uint64_t, std::uint64_t> due_;                     // by number
    std::deque<Task> posted_;
};

// What the sockets of one client share.
struct Connection {
    FakeConnect as;
    bool closing = false;  // nothing goes either way any more
    bool takes_volatile = true;
    std::vector<wshub_session> sockets;
    std::vector<std::shared_ptr<ClientSide>> clients;  // that have asked for a namespace
};

struct Verdict {
    enum class Answer : std::uint8_t { accept, refuse, hold } answer = Answer::accept;
    std::string message, data;
    static Verdict refusal(std::string message = {}, std::string data = {}) {
        return {Answer::refuse, std::move(message), std::move(data)};
    }
};

// Who asked a client something.
struct Asker {
    std::uint32_t instance = 0;
    wshub_slot slot = 0;
    std::uint64_t cookie = 0;
};

// What a socket needs until it is in.
struct Entrance {
    bool asking = false;  // plugins are being asked; otherwise it is held
    bool rejected = false;
    std::uint32_t holder = 0;    // the instance that owes the verdict
    std::size_t place = 0;       // where to go on when it accepts
    std::uint64_t patience = 0;  // timer
    std::uint64_t deadline = 0;
    std::vector<FakeMessage> messages;
    std::vector<std::pair<bool, std::string>> moves;  // rooms joined (or left)
};

struct Socket {
    enum class Stage : std::uint8_t { connecting, connected, leaving } stage = Stage::connecting;
    wshub_session handle = 0;
    std::shared_ptr<Connection> connection;
    std::shared_ptr<ClientSide> client;
    std::string sid, nsp, auth, username, profile = "{}", following = "[]";
    bool username_is_fixed = false;
    std::vector<std::string> follows, roles;
    std::map<std::string, std::string, std::less<>> vars;
    std::vector<std::string> rooms;  // of clients, in the order joined
    std::set<std::string> places;    // all rooms, as room keys
    std::uint64_t connected_at = 0, events_in = 0, events_out = 0;
    std::unique_ptr<Entrance> entrance = std::make_unique<Entrance>();
    struct Request {
        Asker asker;
        std::uint64_t timer;
    };
    std::uint64_t next_request = 0;
    std::map<std::uint64_t, Request> requests;
    std::string reason;
};

// A room's name with what tells clients' rooms and private ones apart.
inline std::string client_room(std::string_view name) {
    return "c" + std::string(name);
}
inline bool is_client_room(const std::string& key) {
    return key.front() == 'c';
}

struct Emit {
    std::vector<std::string> namespaces;  // of `all` and the rooms
    std::string event, args;
    std::vector<std::string> attachments;
    bool all = false, is_volatile = false;
    std::vector<std::string> rooms, except_rooms;  // keys
    std::vector<wshub_session> sockets, except_sockets;
    std::optional<Asker> asker;
    std::uint64_t timeout = 0;
};

struct Incoming {
    wshub_session socket;
    wshub_ack ack;
    const std::string& nsp;
    std::string_view name, args;
    const std::vector<std::string>& attachments;
};

struct Outcome {
    wshub_session socket;
    std::int32_t status;
    Asker asker;
    std::string_view args;
    const std::vector<std::string>& attachments;
};

// What the hub calls upwards.
class Sink {
public:
    virtual bool serves(std::string_view nsp) const = 0;
    virtual Verdict on_connect(Socket& socket, std::size_t place) = 0;
    virtual void on_connected(wshub_session socket, const std::string& nsp) = 0;
    virtual bool on_event(const Incoming& event) = 0;
    virtual void on_join(wshub_session socket, const std::string& nsp, const std::string& room) = 0;
    virtual void on_leave(wshub_session socket, const std::string& nsp, const std::string& room) = 0;
    virtual void on_disconnect(wshub_session socket, const std::string& nsp, const std::string& reason) = 0;
    virtual void on_reply(const Outcome& outcome) = 0;

protected:
    ~Sink() = default;
};

}  // namespace fake
}  // namespace wshub
