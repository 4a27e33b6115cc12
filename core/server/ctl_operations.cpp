#include "server/ctl_operations.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/log.h"
#include "base/setting.h"
#include "control/json_writer.h"
#include "protocol/json_scan.h"
#include "server/suggest.h"

namespace wshub::server {
namespace {

using Kind = CtlArgument::Kind;

const CtlArgument kSearch{"search", Kind::kText, true, false, "a part of the username, the sid or the address"};
const CtlArgument kOrder{"order", Kind::kText, false, false, "asc or desc"};
const CtlArgument kOffset{"offset", Kind::kCount, false, false, "how many to leave out (0)"};
const CtlArgument kLimit{"limit", Kind::kCount, false, false, "how many to show, 1 to 200 (50)"};

std::string quoted(std::string_view text) {
    return "\"" + base::log::printable(text) + "\"";
}

// ---- the command line

// What begins with one dash is an argument: one in 64 sids does.
bool is_option(std::string_view text) {
    return text == "-h" || text.starts_with("--");
}

// The value of an option, as "--name=value" or in the next argument.
std::string value_of(const std::vector<std::string_view>& arguments, std::size_t& at, std::string_view name) {
    const std::string_view argument = arguments[at];
    if (const std::size_t equals = argument.find('='); equals != std::string_view::npos) {
        return std::string(argument.substr(equals + 1));
    }
    if (at + 1 >= arguments.size()) throw CtlUsageError(std::string(name) + " needs a value");
    return std::string(arguments[++at]);
}

void take_option(CtlLine& line, const std::vector<std::string_view>& arguments, std::size_t& at) {
    const std::string_view name = arguments[at].substr(0, arguments[at].find('='));
    if (name == "--json" && name == arguments[at]) {
        line.json = true;
    } else if ((name == "--help" || name == "-h") && name == arguments[at]) {
        line.help = true;
    } else if (name == "--socket") {
        line.socket = value_of(arguments, at, name);
        if (line.socket.empty()) throw CtlUsageError("--socket needs a path");
    } else if (name == "--config") {
        line.config = value_of(arguments, at, name);
        if (line.config.empty()) throw CtlUsageError("--config needs a file");
    } else if (name == "--set") {
        line.overrides.push_back(value_of(arguments, at, name));
    } else if (name == "--timeout") {
        const std::string text = value_of(arguments, at, name);
        const auto timeout = base::parse_duration(text);
        if (!timeout || *timeout <= base::milliseconds{0}) {
            throw CtlUsageError("--timeout " + quoted(text) + ": expected a duration such as 10s");
        }
        line.timeout = *timeout;
    } else {
        const std::string meant = nearest(name, {"--json", "--help", "--socket", "--config", "--set", "--timeout"});
        throw CtlUsageError("unknown option " + quoted(name) + (meant.empty() ? "" : ", did you mean " + meant + "?"));
    }
}

control::Json json_of(const CtlArgument& argument, std::string_view text) {
    std::string out;
    const auto wrong = [&](std::string_view expected) {
        return CtlUsageError(std::string(argument.name) + "=" + base::log::printable(text) + ": expected " +
                             std::string(expected));
    };
    switch (argument.kind) {
        case Kind::kText: control::put(out, text); break;
        case Kind::kCount: {
            const auto number = base::parse_integer(text);
            if (!number || *number < 0) throw wrong("a whole number");
            control::put(out, *number);
            break;
        }
        case Kind::kYesNo: {
            const auto value = base::parse_bool(text);
            if (!value) throw wrong(base::kBoolForm);
            control::put(out, *value);
            break;
        }
        case Kind::kJson: {
            const auto value = protocol::scan_document(text);
            if (!value) throw wrong("JSON, such as '[\"hello\", 1]'");
            out = *value;
            break;
        }
    }
    return {out};
}

const CtlArgument* find_argument(const CtlOperation& operation, std::string_view name) {
    const auto found = std::find_if(operation.arguments.begin(), operation.arguments.end(),
                                    [&](const CtlArgument& each) { return each.name == name; });
    return found == operation.arguments.end() ? nullptr : &*found;
}

// "key=value" of a key that there is; else the next of those that may stand without their names.
const CtlArgument& argument_of(const CtlOperation& operation, std::string_view& text,
                               const std::set<std::string_view>& given) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals != std::string_view::npos) {
        if (const CtlArgument* const named = find_argument(operation, name)) {
            text.remove_prefix(equals + 1);
            return *named;
        }
    }
    for (const CtlArgument& each : operation.arguments) {
        if (each.by_place && !given.contains(each.name)) return each;
    }
    std::vector<std::string> names;
    for (const CtlArgument& each : operation.arguments) names.emplace_back(each.name);
    const std::string meant = equals == std::string_view::npos ? "" : nearest(name, names);
    throw CtlUsageError("unexpected argument " + quoted(text) +
                        (meant.empty() ? "" : ", did you mean " + meant + "=?"));
}

std::string arguments_of(const CtlOperation& operation, const std::vector<std::string_view>& texts) {
    std::set<std::string_view> given;
    control::Object object;
    for (std::string_view text : texts) {
        const CtlArgument& argument = argument_of(operation, text, given);
        if (!given.insert(argument.name).second) {
            throw CtlUsageError(std::string(argument.name) + " is given twice");
        }
        object.add(argument.name, json_of(argument, text));
    }
    for (const CtlArgument& each : operation.arguments) {
        if (each.needed && !given.contains(each.name)) {
            throw CtlUsageError(std::string(operation.name) + " needs " + std::string(each.name) + "; wshub ctl " +
                                std::string(operation.name) + " --help shows an example");
        }
    }
    return object.done().text;
}

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    out.resize(std::max(out.size() + 2, width), ' ');
    return out;
}

}  // namespace

const std::vector<CtlOperation>& ctl_operations() {
    static const std::vector<CtlOperation> all{
        {"stats", "how the hub is: sessions, events, bytes, load", {}, {"stats", "stats --json"}},
        {"sessions",
         "who is connected, one line for each client in a namespace",
         {kSearch,
          {"namespace", Kind::kText, false, false, "only those in this one"},
          {"transport", Kind::kText, false, false, "only those over websocket or polling"},
          {"room", Kind::kText, false, false, "only those in this room"},
          {"named", Kind::kYesNo, false, false, "only those with a username"},
          {"sort", Kind::kText, false, false,
           "username, connected, address, transport, events_in, queued_bytes or latency"},
          kOrder,
          kOffset,
          kLimit},
         {"sessions", "sessions alice", "sessions sort=queued_bytes order=desc limit=10",
          "sessions room=lobby transport=polling"}},
        {"session",
         "one client: what it is, and what happened to it lately",
         {{"sid", Kind::kText, true, true, "as `sessions` shows it"}},
         {"session 9tD2mZ0gWkuVAAAAAAAAAQ"}},
        {"rooms",
         "which rooms there are, and how many are in them",
         {{"search", Kind::kText, true, false, "a part of the name"},
          {"namespace", Kind::kText, false, false, "only those of this one"},
          {"sort", Kind::kText, false, false, "name or members"},
          kOrder,
          kOffset,
          kLimit},
         {"rooms", "rooms sort=members order=desc limit=10"}},
        {"room",
         "who is in a room",
         {{"name", Kind::kText, true, true, "of the room"},
          {"namespace", Kind::kText, false, false, "where it is (/)"},
          kOffset,
          kLimit},
         {"room lobby", "room lobby namespace=/chat"}},
        {"plugins", "the plugins: what state they are in, errors, the last reload", {}, {"plugins", "plugins --json"}},
        {"closes", "the connections that ended lately, and why", {kOffset, kLimit}, {"closes", "closes limit=200"}},
        {"kick",
         "disconnects a client; it does not come back by itself",
         {{"sid", Kind::kText, true, true, "as `sessions` shows it"},
          {"reason", Kind::kText, true, false, "for the log and `closes`; the client is not told"}},
         {"kick 9tD2mZ0gWkuVAAAAAAAAAQ", "kick 9tD2mZ0gWkuVAAAAAAAAAQ reason=\"floods the lobby\""}},
        {"broadcast",
         "emits an event to all clients of a namespace, or of a room",
         {{"event", Kind::kText, true, true, "its name"},
          {"args", Kind::kJson, true, false, "JSON array of its arguments ([])"},
          {"namespace", Kind::kText, false, false, "where (/)"},
          {"room", Kind::kText, false, false, "only those in this room"}},
         {"broadcast notice '[\"back in five minutes\"]'", "broadcast notice '[{\"level\":1}]' room=lobby"}},
        {"leave",
         "takes a client out of a room",
         {{"sid", Kind::kText, true, true, "as `sessions` shows it"}, {"room", Kind::kText, true, true, "its name"}},
         {"leave 9tD2mZ0gWkuVAAAAAAAAAQ lobby"}},
        {"reload",
         "loads a plugin anew from its file, clients stay connected; without a plugin, reads the configuration again "
         "too, as SIGHUP does",
         {{"plugin", Kind::kText, true, false, "its name"}},
         {"reload", "reload rooms"}},
        {"log-level",
         "changes what is logged, until the next start",
         {{"level", Kind::kText, true, true, "trace, debug, info, warn, error or off"}},
         {"log-level debug"}},
        {"drain",
         "takes no new clients and closes those that are there, so that they go to another server; /readyz says no",
         {{"after", Kind::kText, true, false, "in what time they are closed (30s)"},
          {"on", Kind::kYesNo, false, false, "no: takes clients again"}},
         {"drain", "drain 5m", "drain on=no"}},
    };
    return all;
}

const CtlOperation* find_ctl_operation(std::string_view name) {
    for (const CtlOperation& each : ctl_operations()) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

CtlLine parse_ctl_line(const std::vector<std::string_view>& arguments) {
    CtlLine line;
    std::vector<std::string_view> texts;
    bool takes_options = true;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        if (takes_options && arguments[at] == "--") {
            takes_options = false;
        } else if (takes_options && is_option(arguments[at])) {
            take_option(line, arguments, at);
        } else {
            texts.push_back(arguments[at]);
        }
    }
    if (!texts.empty() && texts.front() == "help") {
        line.help = true;
        texts.erase(texts.begin());
    }
    if (texts.empty()) {
        if (!line.help) throw CtlUsageError("ctl needs an operation; wshub ctl --help shows them");
        return line;
    }
    line.operation = find_ctl_operation(texts.front());
    if (!line.operation) {
        std::vector<std::string> names;
        for (const CtlOperation& each : ctl_operations()) names.emplace_back(each.name);
        const std::string meant = nearest(texts.front(), names);
        throw CtlUsageError("unknown operation " + quoted(texts.front()) +
                            (meant.empty() ? "; wshub ctl --help shows them" : ", did you mean " + meant + "?"));
    }
    texts.erase(texts.begin());
    if (!line.help) line.arguments = arguments_of(*line.operation, texts);
    return line;
}

std::string ctl_help(const CtlOperation* operation) {
    constexpr std::size_t kWidth = 24;
    std::string help;
    if (!operation) {
        help =
            "wshub ctl asks a running hub, or has it do something.\n\n"
            "  wshub ctl [--socket PATH | --config FILE] OPERATION [NAME=VALUE]... [--json]\n\nOperations\n";
        for (const CtlOperation& each : ctl_operations()) {
            help += "  " + padded(each.name, kWidth) + std::string(each.summary) + "\n";
        }
        help += "\nwshub ctl OPERATION --help tells its arguments, with examples.\n";
    } else {
        help = "wshub ctl " + std::string(operation->name) + ": " + std::string(operation->summary) + ".\n";
        if (!operation->arguments.empty()) help += "\nArguments\n";
        for (const CtlArgument& each : operation->arguments) {
            std::string form = std::string(each.name) + "=VALUE";
            if (each.by_place) form = "[" + std::string(each.name) + "=]VALUE";
            help += "  " + padded(form, kWidth) + std::string(each.help) + (each.needed ? "; needed" : "") + "\n";
        }
        help += "\nExamples\n";
        for (const std::string_view example : operation->examples) {
            help += "  wshub ctl " + std::string(example) + "\n";
        }
    }
    return help + R"(
Options
  --json                  the hub's answer as JSON, instead of a table
  --socket PATH           the hub's socket; without it: [control] socket of the configuration
  --config FILE           the hub's INI file, to find its socket; --set works as for wshub
  --timeout DURATION      how long to wait for the answer (60s)
  --                      what stands behind it is no option, even if it begins with --

Exit codes  0 done; 1 refused or failed; 2 wrong command line; 3 the hub cannot be reached.
)";
}

}  // namespace wshub::server
