#include "console/options.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/setting.h"
#include "console/payload.h"
#include "protocol/json_scan.h"
#include "protocol/socket_packet.h"

namespace wshub::console {
namespace {

using std::chrono::milliseconds;

std::string quoted(std::string_view text) {
    return '"' + plain(text) + '"';
}

void set_auth(Options& options, std::string_view value) {
    const auto json = protocol::scan_document(value);
    if (!json || json->front() != '{') {
        throw OptionError("--auth " + quoted(value) + R"(: expected a JSON object such as '{"token":"secret"}')");
    }
    options.auth = *json;
}

void add_header(Options& options, std::string_view value) {
    const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
    const std::size_t colon = value.find(':');
    const std::string_view name = value.substr(0, colon);
    if (colon == std::string_view::npos || !base::is_token(name) ||
        std::any_of(value.begin(), value.end(), is_control)) {
        throw OptionError("--header " + quoted(value) + ": expected a header such as 'Authorization: Bearer x'");
    }
    std::string_view rest = value.substr(colon + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    options.headers.emplace_back(name, rest);
}

void set_transport(Options& options, std::string_view value) {
    if (value != "websocket" && value != "polling") {
        throw OptionError("--transport " + quoted(value) + ": expected websocket or polling");
    }
    options.transport = value == "polling" ? Transport::kPolling : Transport::kWebSocket;
}

void set_timeout(Options& options, std::string_view value) {
    const auto time = base::parse_duration(value);
    if (!time || *time < milliseconds(1) || *time > std::chrono::hours(24)) {
        throw OptionError("--timeout " + quoted(value) + ": expected a duration such as 500ms or 10s, up to 1d");
    }
    options.timeout = *time;
}

void set_path(Options& options, std::string_view value) {
    const auto is_unfit = [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '?' || c == '#';
    };
    if (value.size() < 2 || value.front() != '/' || value.back() != '/' ||
        std::any_of(value.begin(), value.end(), is_unfit)) {
        throw OptionError("--path " + quoted(value) + ": expected a path that begins and ends with /");
    }
    options.path = value;
}

struct Option {
    std::string_view name;
    bool takes_value;
    void (*apply)(Options&, std::string_view value);
};

constexpr std::array<Option, 15> kOptions{{
    {"--namespace", true, [](Options& options, std::string_view value) { options.address.nsp = value; }},
    {"--path", true, set_path},
    {"--transport", true, set_transport},
    {"--auth", true, set_auth},
    {"--header", true, add_header},
    {"-e", true, [](Options& options, std::string_view value) { options.commands.emplace_back(value); }},
    {"--script", true, [](Options& options, std::string_view value) { options.script = value; }},
    {"--timeout", true, set_timeout},
    {"--json", false, [](Options& options, std::string_view) { options.json = true; }},
    {"--stay", false, [](Options& options, std::string_view) { options.stay = true; }},
    {"--keep-going", false, [](Options& options, std::string_view) { options.keep_going = true; }},
    {"--no-reconnect", false, [](Options& options, std::string_view) { options.reconnect = false; }},
    {"--no-answer", false, [](Options& options, std::string_view) { options.answer = false; }},
    {"--help", false, [](Options& options, std::string_view) { options.help = true; }},
    {"-h", false, [](Options& options, std::string_view) { options.help = true; }},
}};

// Applies the option at `arguments[at]`, and moves `at` to the last argument it took.
void apply(Options& options, const std::vector<std::string_view>& arguments, std::size_t& at) {
    const std::string_view argument = arguments[at];
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string_view::npos;
    const std::string_view name = argument.substr(0, equals);
    const auto option =
        std::find_if(kOptions.begin(), kOptions.end(), [name](const Option& known) { return known.name == name; });
    if (option == kOptions.end()) throw OptionError("unknown option " + quoted(name));
    if (!option->takes_value) {
        if (equals != std::string_view::npos) throw OptionError(std::string(name) + " takes no value");
        option->apply(options, {});
    } else if (equals != std::string_view::npos) {
        option->apply(options, argument.substr(equals + 1));
    } else if (at + 1 < arguments.size()) {
        option->apply(options, arguments[++at]);
    } else {
        throw OptionError(std::string(name) + " needs a value");
    }
}

}  // namespace

Options parse_options(const std::vector<std::string_view>& arguments) {
    Options options;
    options.address.nsp.clear();
    std::string_view url;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        if (arguments[at].size() > 1 && arguments[at].front() == '-') {
            apply(options, arguments, at);
        } else if (url.empty() && !arguments[at].empty()) {
            url = arguments[at];
        } else {
            throw OptionError("unexpected argument " + quoted(arguments[at]) + "; client takes one URL");
        }
    }
    if (options.help) return options;
    if (url.empty()) throw OptionError("client needs a URL, such as http://127.0.0.1:3000");
    if (!options.commands.empty() && !options.script.empty()) {
        throw OptionError("-e and --script do not go together");
    }
    const std::string nsp = options.address.nsp;
    options.address = parse_address(url);
    // The address that the hub names at its start, pasted: no namespace is meant.
    if (options.address.nsp == options.path || options.address.nsp + '/' == options.path) options.address.nsp = "/";
    if (!nsp.empty()) options.address.nsp = nsp.front() == '/' ? nsp : '/' + nsp;
    if (!protocol::is_namespace_name(options.address.nsp)) {
        throw OptionError("--namespace " + quoted(nsp) + ": expected a name such as /orders");
    }
    return options;
}

std::string options_help() {
    return R"(wshub client: a Socket.IO client to type into, and for scripts.

  wshub client [OPTIONS] URL              commands from the keyboard, or standard input
  wshub client [OPTIONS] URL -e COMMAND   this command and then the end; as many as you like
  wshub client [OPTIONS] URL --script FILE

URL is http://HOST:PORT or http://HOST:PORT/NAMESPACE, as in io(url); the address that the
hub names at its start will do, too. Any Socket.IO server of version 3 or 4. https is not
supported yet.

Options
  --namespace NAME      the namespace, instead of the URL's path
  --path PATH           where the server has Socket.IO; /socket.io/
  --transport NAME      websocket (default) or polling
  --auth JSON           what CONNECT says of who you are: --auth '{"token":"secret"}'
  --header 'NAME: VALUE'  a header of the requests; as often as you like
  -e COMMAND            run this command instead of reading any
  --script FILE         read commands from the file, - is standard input
  --timeout DURATION    how long to wait for connections, acks and events; 10s
  --stay                after the last command go on showing events, until ctrl-C
  --keep-going          go on with a script after a command that failed
  --no-reconnect        end when the connection is lost
  --no-answer           leave events that ask for an acknowledgement without one
  --json                one JSON object a line, for programs
  --help, -h            show this

Commands (help NAME tells more)
  emit EVENT JSON...             send an event
  ack EVENT JSON... [=> JSON...] send it and wait for the acknowledgement, which contains this
  join ROOM, leave ROOM          join_room and leave_room, with their acknowledgement
  watch [PATTERN]                show only events with such names; * is anything
  wait EVENT [DURATION]          wait until it has come
  expect EVENT JSON... [within DURATION]   wait until one has come that contains this
  sleep DURATION                 do nothing but show what comes
  disconnect, connect            leave, and come again
  help [NAME], quit

JSON values stand behind each other, separated by blanks; a text needs its quotes. Binary is
{"$file": "picture.png"} or {"$base64": "AQID"}; what comes is shown as {"$binary": SIZE}.

Examples
  wshub client http://127.0.0.1:3000
  wshub client http://127.0.0.1:3000 -e 'join lobby' -e 'emit room_message {"room":"lobby","message":"hi"}'
  wshub client http://127.0.0.1:3000 -e 'ack message "hi" => {"status":"received"}'
  wshub client http://127.0.0.1:3000/orders --auth '{"token":"secret"}' --json --stay -e 'watch order:*'

Exit codes  0 done; 1 a command failed: no acknowledgement, or not what was expected;
            2 wrong command line or command; 3 could not connect.
)";
}

}  // namespace wshub::console
