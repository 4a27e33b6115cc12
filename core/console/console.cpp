#include "console/console.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "base/setting.h"
#include "console/json.h"
#include "protocol/json_scan.h"

namespace wshub::console {
namespace {

using base::milliseconds;
using base::SteadyTime;
using Kind = Happening::Kind;

// Of events that no wait or expect has taken: what is older goes.
constexpr std::size_t kRemembered = 1000;
constexpr std::size_t kRememberedBytes = 16 * 1024 * 1024;

milliseconds delay_before(int attempt) {
    constexpr std::array<int, 4> kSeconds{1, 2, 4, 5};
    return std::chrono::seconds(kSeconds[static_cast<std::size_t>(std::min(attempt, 3))]);
}

std::string_view name_of(Transport transport) {
    return transport == Transport::kPolling ? "polling" : "websocket";
}

// The arguments that are named, from the first one on; there may be more.
bool has_wanted(std::string_view args, std::string_view wanted) {
    const auto had = json_items(args), asked = json_items(wanted);
    if (had.size() < asked.size()) return false;
    return std::equal(asked.begin(), asked.end(), had.begin(),
                      [](std::string_view pattern, std::string_view actual) { return json_contains(actual, pattern); });
}

std::string brief(std::string_view json) {
    constexpr std::size_t kMost = 200;
    return base::log::printable(json, kMost);
}

}  // namespace

Console::Console(const Options& options, LineSource& lines, Output& output, const base::Clock& clock)
    : options_(options), lines_(lines), output_(output), clock_(clock) {}

int Console::run() {
    if (come_in()) {
        run_lines();
        if (!over_ && options_.stay) serve([] { return false; }, -1, std::nullopt);
    }
    if (client_) drop_client();
    return exit_code_;
}

bool Console::come_in() {
    try {
        client_ = std::make_unique<Client>(options_, clock_);
    } catch (const LinkError& error) {
        why_not_ = error.what();
        end(kNotConnected);
    }
    const bool in = serve([this] { return connected_; }, -1, std::nullopt) == Turn::kDone;
    if (!in && !why_not_.empty()) {
        std::fprintf(stderr, "wshub client: cannot connect to %s: %s\n", options_.address.shown.c_str(),
                     why_not_.c_str());
    }
    return in;
}

void Console::run_lines() {
    const Waiting waiting = [this](int descriptor) { return serve({}, descriptor, std::nullopt) == Turn::kReadable; };
    while (!over_) {
        const auto line = lines_.next(waiting);
        if (!line) return;
        run_line(*line);
    }
}

void Console::run_line(const Line& line) {
    std::optional<Command> command;
    try {
        command = parse_command(line.text);
    } catch (const CommandError& error) {
        if (lines_.interactive()) return output_.note(error.what());
        std::fprintf(stderr, "wshub client: %s: %s\n", line.where.c_str(), error.what());
        return end(kUsage);
    }
    if (!command) return;
    std::string problem;
    try {
        problem = run_command(*command);
    } catch (const PayloadError& error) {
        problem = error.what();
    }
    if (problem.empty() || output_.closed()) return;
    output_.failed(line.where, line.text, problem);
    if (lines_.interactive() || over_) return;
    exit_code_ = kFailed;
    over_ = !options_.keep_going;
}

std::string Console::run_command(const Command& command) {
    switch (command.verb) {
        case Verb::kEmit: return emit(command);
        case Verb::kAck:
            if (std::string problem = be_connected(); !problem.empty()) return problem;
            return ask(command.name, with_binary(command.args, client_->max_payload()), command.wanted);
        case Verb::kJoin: return enter_or_leave_room("join_room", command.name);
        case Verb::kLeave: return enter_or_leave_room("leave_room", command.name);
        case Verb::kWatch: watched_ = command.name; return {};
        case Verb::kWait:
        case Verb::kExpect: return wait_for(command);
        case Verb::kSleep: serve([] { return false; }, -1, clock_.steady() + *command.time); return {};
        case Verb::kConnect: return connect();
        case Verb::kDisconnect:
            if (client_) drop_client();
            again_at_.reset();
            output_.ended("io client disconnect");
            return {};
        case Verb::kHelp: help(command.name); return {};
        case Verb::kQuit: over_ = true; return {};
    }
    return {};
}

// Connected, or a reason why not; a connection that is on its way is waited for.
std::string Console::be_connected() {
    if (connected_) return {};
    if (!client_ && !again_at_) return "not connected; connect comes first";
    const Turn turn =
        serve([this] { return connected_ || (!client_ && !again_at_); }, -1, clock_.steady() + options_.timeout);
    if (connected_) return {};
    return turn == Turn::kTimeout ? "not connected again in time" : "not connected";
}

std::string Console::emit(const Command& command) {
    if (std::string problem = be_connected(); !problem.empty()) return problem;
    const Payload payload = with_binary(command.args, client_->max_payload());
    if (payload.args.size() > client_->max_payload()) return "it is larger than the server takes in one message";
    return client_->emit(command.name, payload, std::nullopt) ? "" : "the connection was lost";
}

std::string Console::ask(std::string_view event, const Payload& payload, const std::optional<std::string>& wanted) {
    if (payload.args.size() > client_->max_payload()) return "it is larger than the server takes in one message";
    asked_ = next_ack_++;
    answer_.reset();
    const SteadyTime sent = clock_.steady();
    client_->emit(event, payload, *asked_);
    const Turn turn = serve([this] { return answer_ || !asked_; }, -1, sent + options_.timeout);
    asked_.reset();
    if (!answer_) {
        return turn == Turn::kTimeout ? "no acknowledgement within " + base::format_duration(options_.timeout)
                                      : "the connection was lost before an acknowledgement came";
    }
    const std::chrono::duration<double, std::milli> took = clock_.steady() - sent;
    output_.acknowledged(event, *answer_, took.count());
    if (wanted && !has_wanted(*answer_, *wanted)) return "the acknowledgement does not contain what was expected";
    return {};
}

std::string Console::enter_or_leave_room(std::string_view event, std::string_view room) {
    if (std::string problem = be_connected(); !problem.empty()) return problem;
    Payload payload;
    payload.args = "[";
    protocol::append_quoted(payload.args, room);
    payload.args += ']';
    if (std::string problem = ask(event, payload, std::nullopt); !problem.empty()) return problem;
    const auto items = json_items(*answer_);
    if (!items.empty() && json_text(items.front(), "status") == "error") {
        return "refused: " + json_text(items.front(), "message").value_or("without a reason");
    }
    return {};
}

std::string Console::wait_for(const Command& command) {
    bool found = false;
    std::size_t others = 0;
    std::string last;
    const auto has_come = [&] {
        while (!backlog_.empty()) {
            const Event event = std::move(backlog_.front());
            backlog_.pop_front();
            backlog_bytes_ -= event.name.size() + event.args.size();
            if (!matches(command.name, event.name)) continue;
            if (!command.wanted || has_wanted(event.args, *command.wanted)) return found = true;
            ++others;
            last = event.args;
        }
        return false;
    };
    const milliseconds time = command.time.value_or(options_.timeout);
    const Turn turn = serve([&] { return has_come() || (!client_ && !again_at_); }, -1, clock_.steady() + time);
    if (found) return {};
    if (turn == Turn::kDone) return "not connected, and it has not come";
    if (turn == Turn::kOver) return "the connection ended before it came";
    if (others == 0) return "it has not come within " + base::format_duration(time);
    return std::to_string(others) + " came within " + base::format_duration(time) +
           ", none with what was expected; the last one: " + brief(last);
}

std::string Console::connect() {
    if (connected_) return "connected already";
    attempts_ = 0;
    again_at_ = clock_.steady();
    return be_connected();
}

void Console::help(std::string_view name) {
    const std::string text = command_help(name);
    if (text.empty()) return output_.note("there is no such command; help shows what there is");
    output_.note(text.substr(0, text.size() - 1));
}

Console::Turn Console::serve(const Condition& condition, int descriptor, std::optional<SteadyTime> until) {
    for (;;) {
        if (output_.closed()) end(kFailed);
        if (over_) return Turn::kOver;
        if (condition && condition()) return Turn::kDone;
        if (until && clock_.steady() >= *until) return Turn::kTimeout;

        std::array<pollfd, 2> wanted{{{descriptor, POLLIN, 0}, {client_ ? client_->descriptor() : -1, POLLIN, 0}}};
        const bool pending = client_ && client_->pending();
        const int ready = ::poll(wanted.data(), wanted.size(), pending ? 0 : patience(until));
        if (ready < 0 && errno != EINTR) return Turn::kOver;
        if (client_ && (pending || (ready > 0 && wanted[1].revents != 0))) {
            for (const Happening& happening : client_->read()) take(happening);
        }
        keep_connection();
        // Behind what came, so that a script sees the answer to what it did before its next line does anything.
        if (ready > 0 && wanted[0].revents != 0) return over_ ? Turn::kOver : Turn::kReadable;
    }
}

int Console::patience(std::optional<SteadyTime> until) const {
    std::optional<SteadyTime> next = until;
    const auto consider = [&next](SteadyTime time) { next = next ? std::min(*next, time) : time; };
    if (client_) consider(client_->deadline());
    if (again_at_) consider(*again_at_);
    if (!next) return -1;
    // Never early, so that nothing is looked at twice.
    const auto left = std::chrono::ceil<milliseconds>(*next - clock_.steady()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

// What is due by the clock: the end of a silent connection, and a new try.
void Console::keep_connection() {
    if (client_) {
        for (const Happening& happening : client_->tick()) take(happening);
    }
    if (!again_at_ || clock_.steady() < *again_at_) return;
    again_at_.reset();
    try {
        client_ = std::make_unique<Client>(options_, clock_);
    } catch (const LinkError& error) {
        try_again_later(error.what());
    }
}

void Console::take(const Happening& happening) {
    if (!client_) return;  // what came with the end does not count any more
    switch (happening.kind) {
        case Kind::kConnected:
            connected_ = was_connected_ = true;
            attempts_ = 0;
            return output_.connected(happening.name, options_.address.nsp, name_of(options_.transport));
        case Kind::kRefused:
            output_.refused(happening.name, happening.args);
            drop_client();
            return end(kNotConnected);
        case Kind::kEvent: return take_event(happening);
        case Kind::kAck:
            if (!asked_ || happening.id != asked_) return;
            asked_.reset();
            answer_ = happening.args;
            return;
        case Kind::kPutOut:
            output_.ended("io server disconnect");
            drop_client();
            // Nothing more will come.
            if (options_.stay && !lines_.interactive()) end(kNotConnected);
            return;
        case Kind::kLost: return lost(happening.name);
    }
}

void Console::take_event(const Happening& happening) {
    if (watched_.empty() || matches(watched_, happening.name)) output_.event(happening.name, happening.args);
    backlog_bytes_ += happening.name.size() + happening.args.size();
    backlog_.push_back({happening.name, happening.args});
    while (backlog_.size() > kRemembered || (backlog_bytes_ > kRememberedBytes && backlog_.size() > 1)) {
        backlog_bytes_ -= backlog_.front().name.size() + backlog_.front().args.size();
        backlog_.pop_front();
    }
    if (happening.id && options_.answer) client_->acknowledge(*happening.id);
}

void Console::lost(const std::string& reason) {
    drop_client();
    if (!was_connected_) {
        why_not_ = reason;
        return end(kNotConnected);
    }
    try_again_later(reason);
}

void Console::try_again_later(const std::string& reason) {
    if (!options_.reconnect) {
        output_.ended(reason);
        return end(kNotConnected);
    }
    const milliseconds delay = delay_before(attempts_++);
    again_at_ = clock_.steady() + delay;
    output_.lost(reason, delay);
}

void Console::drop_client() {
    if (client_) client_->close();
    client_.reset();
    connected_ = false;
    asked_.reset();
}

}  // namespace wshub::console
