// What FakeHost and its clients do. Part of testing.h, and no concern of its users.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing.h"

namespace wshub {

inline std::string FakeClient::state() const {
    using State = fake::ClientSide::State;
    switch (side_->state) {
        case State::waiting: return "waiting";
        case State::connected: return "connected";
        case State::refused: return "refused";
        case State::disconnected: break;
    }
    return "disconnected";
}

inline void FakeClient::emit_raw(std::string_view event, std::string_view args,
                                 const std::vector<std::string>& attachments) {
    host_->send(*this, event, args, attachments, nullptr);
}

inline FakeAnswer FakeClient::ask_raw(std::string_view event, std::string_view args,
                                      const std::vector<std::string>& attachments) {
    const auto state = std::make_shared<fake::AnswerState>();
    host_->send(*this, event, args, attachments, state);
    return FakeAnswer(state);
}

inline const std::vector<FakeMessage>& FakeClient::inbox() const {
    host_->run();
    return side_->inbox;
}

inline std::string FakeClient::received() {
    std::string lines;
    const std::vector<FakeMessage>& all = inbox();
    for (; side_->fetched < all.size(); ++side_->fetched) {
        lines += (lines.empty() ? "" : "\n") + all[side_->fetched].text();
    }
    return lines;
}

inline std::string FakeClient::history() const {
    host_->run();
    return side_->history;
}

inline void FakeClient::answer_raw(std::string_view event, std::string_view args,
                                   const std::vector<std::string>& attachments) {
    const auto lock = host_->drive();
    const auto waits = [event](const FakeMessage& it) { return it.asks && !it.answered && it.event == event; };
    const auto asked = std::find_if(side_->inbox.begin(), side_->inbox.end(), waits);
    if (asked == side_->inbox.end()) {
        throw std::logic_error("FakeClient::answer: no " + std::string(event) + " waits for an answer");
    }
    const std::string text(fake::checked_json(args, '[', fake::kMaxOwnDepth));
    if (text.empty()) throw std::invalid_argument("FakeClient::answer: not a JSON array: " + std::string(args));
    asked->answered = true;
    host_->world_.hub.reply(id_, asked->ack_id, text, attachments);
    host_->world_.settle();
}

inline void FakeClient::disconnect(std::string_view reason) {
    const auto lock = host_->drive();
    fake::Hub& hub = host_->world_.hub;
    if (reason != "client namespace disconnect") {
        hub.close(*connection_, std::string(reason));
    } else {
        hub.leave_namespace(id_);
    }
    host_->world_.settle();
}

inline FakeClient FakeClient::also(std::string nsp, std::string auth) const {
    return host_->connect_as(connection_, std::move(nsp), std::move(auth));
}

inline Session FakeClient::session() const {
    return {host_->handle(), id_};
}

inline std::ostream& operator<<(std::ostream& out, const FakeClient& client) {
    return out << client.state();
}

// ---- FakeChannel

inline void FakeChannel::send(std::string_view data, bool binary) {
    const auto lock = host_->drive();
    if (!side_) throw std::logic_error("FakeChannel: nobody serves its path");
    if (!binary && !fake::is_utf8(data)) throw std::invalid_argument("FakeChannel: a text that is not UTF-8");
    fake::tell_channel(host_->world_, side_, WSHUB_CHANNEL_MESSAGE, data, binary);
    host_->world_.settle();
}

inline std::string FakeChannel::received() {
    host_->run();
    std::string lines;
    if (!side_) return lines;
    for (; side_->fetched < side_->inbox.size(); ++side_->fetched) {
        lines += (lines.empty() ? "" : "\n") + side_->inbox[side_->fetched];
    }
    return lines;
}

inline void FakeChannel::disconnect(std::string_view reason) {
    const auto lock = host_->drive();
    if (side_) fake::end_channel(host_->world_, side_, 1005, {}, std::string(reason));
    host_->world_.settle();
}

// ---- FakeHost

inline FakeHost::FakeHost() : test_(world_, "test", {}, nullptr, 0) {
    test_.state = fake::Instance::State::running;
}

inline FakeHost::~FakeHost() {
    try {
        stop();
    } catch (...) {  // the test has failed already, by posts without an end
    }
    const Lock lock(world_.mutex);
    for (auto each = world_.instances.rbegin(); each != world_.instances.rend(); ++each) world_.stop(**each);
    for (auto each = world_.instances.rbegin(); each != world_.instances.rend(); ++each) world_.destroy(**each);
}

// For each call that lets things happen.
inline FakeHost::Lock FakeHost::drive() {
    if (!world_.here()) throw std::logic_error("FakeHost is used by the thread that made it");
    Lock lock(world_.mutex);
    start_all();
    world_.settle();
    return lock;
}

inline void* FakeHost::load_functions(const wshub_plugin_v1* functions, FakeSettings settings, std::string name) {
    const Lock lock(world_.mutex);
    const std::uint32_t number = ++world_.last_instance;
    if (name.empty())
        name = world_.instances.empty() ? "plugin" : "plugin" + std::to_string(world_.instances.size() + 1);
    world_.instances.push_back(std::make_unique<fake::Instance>(world_, name, std::move(settings), functions, number));
    fake::Instance& instance = *world_.instances.back();
    std::string wrong;
    try {
        world_.create(instance, fake::host_functions());
        for (const std::string& problem : instance.settings.problems()) wrong += (wrong.empty() ? "" : "\n") + problem;
        const std::string route = world_.taken_route(instance);
        if (!route.empty()) wrong = "plugin " + name + ": the route '" + route + "' is already taken";
        const std::string channel = world_.taken_channel(instance);
        if (!channel.empty()) wrong = "plugin " + name + ": " + channel;
    } catch (const std::exception& refused) {
        wrong = refused.what();
    }
    if (wrong.empty()) return instance.self;
    world_.destroy(instance);
    world_.instances.pop_back();
    throw std::runtime_error(wrong);
}

inline void FakeHost::start_all() {
    using State = fake::Instance::State;
    for (const auto& instance : world_.instances) {
        if (instance->state == State::loaded) world_.start(*instance);
    }
}

inline void FakeHost::start() {
    Lock lock(world_.mutex);
    for (const auto& instance : world_.instances) {
        if (instance->self && instance->state == fake::Instance::State::stopped) world_.start(*instance);
    }
    start_all();
    world_.settle();
}

inline void FakeHost::stop() {
    Lock lock(world_.mutex);
    const auto everybody = [](const fake::Socket&) { return true; };
    for (const wshub_session each : world_.hub.those(everybody)) {
        const fake::Socket* const socket = world_.hub.alive(each);
        if (socket) world_.hub.close(*socket->connection, "server shutting down");
    }
    const auto channels = world_.channels;
    for (const auto& [id, side] : channels) fake::end_channel(world_, side, 1001, {}, "server shutting down");
    world_.settle();
    for (auto each = world_.instances.rbegin(); each != world_.instances.rend(); ++each) world_.stop(**each);
    world_.settle();
}

inline void FakeHost::reload() {
    const auto lock = drive();
    for (std::size_t place = 0; place < world_.instances.size(); ++place) {
        world_.reload(place, nullptr, fake::host_functions());
    }
    world_.settle();
}

inline void FakeHost::reload_entry(const wshub_plugin_v1* functions) {
    const auto lock = drive();
    if (world_.instances.empty()) throw std::logic_error("FakeHost::reload_entry: no plugin was loaded");
    world_.reload(0, functions, fake::host_functions());
    world_.settle();
}

inline std::vector<FakeControlRequest> FakeHost::control_requests() const {
    const Lock lock(world_.mutex);
    return world_.control_requests;
}

inline void FakeHost::answer_control(const std::string& operation, FakeControlAnswer answer) {
    const Lock lock(world_.mutex);
    world_.control_answers[operation] = std::move(answer);
}

inline FakeClient FakeHost::connect(FakeConnect as) {
    const auto connection = std::make_shared<fake::Connection>();
    std::string nsp = as.nsp, auth = as.auth;
    connection->as = std::move(as);
    return connect_as(connection, std::move(nsp), std::move(auth));
}

inline FakeClient FakeHost::connect_as(std::shared_ptr<fake::Connection> connection, std::string nsp,
                                       std::string auth) {
    const auto lock = drive();
    if (connection->closing) throw std::logic_error("FakeClient::also: its connection has ended");
    if (!auth.empty()) {
        auth = std::string(fake::checked_json(std::string(auth), '{', fake::kMaxOwnDepth));
        if (auth.empty()) throw std::invalid_argument("FakeHost::connect: auth is not a JSON object");
    }
    FakeClient client(*this, connection, std::make_shared<fake::ClientSide>());
    client.id_ = world_.hub.connect(connection, client.side_, std::move(nsp), std::move(auth));
    world_.settle();
    return client;
}

inline void FakeHost::send(const FakeClient& from, std::string_view event, std::string_view args,
                           const std::vector<std::string>& attachments,
                           const std::shared_ptr<fake::AnswerState>& answer) {
    const auto lock = drive();
    if (fake::is_reserved_event(event) || !fake::is_utf8(event)) {
        throw std::invalid_argument("FakeClient: no client can send an event called " + std::string(event));
    }
    fake::Encoded encoded;
    const std::string checked(fake::checked_json(args, '[', fake::kMaxOwnDepth));
    const std::vector<std::string_view> views(attachments.begin(), attachments.end());
    if (checked.empty() || fake::encode(checked, views, encoded) != WSHUB_OK) {
        throw std::invalid_argument("FakeClient: not a JSON array of arguments that fit the attachments: " +
                                    std::string(args));
    }
    if (answer) answer->number = from.side_->asked++;
    if (!from.connected() || from.connection_->closing) {
        if (answer) answer->kind = fake::AnswerState::Kind::not_connected;
        return;
    }
    world_.hub.event(from.id_, event, encoded.args, encoded.attachments, answer);
    world_.settle();
}

inline FakeHttpAnswer FakeHost::http(std::string_view target, std::string_view body, std::string_view headers,
                                     std::string remote) {
    const auto lock = drive();
    const auto state = std::make_shared<fake::HttpState>();
    const std::size_t space = target.find(' ');
    if (space == std::string_view::npos) throw std::invalid_argument("FakeHost::http: not of the form GET /path");
    world_.http(target.substr(0, space), target.substr(space + 1), headers, body, remote, state);
    world_.settle();
    return FakeHttpAnswer(state);
}

inline FakeChannel FakeHost::open(std::string target, FakeChannelConnect as) {
    const auto lock = drive();
    const std::string path = target.substr(0, target.find('?'));
    for (const auto& instance : world_.instances) {
        for (const auto& handler : instance->registrations) {
            const bool serves =
                handler.kind == WSHUB_ON_CHANNEL && path.compare(0, handler.name.size(), handler.name) == 0;
            if (!serves || !instance->open) continue;
            const auto side = std::make_shared<fake::ChannelSide>();
            side->id = ++world_.last_channel;
            side->instance = instance.get();
            side->slot = handler.slot;
            side->path = handler.name;
            side->sid = "channel-sid-" + std::to_string(side->id);
            side->target = std::move(target);
            side->as = std::move(as);
            world_.channels.emplace(side->id, side);
            fake::tell_channel(world_, side, WSHUB_CHANNEL_OPEN, {}, false);
            world_.settle();
            return {*this, side};
        }
    }
    return {*this, nullptr};
}

inline void FakeHost::advance(Millis by) {
    const auto lock = drive();
    const std::uint64_t until = world_.clock.now() + fake::to_ms(by);
    fake::Clockwork::Task task;
    while (world_.clock.take_due(until, task)) {
        task();
        if (!world_.clock.is_due()) world_.settle();  // those of one moment run before what they cause
    }
    world_.clock.move_to(until);
}

inline std::int64_t FakeHost::now_ms() const {
    const Lock lock(world_.mutex);
    return static_cast<std::int64_t>(world_.clock.now());
}

inline void FakeHost::run() {
    drive();
}

inline bool FakeHost::run_until(const std::function<bool()>& condition, Millis patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        run();
        if (condition()) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        // A thread may change what the condition looks at without a word to the host: look again soon.
        Lock lock(world_.mutex);
        world_.changed.wait_for(lock, Millis(1));
    }
}

inline double FakeHost::metric(std::string_view name, std::string_view labels) const {
    const Lock lock(world_.mutex);
    double sum = 0;
    for (const auto& instance : world_.instances) {
        for (const auto& figure : instance->figures) {
            if (figure.name == name && figure.labels == labels) sum += figure.value;
        }
    }
    return sum;
}

inline std::string FakeHost::metrics() const {
    const Lock lock(world_.mutex);
    std::map<std::pair<std::string, std::string>, double> figures;  // by name and labels
    for (const auto& instance : world_.instances) {
        for (const auto& figure : instance->figures) {
            const std::string own = "plugin=\"" + instance->name + "\"" + (figure.labels.empty() ? "" : ",");
            figures.emplace(std::make_pair(figure.name, own + figure.labels), figure.value);
        }
    }
    std::string all;
    for (const auto& [names, value] : figures) {
        all += names.first + "{" + names.second + "} ";
        json::put(all, value);
        all += "\n";
    }
    return all;
}

inline std::vector<FakeLogLine> FakeHost::log_lines() const {
    const Lock lock(world_.mutex);
    return world_.log;
}

inline std::string FakeHost::log() const {
    std::string all;
    for (const FakeLogLine& line : log_lines()) all += (all.empty() ? "" : "\n") + line.text();
    return all;
}

inline void FakeHost::set_log_level(Level level) {
    const Lock lock(world_.mutex);
    world_.log_level = static_cast<std::int32_t>(level);
}

inline std::string FakeHost::failures() const {
    const Lock lock(world_.mutex);
    std::string all;
    for (const std::string& line : world_.failures) all += (all.empty() ? "" : "\n") + line;
    return all;
}

inline bool FakeHost::handles(std::string_view event, std::string_view nsp) const {
    const Lock lock(world_.mutex);
    return !world_.targets(WSHUB_ON_EVENT, nsp, event).empty();
}

inline void FakeHost::set_server(std::string version, std::string url, std::string state_directory) {
    const Lock lock(world_.mutex);
    world_.version = std::move(version);
    world_.url = std::move(url);
    world_.state_directory = std::move(state_directory);
}

inline void FakeHost::set_connect_timeout(Millis timeout) {
    const Lock lock(world_.mutex);
    world_.hub.connect_timeout = fake::to_ms(timeout);
}

inline void FakeHost::set_max_rooms(std::size_t rooms) {
    const Lock lock(world_.mutex);
    world_.hub.max_rooms = rooms;
}

}  // namespace wshub
