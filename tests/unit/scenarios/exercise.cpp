// A plugin that does what it is told: each item of an event's arguments is a host function with its arguments, and the
// answer says what came back. Written against abi.h alone, so that nothing of the C++ face stands between the test and
// the host. Loaded by the real host as a file, and linked into the test for the fake one.
//
// Sessions are called by the "label" that they connect with; "me" is the one whose handler runs. What happens is
// logged: hooks, results of what is done later.
#include <wshub/abi.h>
#include <wshub/json.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace json = wshub::json;

enum Slot : wshub_slot {
    kRun = 1,
    kFirst,
    kSecond,
    kPrefix,
    kEverything,
    kConnect,
    kConnectBehind,
    kConnected,
    kDisconnect,
    kJoin,
    kLeave,
    kHttp,
    kLater,
    kReply,
    kAnswer,
};

wshub_str str(std::string_view text) {
    return {text.data(), text.size()};
}
std::string_view view(wshub_str text) {
    return {text.p ? text.p : "", text.n};
}

// Texts that JSON cannot hold are written as "hex:ff00".
std::string bytes(json::View from) {
    const std::string text = from.str();
    if (text.rfind("hex:", 0) != 0) return text;
    std::string out;
    for (std::size_t at = 4; at + 1 < text.size(); at += 2) {
        out += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
    }
    return out;
}

std::string code_name(std::int32_t code) {
    switch (code) {
        case WSHUB_OK: return "OK";
        case WSHUB_STOP: return "STOP";
        case WSHUB_UNCHANGED: return "UNCHANGED";
        case WSHUB_NONE: return "NONE";
        case WSHUB_EINVAL: return "EINVAL";
        case WSHUB_ENOENT: return "ENOENT";
        case WSHUB_EEXIST: return "EEXIST";
        case WSHUB_ESTATE: return "ESTATE";
        case WSHUB_ELIMIT: return "ELIMIT";
        case WSHUB_EINTERNAL: return "EINTERNAL";
        default: return std::to_string(code);
    }
}

// What is being handled.
struct Context {
    std::string_view kind;
    wshub_session session = 0;
    wshub_ack ack = 0;
    wshub_request request = 0;
    bool answers_itself = false;
    std::int32_t returns = WSHUB_OK;
};

class Exercise {
public:
    Exercise(wshub_host* host, const wshub_host_v1* functions) : host_(host), api_(functions) {}

    bool set_up();
    std::int32_t start();
    void stop() const { log("stop"); }
    std::int32_t save(const wshub_sink* to) const;
    std::int32_t restore(std::uint32_t version, std::string_view text, wshub_err* error);
    std::int32_t call(std::uint32_t kind, wshub_slot slot, const void* data, wshub_err* error);

private:
    // Runs each item of the array; what each gave back.
    json::Raw run(json::View script, Context& context);
    json::Raw run_one(json::View item, Context& context);
    std::int32_t dispatch(const std::string& name, json::View item, Context& context, std::vector<json::Raw>& out);
    std::int32_t about_sessions(const std::string& name, json::View item, const Context& context,
                                std::vector<json::Raw>& out);
    std::int32_t about_itself(const std::string& name, json::View item, const Context& context,
                              std::vector<json::Raw>& out);
    std::int32_t emit(json::View from, const Context& context);
    std::int32_t visit(json::View item, const Context& context, std::vector<json::Raw>& out);
    std::int32_t hook(std::string_view kind, wshub_session session, std::string_view what);
    void run_and_log(std::string_view kind, const std::string& script, Context& context);

    wshub_session session(json::View name, const Context& context) const {
        if (name.equals("me")) return context.session;
        if (name.is_number()) return static_cast<wshub_session>(name.num());
        const auto found = sessions_.find(name.str());
        return found == sessions_.end() ? 0x7fff'0000 : found->second;
    }
    std::string label(wshub_session session) const {
        for (const auto& [name, handle] : sessions_) {
            if (handle == session) return name;
        }
        return session == 0 ? "none" : "unknown";
    }
    template <class Ask>
    std::int32_t read(std::vector<json::Raw>& out, Ask ask) const {
        std::string text;
        const auto put = [](void* user, const char* p, std::size_t n) {
            static_cast<std::string*>(user)->append(p, n);
        };
        const wshub_sink sink{put, &text};
        const std::int32_t code = ask(&sink);
        if (code == WSHUB_OK) out.push_back(quoted(text));
        return code;
    }
    static json::Raw quoted(std::string_view text) {
        json::Raw raw;
        json::put(raw.text, text);
        return raw;
    }
    void log(const std::string& line) const { api_->log(host_, WSHUB_INFO, str(line)); }

    wshub_host* const host_;
    const wshub_host_v1* const api_;
    std::uint64_t started_ = 0;
    std::uint64_t counter_ = 0, labelled_ = 0, gauge_ = 0;
    std::map<std::string, wshub_session> sessions_;
    std::map<std::string, wshub_ack> acks_;
    std::map<std::string, wshub_timer> timers_;
    std::map<std::string, wshub_request> requests_;
    std::map<std::string, std::string> hooks_;  // scripts by hook
    std::vector<std::string> scripts_;          // by cookie
};

bool Exercise::set_up() {
    const auto on = [this](std::uint32_t kind, std::string_view name, wshub_slot slot, std::int32_t priority = 0) {
        return api_->on(host_, kind, str(name), slot, priority) == WSHUB_OK;
    };
    const bool wrong = api_->on(host_, WSHUB_ON_EVENT, str(""), kRun, 0) == WSHUB_OK ||
                       api_->on(host_, WSHUB_ON_EVENT, str("a*b"), kRun, 0) == WSHUB_OK ||
                       api_->on(host_, WSHUB_ON_CONNECT, str("x"), kRun, 0) == WSHUB_OK ||
                       api_->on(host_, WSHUB_ON_HTTP, str("GET /a b"), kRun, 0) == WSHUB_OK ||
                       api_->on(host_, WSHUB_ON_TIMER, str(""), kRun, 0) == WSHUB_OK ||
                       api_->on(host_, WSHUB_ON_CHANNEL, str("/c/"), kRun, 0) == WSHUB_OK ||
                       api_->on(host_, WSHUB_ON_JOIN + std::uint32_t{WSHUB_BLOCKING}, str("*"), kRun, 0) == WSHUB_OK ||
                       api_->channel(host_, str("/c/"), 0, kRun) == WSHUB_OK ||
                       api_->channel(host_, str("/c/"), 3, kRun) == WSHUB_OK ||
                       api_->channel(host_, str("/c"), WSHUB_CHANNEL_ENGINE_IO, kRun) == WSHUB_OK ||
                       api_->channel(host_, str("c/"), WSHUB_CHANNEL_ENGINE_IO, kRun) == WSHUB_OK ||
                       api_->channel(host_, str("/c /"), WSHUB_CHANNEL_WEBSOCKET, kRun) == WSHUB_OK ||
                       api_->channel(host_, str("/c/"), WSHUB_CHANNEL_WEBSOCKET, kRun) != WSHUB_OK;
    std::uint64_t id = 0;
    const auto metric = [&](std::uint32_t kind, std::string_view name, std::string_view labels, std::uint64_t& to) {
        return api_->metric(host_, kind, str(name), str("Help."), str(labels), &to);
    };
    bool wrong_labels = false;
    for (const char* const labels : {"a", "a=1", "a=\"1", "a=\"1\",", ",a=\"1\"", "a=\"1\"b=\"2\"", "a=\"1\",a=\"2\"",
                                     "plugin=\"x\"", "a=\"\\t\"", "a=\"\n\"", "a:b=\"1\"", "=\"1\"", "a=\"\\\""}) {
        wrong_labels = wrong_labels || metric(WSHUB_COUNTER, "labels_total", labels, id) == WSHUB_OK;
    }
    const bool wrong_metric = wrong_labels || metric(WSHUB_COUNTER, "wshub_x", "", id) == WSHUB_OK ||
                              metric(WSHUB_GAUGE, "process_x", "", id) == WSHUB_OK ||
                              metric(WSHUB_COUNTER, "1x", "", id) == WSHUB_OK || metric(7, "x", "", id) == WSHUB_OK ||
                              api_->metric(host_, WSHUB_COUNTER, str("x"), str(""), str(""), nullptr) == WSHUB_OK;
    // "*" would be asked about every event of every scenario.
    wshub_setting setting{};
    setting.size = sizeof setting;
    setting.type = WSHUB_CFG_BOOL;
    setting.key = str("everything");
    setting.dflt = str("false");
    std::vector<json::Raw> everything;
    const std::int32_t code = read(everything, [&](const wshub_sink* to) { return api_->config(host_, &setting, to); });
    if (code != WSHUB_OK) return false;
    if (everything[0].text == "\"true\"" && !on(WSHUB_ON_EVENT, "*", kEverything, -5)) return false;
    return !wrong && !wrong_metric && metric(WSHUB_COUNTER, "done_total", "", counter_) == WSHUB_OK &&
           metric(WSHUB_COUNTER, "done_total", "how=\"well\"", labelled_) == WSHUB_OK &&
           metric(WSHUB_COUNTER, "done_total", "a=\"},{\",b=\"\\\"\\n\\\\\"", id) == WSHUB_OK &&
           metric(WSHUB_GAUGE, "level", "", gauge_) == WSHUB_OK &&
           metric(WSHUB_GAUGE, "done_total", "", id) == WSHUB_EINVAL && on(WSHUB_ON_EVENT, "run", kRun) &&
           on(WSHUB_ON_EVENT, "chain", kSecond) && on(WSHUB_ON_EVENT, "chain", kFirst, 5) &&
           on(WSHUB_ON_EVENT, "chain*", kPrefix, -1) && on(WSHUB_ON_CONNECT, "", kConnect) &&
           on(WSHUB_ON_CONNECT, "", kConnectBehind) && on(WSHUB_ON_CONNECTED, "", kConnected) &&
           on(WSHUB_ON_DISCONNECT, "", kDisconnect) && on(WSHUB_ON_JOIN, "*", kJoin) &&
           on(WSHUB_ON_LEAVE, "r*", kLeave) && on(WSHUB_ON_HTTP, "GET /x", kHttp) &&
           on(WSHUB_ON_HTTP, "POST /x", kHttp) && on(WSHUB_ON_HTTP, "GET /x/files/*", kHttp);
}

std::int32_t Exercise::start() {
    started_ = api_->now_ms(host_);
    log("start");
    // What is armed here runs when everything has been started.
    scripts_.push_back(R"([["log",2,"posted by start"]])");
    return api_->post(host_, 0, kLater, 0);
}

// Whom it knows, what it has promised, and what it was told to do when: a new version goes on with that.
std::int32_t Exercise::save(const wshub_sink* to) const {
    log("save");
    json::Raw all{"["};
    const auto add = [&all](std::string_view kind, std::string_view name, const auto& value) {
        if (all.text.size() > 1) all.text += ',';
        all.text += json::arr(kind, name, value).text;
    };
    for (const auto& [name, handle] : sessions_) add("session", name, std::to_string(handle));
    for (const auto& [name, handle] : acks_) add("ack", name, std::to_string(handle));
    for (const auto& [name, script] : hooks_) add("when", name, script);
    all.text += ']';
    to->put(to->user, all.text.data(), all.text.size());
    return WSHUB_OK;
}

std::int32_t Exercise::restore(std::uint32_t version, std::string_view text, wshub_err* error) {
    log("restore " + std::to_string(version));
    json::View(text).each([this](std::string_view, json::View each) {
        const std::string kind = each[0].str(), name = each[1].str(), value = each[2].str();
        if (kind == "session") sessions_[name] = std::stoull(value);
        if (kind == "ack") acks_[name] = std::stoull(value);
        if (kind == "when") hooks_[name] = value;
        return true;
    });
    if (hooks_.count("cannot restore") == 0) return WSHUB_OK;
    std::strncpy(error->msg, "as it was told", error->cap - 1);
    return WSHUB_EINTERNAL;
}

json::Raw Exercise::run(json::View script, Context& context) {
    std::vector<json::Raw> results;
    script.each([&](std::string_view, json::View item) {
        results.push_back(run_one(item, context));
        return true;
    });
    json::Raw all;
    json::put(all.text, results);
    return all;
}

json::Raw Exercise::run_one(json::View item, Context& context) {
    std::vector<json::Raw> out;
    const std::int32_t code = dispatch(item[0].str(), item, context, out);
    out.insert(out.begin(), quoted(code_name(code)));
    json::Raw all;
    json::put(all.text, out);
    return all;
}

void Exercise::run_and_log(std::string_view kind, const std::string& script, Context& context) {
    if (script.empty()) return;
    log(std::string(kind) + " " + run(json::View(script), context).text);
}

std::int32_t Exercise::dispatch(const std::string& name, json::View item, Context& context,
                                std::vector<json::Raw>& out) {
    if (name == "elsewhere") {
        // The thread is waited for, so that the test knows when it has been.
        std::int32_t code = WSHUB_OK;
        std::thread([&] { code = dispatch(item[1][0].str(), item[1], context, out); }).join();
        return code;
    }
    if (name == "return") {
        context.returns = static_cast<std::int32_t>(item[1].num());
        return WSHUB_OK;
    }
    if (name == "when") {
        hooks_[item[1].str()] = std::string(item[2].text());
        return WSHUB_OK;
    }
    if (name == "ack" || name == "ack_later") {
        context.answers_itself = context.answers_itself || name == "ack";
        std::vector<std::string> held;
        item[2].each([&](std::string_view, json::View each) { return held.push_back(bytes(each)), true; });
        std::vector<wshub_bytes> bins;
        for (const std::string& each : held) bins.push_back({each.data(), each.size()});
        const std::string args = bytes(item[1]);
        const wshub_ack ack = name == "ack" ? context.ack : acks_[item[3].str()];
        return api_->ack(host_, ack, str(args), bins.data(), bins.size());
    }
    if (name == "ack_without_bins") return api_->ack(host_, context.ack, str("[]"), nullptr, 1);
    if (name == "keep_ack") {
        context.answers_itself = true;
        if (context.ack != 0) acks_[item[1].str()] = context.ack;
        return api_->keep_ack(host_, context.ack);
    }
    if (name == "silent") return context.answers_itself = true, WSHUB_OK;
    if (name == "fail") {
        context.answers_itself = true;
        const std::string code = bytes(item[2]), message = bytes(item[3]), args = bytes(item[4]);
        return api_->fail(host_, session(item[1], context), context.ack, str(code), str(message), str(args));
    }
    if (name == "emit") return emit(item[1], context);
    if (name == "visit") return visit(item, context, out);
    const std::int32_t code = about_sessions(name, item, context, out);
    return code == WSHUB_ENOSYS ? about_itself(name, item, context, out) : code;
}

std::int32_t Exercise::about_sessions(const std::string& name, json::View item, const Context& context,
                                      std::vector<json::Raw>& out) {
    const wshub_session who = session(item[1], context);
    const std::string second = bytes(item[2]), third = bytes(item[3]);
    const auto flags = static_cast<std::uint32_t>(item[3].num());
    const auto field = static_cast<std::uint32_t>(item[2].num());
    if (name == "join") return api_->join(host_, who, str(second), flags);
    if (name == "leave") return api_->leave(host_, who, str(second), flags);
    if (name == "in_room") return api_->in_room(host_, who, str(second), flags);
    if (name == "disconnect") return api_->disconnect(host_, who, field);
    if (name == "str") return read(out, [&](const wshub_sink* to) { return api_->session_str(host_, who, field, to); });
    if (name == "str_nowhere") return api_->session_str(host_, who, field, nullptr);
    if (name == "num") {
        std::int64_t number = 0;
        const std::int32_t code = api_->session_num(host_, who, field, &number);
        if (field == WSHUB_N_CONNECTED_AT_MS) number -= static_cast<std::int64_t>(started_);
        if (code == WSHUB_OK) out.push_back(json::Raw{std::to_string(number)});
        return code;
    }
    if (name == "set") return api_->session_set(host_, who, field, str(third));
    if (name == "has_role") return api_->has_role(host_, who, str(second));
    if (name == "var_get") {
        return read(out, [&](const wshub_sink* to) { return api_->var_get(host_, who, str(second), to); });
    }
    if (name == "var_set") return api_->var_set(host_, who, str(second), str(third));
    if (name == "find_session") {
        std::vector<json::Raw> sid;
        read(sid, [&](const wshub_sink* to) { return api_->session_str(host_, who, WSHUB_F_SID, to); });
        const std::string text = sid.empty() ? "nobody" : json::View(sid[0].text).str();
        wshub_session found = 0;
        const std::int32_t code = api_->find_session(host_, str(text), &found);
        out.push_back(quoted(label(found)));
        return code;
    }
    if (name == "find_user") {
        const std::string nsp = bytes(item[1]);
        wshub_session found = 0;
        const std::int32_t code = api_->find_user(host_, str(nsp), str(second), &found);
        out.push_back(quoted(label(found)));
        return code;
    }
    if (name == "count") {
        std::uint64_t count = 0;
        const std::int32_t code = api_->count(host_, static_cast<std::uint32_t>(item[1].num()), str(second), &count);
        out.push_back(json::Raw{std::to_string(count)});
        return code;
    }
    if (name == "hold") return api_->hold(host_, who);
    if (name == "refuse") {
        const std::string message = bytes(item[1]), data = bytes(item[2]);
        return api_->refuse(host_, str(message), str(data));
    }
    if (name == "decide") {
        const std::string data = bytes(item[4]);
        return api_->decide(host_, who, field, str(third), str(data));
    }
    return WSHUB_ENOSYS;
}

std::int32_t Exercise::about_itself(const std::string& name, json::View item, const Context& context,
                                    std::vector<json::Raw>& out) {
    const auto number = [&item](int i) { return static_cast<std::uint64_t>(item[i].num()); };
    if (name == "timer") {  // who, first, period, label, script
        wshub_timer timer = 0;
        scripts_.emplace_back(item[5].text());
        const std::int32_t code = api_->timer_add(host_, session(item[1], context), number(2), number(3), kLater,
                                                  scripts_.size() - 1, &timer);
        timers_[item[4].str()] = timer;
        return code;
    }
    if (name == "timer_nowhere") return api_->timer_add(host_, 0, 1, 0, kLater, 0, nullptr);
    if (name == "cancel") return api_->timer_cancel(host_, timers_[item[1].str()]);
    if (name == "post") {
        scripts_.emplace_back(item[2].text());
        return api_->post(host_, session(item[1], context), kLater, scripts_.size() - 1);
    }
    if (name == "http_reply") {  // label, status, headers, body
        const std::string headers = bytes(item[3]), body = bytes(item[4]);
        const wshub_request request = item[1].equals("me") ? context.request : requests_[item[1].str()];
        return api_->http_reply(host_, request, static_cast<std::int32_t>(item[2].num()), str(headers), str(body));
    }
    if (name == "keep_request") return requests_[item[1].str()] = context.request, WSHUB_OK;
    if (name == "log") {
        const std::string message = bytes(item[2]);
        api_->log(host_, static_cast<std::int32_t>(item[1].num()), str(message));
        return WSHUB_OK;
    }
    if (name == "log_enabled") return api_->log_enabled(host_, static_cast<std::int32_t>(item[1].num()));
    if (name == "now") {
        out.push_back(json::Raw{std::to_string(api_->now_ms(host_) - started_)});
        return WSHUB_OK;
    }
    if (name == "metric_add" || name == "metric_set") {
        const std::uint64_t id = item[1].equals("counter")    ? counter_
                                 : item[1].equals("labelled") ? labelled_
                                 : item[1].equals("gauge")    ? gauge_
                                                              : 99;
        (name == "metric_add" ? api_->metric_add : api_->metric_set)(host_, id, item[2].real());
        return WSHUB_OK;
    }
    if (name == "server_str") {
        return read(out, [&](const wshub_sink* to) {
            return api_->server_str(host_, static_cast<std::uint32_t>(number(1)), to);
        });
    }
    if (name == "channel") return api_->channel(host_, str("/d/"), WSHUB_CHANNEL_WEBSOCKET, kRun);
    if (name == "channel_send") return api_->channel_send(host_, number(1), {"x", 1}, 0);
    if (name == "channel_close") return api_->channel_close(host_, number(1), 1000, str(""));
    if (name == "channel_str") {
        return read(out, [&](const wshub_sink* to) { return api_->channel_str(host_, number(1), WSHUB_F_SID, to); });
    }
    if (name == "channel_str_nowhere") return api_->channel_str(host_, number(1), WSHUB_F_SID, nullptr);
    if (name == "control") {  // operation, arguments, a number
        const std::string operation = bytes(item[1]);
        const std::string arguments = item[2].is_string() ? bytes(item[2]) : std::string(item[2].text());
        return api_->control(host_, str(operation), str(arguments), kAnswer, number(3));
    }
    if (name == "on") return api_->on(host_, WSHUB_ON_EVENT, str("late"), kRun, 0);
    if (name == "metric") {
        std::uint64_t id = 0;
        return api_->metric(host_, WSHUB_COUNTER, str("late_total"), str(""), str(""), &id);
    }
    if (name == "config") {
        wshub_setting setting{};
        setting.size = sizeof setting;
        return read(out, [&](const wshub_sink* to) { return api_->config(host_, &setting, to); });
    }
    return WSHUB_ENOSYS;
}

std::int32_t Exercise::emit(json::View from, const Context& context) {
    const auto sessions = [&](json::View names) {
        std::vector<wshub_session> handles;
        names.each([&](std::string_view, json::View each) { return handles.push_back(session(each, context)), true; });
        return handles;
    };
    std::vector<std::string> texts;
    texts.reserve(64);  // so that they stay where they are
    const auto rooms = [&](json::View list, std::vector<std::uint32_t>& flags) {
        std::vector<wshub_str> names;
        list.each([&](std::string_view, json::View each) {
            names.push_back(str(texts.emplace_back(bytes(each[0]))));
            flags.push_back(static_cast<std::uint32_t>(each[1].num()));
            return true;
        });
        return names;
    };
    std::vector<std::uint32_t> room_flags, except_flags;
    const auto to = sessions(from["to"]), except = sessions(from["except"]);
    const auto to_rooms = rooms(from["rooms"], room_flags), except_rooms = rooms(from["except_rooms"], except_flags);
    std::vector<wshub_bytes> bins;
    from["bins"].each([&](std::string_view, json::View each) {
        const std::string& held = texts.emplace_back(bytes(each));
        bins.push_back({held.data(), held.size()});
        return true;
    });
    const std::string nsp = bytes(from["nsp"]), event = bytes(from["event"]), args = bytes(from["args"]);
    wshub_emit message{};
    message.size = static_cast<std::uint32_t>(from["size"].num(sizeof message));
    message.flags = static_cast<std::uint32_t>(from["flags"].num());
    message.nsp = str(nsp);
    message.event = str(event);
    message.args = str(args);
    message.bins = bins.data();
    message.n_bins = bins.size() + static_cast<std::size_t>(from["bins_missing"].num());
    message.sessions = to.data();
    message.n_sessions = to.size();
    message.rooms = to_rooms.data();
    message.room_flags = room_flags.data();
    message.n_rooms = to_rooms.size() + static_cast<std::size_t>(from["rooms_missing"].num());
    message.except_sessions = except.data();
    message.n_except_sessions = except.size();
    message.except_rooms = except_rooms.data();
    message.except_room_flags = except_flags.data();
    message.n_except_rooms = except_rooms.size();
    if (from["ask"]) {
        message.reply_slot = kReply;
        message.reply_timeout_ms = static_cast<std::uint32_t>(from["ask"].num());
        message.reply_cookie = 42;
    }
    return api_->emit(host_, &message);
}

// what, nsp, key, flags, session, how many at most
std::int32_t Exercise::visit(json::View item, const Context& context, std::vector<json::Raw>& out) {
    struct Seen {
        const Exercise* self;
        std::vector<std::string> sessions, names;
        std::size_t most;
    } seen{this, {}, {}, static_cast<std::size_t>(item[6].num(1000))};
    const auto take = [](void* user, wshub_session who, wshub_str name, std::uint64_t number) -> std::int32_t {
        auto& into = *static_cast<Seen*>(user);
        if (who != 0) {
            into.sessions.push_back(into.self->label(who) + (name.n > 0 ? "=" + std::string(view(name)) : ""));
        } else {
            into.names.push_back(std::string(view(name)) + ":" + std::to_string(number));
        }
        return into.sessions.size() + into.names.size() >= into.most ? 1 : 0;
    };
    const std::string nsp = bytes(item[2]), key = bytes(item[3]);
    wshub_query query{};
    query.size = sizeof query;
    query.what = static_cast<std::uint32_t>(item[1].num());
    query.nsp = str(nsp);
    query.key = str(key);
    query.flags = static_cast<std::uint32_t>(item[4].num());
    query.session = item[5] ? session(item[5], context) : 0;
    const wshub_visitor visitor{take, &seen};
    const std::int32_t code = api_->visit(host_, &query, &visitor);
    std::sort(seen.sessions.begin(), seen.sessions.end());  // their order is nobody's promise
    for (const auto& each : seen.sessions) out.push_back(quoted(each));
    for (const auto& each : seen.names) out.push_back(quoted(each));
    return code;
}

std::int32_t Exercise::hook(std::string_view kind, wshub_session session, std::string_view what) {
    Context context;
    context.kind = kind;
    context.session = session;
    log(std::string(kind) + " " + label(session) + " " + std::string(what));
    run_and_log("in " + std::string(kind), hooks_[std::string(kind)], context);
    return context.returns;
}

std::int32_t Exercise::call(std::uint32_t kind, wshub_slot slot, const void* data, wshub_err* error) {
    Context context;
    switch (slot) {
        case kRun:
        case kFirst:
        case kSecond:
        case kPrefix:
        case kEverything: {
            const auto& event = *static_cast<const wshub_event*>(data);
            context.session = event.session;
            context.ack = event.ack;
            const char* const names[] = {"", "run", "first", "second", "prefix", "everything"};
            if (slot != kRun) log(std::string(names[slot]) + " of " + std::string(view(event.name)));
            json::View script(view(event.args));
            if (slot != kRun) script = script[0][names[slot]];
            std::string bins;
            for (std::size_t i = 0; i < event.n_bins; ++i) {
                bins += " <" + std::string(static_cast<const char*>(event.bins[i].p), event.bins[i].n) + ">";
            }
            if (!bins.empty()) log("attachments" + bins + " of " + std::string(view(event.args)));
            const json::Raw results = run(script, context);
            if (slot == kRun && event.ack != 0 && !context.answers_itself) {
                api_->ack(host_, event.ack, str(results.text), nullptr, 0);
            } else if (results.text != "[]") {
                log("results " + results.text);
            }
            break;
        }
        case kAnswer: {
            const auto& answer = *static_cast<const wshub_answer*>(data);
            log("answer " + std::to_string(answer.cookie) + " " + code_name(answer.status) + " " +
                std::string(view(answer.code)) + std::string(view(answer.result)));
            break;
        }
        case kConnect: {
            const auto& connect = *static_cast<const wshub_connect*>(data);
            const json::View auth(view(connect.auth));
            sessions_[auth["label"].str("unnamed")] = connect.session;
            log("connect " + label(connect.session) + " " + std::string(view(connect.nsp)));
            context.session = connect.session;
            run_and_log("in connect", auth["script"] ? std::string(auth["script"].text()) : std::string(), context);
            break;
        }
        case kConnectBehind: {
            const auto& connect = *static_cast<const wshub_connect*>(data);
            const json::View auth(view(connect.auth));
            log("connect, second " + label(connect.session));
            context.session = connect.session;
            run_and_log("in second", auth["second"] ? std::string(auth["second"].text()) : std::string(), context);
            break;
        }
        case kConnected: {
            const auto& connected = *static_cast<const wshub_connected*>(data);
            return hook("connected", connected.session, view(connected.nsp));
        }
        case kDisconnect: {
            const auto& closed = *static_cast<const wshub_closed*>(data);
            return hook("disconnect", closed.session, view(closed.reason));
        }
        case kJoin:
        case kLeave: {
            const auto& member = *static_cast<const wshub_member*>(data);
            return hook(slot == kJoin ? "join" : "leave", member.session, view(member.room));
        }
        case kHttp: {
            const auto& http = *static_cast<const wshub_http*>(data);
            log("http " + std::string(view(http.method)) + " " + std::string(view(http.path)) + "?" +
                std::string(view(http.query)) + " body=" + std::string(view(http.body)) + " from " +
                std::string(view(http.remote)));
            context.request = http.request;
            run_and_log("in http", hooks_["http"], context);
            break;
        }
        case kLater: {
            const auto& tick = *static_cast<const wshub_tick*>(data);
            run_and_log(kind == WSHUB_ON_POST ? "post" : "timer", std::string(scripts_[tick.cookie]), context);
            break;
        }
        case kReply: {
            const auto& reply = *static_cast<const wshub_reply*>(data);
            std::string line = "reply of " + label(reply.session) + " status=" + std::to_string(reply.status) +
                               " cookie=" + std::to_string(reply.cookie) + " " + std::string(view(reply.args));
            for (std::size_t i = 0; i < reply.n_bins; ++i) {
                line += " <" + std::string(static_cast<const char*>(reply.bins[i].p), reply.bins[i].n) + ">";
            }
            log(line);
            context.session = reply.session;
            run_and_log("in reply", hooks_["reply"], context);
            break;
        }
        default: return WSHUB_EINVAL;
    }
    if (context.returns < 0 && error && error->msg && error->cap > 0) {
        std::strncpy(error->msg, "as it was told", error->cap - 1);
    }
    return context.returns;
}

void* create(wshub_host* host, const wshub_host_v1* functions, wshub_err* error) {
    auto* const self = new Exercise(host, functions);
    if (self->set_up()) return self;
    delete self;
    if (error && error->msg && error->cap > 0) std::strncpy(error->msg, "cannot be set up", error->cap - 1);
    return nullptr;
}
void destroy(void* self) {
    delete static_cast<Exercise*>(self);
}
std::int32_t start(void* self, wshub_err*) {
    return static_cast<Exercise*>(self)->start();
}
void stop(void* self) {
    static_cast<Exercise*>(self)->stop();
}
std::int32_t save(void* self, const wshub_sink* to, wshub_err*) {
    return static_cast<Exercise*>(self)->save(to);
}
std::int32_t restore(void* self, std::uint32_t version, wshub_str text, wshub_err* error) {
    return static_cast<Exercise*>(self)->restore(version, view(text), error);
}
std::int32_t call(void* self, std::uint32_t kind, wshub_slot slot, const void* data, wshub_err* error) {
    return static_cast<Exercise*>(self)->call(kind, slot, data, error);
}

constexpr wshub_plugin_v1 kFunctions{
    sizeof(wshub_plugin_v1), 0, create, destroy, start, stop, call, save, restore, 7, 0};

}  // namespace

WSHUB_DESCRIBE("exercise", "1.0.0", 0, "");
extern "C" WSHUB_EXPORT const wshub_plugin_v1* wshub_plugin_entry_v1(void) {
    return &kFunctions;
}
