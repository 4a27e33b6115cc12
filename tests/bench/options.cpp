#include "options.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "marked_payload.h"

namespace wshub::bench {

namespace {

constexpr std::size_t kPortsPerSource = 25'000;
constexpr std::size_t kMaxClients = 200'000;

struct ModeEntry {
    std::string_view name;
    Mode mode;
    std::size_t clients;
};
constexpr std::array kModes{
    ModeEntry{"connect", Mode::kConnect, 1000}, ModeEntry{"idle", Mode::kIdle, 5000},
    ModeEntry{"echo", Mode::kEcho, 100},        ModeEntry{"fanout", Mode::kFanout, 1000},
    ModeEntry{"rooms", Mode::kRooms, 1000},     ModeEntry{"slow", Mode::kSlow, 2000},
};

[[noreturn]] void refuse(std::string_view option, std::string_view value, std::string_view expected) {
    throw OptionError(std::string(option) + " " + std::string(value) + ": expected " + std::string(expected));
}

template <class T>
T number(std::string_view option, std::string_view value, T lowest, T highest) {
    T parsed{};
    const auto result = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (result.ec != std::errc() || result.ptr != value.data() + value.size() || !(parsed >= lowest) ||
        !(parsed <= highest)) {
        refuse(option, value, "a number from " + std::to_string(lowest) + " to " + std::to_string(highest));
    }
    return parsed;
}

void set_host(Options& options, std::string_view option, std::string_view value) {
    const auto address = loopback_address(value);
    if (!address) refuse(option, value, "localhost or an address in 127.0.0.0/8; load goes to this machine only");
    options.target.endpoint.address = *address;
}

void set_path(Options& options, std::string_view option, std::string_view value) {
    if (value.size() < 2 || !value.starts_with('/') || !value.ends_with('/')) refuse(option, value, "/.../");
    options.target.path = value;
}

// http://HOST:PORT[/PATH/]
void set_url(Options& options, std::string_view option, std::string_view value) {
    constexpr std::string_view kScheme = "http://";
    const std::string_view rest = value.starts_with(kScheme) ? value.substr(kScheme.size()) : std::string_view();
    const std::size_t slash = rest.find('/');
    const std::string_view authority = rest.substr(0, slash);
    const std::size_t colon = authority.find(':');
    if (colon == std::string_view::npos) refuse(option, value, "http://HOST:PORT");
    set_host(options, option, authority.substr(0, colon));
    options.target.endpoint.port = number<std::uint16_t>(option, authority.substr(colon + 1), 1, 65535);
    if (slash != std::string_view::npos && slash + 1 < rest.size()) set_path(options, option, rest.substr(slash));
}

void set_pids(Options& options, std::string_view option, std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = value.find(',');
        options.pids.push_back(number<pid_t>(option, value.substr(0, comma), 1, 4'194'304));
        value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
    }
}

void set_transport(Options& options, std::string_view option, std::string_view value) {
    if (value == "websocket") {
        options.transport = TransportChoice::kWebSocket;
    } else if (value == "polling") {
        options.transport = TransportChoice::kPolling;
    } else if (value == "mixed") {
        options.transport = TransportChoice::kMixed;
    } else {
        refuse(option, value, "websocket, polling or mixed");
    }
    options.transport_name = value;
}

using Setter = void (*)(Options&, std::string_view option, std::string_view value);

const std::map<std::string_view, Setter>& setters() {
    using View = std::string_view;
    static const std::map<View, Setter> table{
        {"--url", set_url},
        {"--host", set_host},
        {"--port", [](Options& o, View n, View v) { o.target.endpoint.port = number<std::uint16_t>(n, v, 1, 65535); }},
        {"--path", set_path},
        {"--pid", set_pids},
        {"--pgid", [](Options& o, View n, View v) { o.process_group = number<pid_t>(n, v, 1, 4'194'304); }},
        {"--transport", set_transport},
        {"--clients", [](Options& o, View n, View v) { o.clients = number<std::size_t>(n, v, 1, kMaxClients); }},
        {"--seconds",
         [](Options& o, View n, View v) { o.time = std::chrono::duration<double>(number<double>(n, v, 0, 3600)); }},
        {"--warm-up",
         [](Options& o, View n, View v) { o.warm_up = std::chrono::duration<double>(number<double>(n, v, 0, 60)); }},
        {"--messages", [](Options& o, View n, View v) { o.messages = number<std::uint64_t>(n, v, 0, 1'000'000'000); }},
        {"--payload", [](Options& o, View n, View v) { o.payload = number<std::size_t>(n, v, 0, 1'000'000); }},
        {"--in-flight", [](Options& o, View n, View v) { o.in_flight = number<std::size_t>(n, v, 1, 10'000); }},
        {"--rate", [](Options& o, View n, View v) { o.rate = number<double>(n, v, 0, 1e6); }},
        {"--senders", [](Options& o, View n, View v) { o.senders = number<std::size_t>(n, v, 1, kMaxClients); }},
        {"--rooms", [](Options& o, View n, View v) { o.rooms = number<std::size_t>(n, v, 1, kMaxClients); }},
        {"--event",
         [](Options& o, View n, View v) {
             if (v != "message" && v != "broadcast") refuse(n, v, "message or broadcast");
             o.event = v;
         }},
        {"--connect-window",
         [](Options& o, View n, View v) { o.connect_window = number<std::size_t>(n, v, 1, 10'000); }},
        {"--json", [](Options& o, View, View v) { o.json_file = v; }},
    };
    return table;
}

void set_mode(Options& options, std::string_view name) {
    for (const ModeEntry& entry : kModes) {
        if (entry.name != name) continue;
        options.mode = entry.mode;
        options.mode_name = name;
        if (options.clients == 0) options.clients = entry.clients;
        return;
    }
    refuse("mode", name, "connect, idle, echo, fanout, rooms or slow");
}

void check(const Options& options) {
    const bool marked = options.mode == Mode::kFanout || options.mode == Mode::kRooms;
    if (marked && options.payload < kMarkSize) {
        throw OptionError("--payload: expected at least " + std::to_string(kMarkSize) + " in this mode");
    }
    if (options.target.endpoint.port == 0) throw OptionError("--port or --url is missing");
    if (options.mode == Mode::kRooms && options.clients < options.rooms * (options.senders + 1)) {
        throw OptionError("--clients: every room needs its senders and one more");
    }
    if (options.mode == Mode::kFanout && options.senders > options.clients) {
        throw OptionError("--senders: expected at most as many as --clients");
    }
}

}  // namespace

TransportKind Options::kind_of(std::size_t client) const {
    if (transport == TransportChoice::kWebSocket) return TransportKind::kWebSocket;
    if (transport == TransportChoice::kPolling) return TransportKind::kPolling;
    return client % 2 == 0 ? TransportKind::kWebSocket : TransportKind::kPolling;
}

Options parse_options(std::span<char* const> arguments) {
    if (arguments.empty()) throw OptionError("the mode is missing: connect, idle, echo, fanout, rooms or slow");
    Options options;
    set_host(options, "--host", "127.0.0.1");
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view name(arguments[i]);
        if (name == "--quiet") {
            options.quiet = true;
            continue;
        }
        const auto setter = setters().find(name);
        if (setter == setters().end()) throw OptionError("unknown option " + std::string(name));
        if (++i == arguments.size()) throw OptionError(std::string(name) + " needs a value");
        setter->second(options, name, arguments[i]);
    }
    set_mode(options, arguments[0]);
    check(options);
    const std::size_t connections_each = options.transport == TransportChoice::kWebSocket ? 1 : 2;
    const std::size_t connections = options.clients * connections_each;
    options.target.endpoint.source_addresses =
        static_cast<std::uint32_t>((connections + kPortsPerSource - 1) / kPortsPerSource);
    return options;
}

std::string_view usage() {
    return R"(Usage: wshub_load MODE --port PORT [options]

A Socket.IO load generator: thousands of clients on one epoll thread, to this machine only.

Modes
  connect   opens --clients connections as fast as the server takes them
  idle      opens --clients connections and holds them: the server's memory for each
  echo      each client emits "ping" with an ack and waits for it, --in-flight at a time
  fanout    --senders clients emit --event to all --clients: CPU per delivery; lost, doubled, overtaken
  rooms     the clients spread over --rooms; --senders of each room emit "room_message"
  slow      --clients connections send a request head for ever; a normal client connects and echoes meanwhile

Options
  --url http://HOST:PORT[/PATH/]   or --host (127.0.0.1), --port, --path (/socket.io/)
  --pid PID[,PID...] | --pgid PGID the server, for its CPU time and memory
  --transport websocket            websocket, polling, or mixed (half and half)
  --clients N                      receivers (a broadcast has one client more: its sender)
  --seconds S                      how long to measure, or to hold (5)
  --warm-up S                      not counted into CPU, rate and latency (0.5)
  --messages N                     stop after so many, if the time is not up before
  --payload BYTES                  of each message's text (64)
  --in-flight K                    per client (echo), in all (fanout) or per room (rooms) (1)
  --rate R                         messages a second in all, instead of --in-flight (fanout, rooms)
  --senders N                      in all (fanout) or per room (rooms) (1)
  --rooms N                        (100)
  --event broadcast                broadcast (all but the sender) or message (all)
  --connect-window N               handshakes under way at a time (200)
  --json FILE                      the figures as one JSON object; - is the standard output
  --quiet                          no lines for people

Exit status: 0 if every client stayed and everything arrived exactly once and in order, 1 if not, 2 if it could not run.
)";
}

}  // namespace wshub::bench
