// A plugin of ABI 1.0 in C++, built from the headers beside it and from nothing else. It uses every function of
// plugin.h and has every callback; what each of them did stands in the answers to its events and in the log, for
// tests/e2e/abi.test.mjs. Frozen like the headers: later versions of the ABI get folders of their own.
#include <wshub/plugin.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
namespace json = wshub::json;

namespace {

// "what=value", one after the other.
struct Report {
    std::vector<std::string> lines;
    void add(const std::string& what, const std::string& value) { lines.push_back(what + "=" + value); }
    void add(const std::string& what, const char* value) { add(what, std::string(value)); }
    void add(const std::string& what, bool value) { add(what, std::string(value ? "true" : "false")); }
    template <class Number>
    void add(const std::string& what, Number value) {
        add(what, std::to_string(value));
    }
};

class Every : public wshub::Plugin {
public:
    static constexpr std::uint32_t state_version = 8;

    explicit Every(wshub::Host host) : Plugin(host) {
        on("every-cpp:host", [this](wshub::Event& event) { about_host(event); });
        on("every-cpp:session", [this](wshub::Event& event) { about_session(event); });
        on("every-cpp:emit", [this](wshub::Event& event) { emit_all_ways(event); });
        on("every-cpp:later", [this](wshub::Event& event) { answer_later(event); });
        on("every-cpp:fail", [](wshub::Event& event) { event.fail("NO", "not today"); });
        on("every-cpp:fail-with", [](wshub::Event& event) { event.fail_with("NO", "not today", "really"); });
        on("every-cpp:error", [](wshub::Event&) { throw std::runtime_error("as told"); });
        on(
            "every-cpp:stop",
            [](wshub::Event& event) {
                event.ack("first");
                event.stop();
            },
            5);
        on("every-cpp:stop", [](wshub::Event& event) { event.session().disconnect(); });
        on("every-cpp:echo", [](wshub::Event& event) { event.ack_raw(event.raw_args()); });
        on(
            "every-cpp:slow", [](wshub::Event& event) { event.ack("slowly"); }, wshub::blocking);
        on("every-cpp:bye", [](wshub::Event& event) { event.session().disconnect(); });
        on("every-cpp:cut", [](wshub::Event& event) { event.session().close_transport(); });
        on("every-cpp:reload", [this](wshub::Event& event) {
            control("reload", json::obj("plugin", "every_cpp"), [](const wshub::ControlAnswer&) {});
            event.ack();
        });
        on_connect([this](wshub::Connect& connect) { judge(connect); });
        on_connected([this](wshub::Session) { ++connected_; });
        on_disconnect([this](wshub::Session session, std::string_view reason) {
            info("every_cpp: " + session.sid() + " has gone: " + std::string(reason));
        });
        on_join([this](wshub::Session, std::string_view room) { joined_ = joined_ + (room == "cpp-room" ? 1 : 0); },
                "cpp-*");
        on_leave([this](wshub::Session, std::string_view) { ++left_; });
        http("POST /every-cpp/*", [](wshub::Http& request) {
            const std::string text = std::string(request.method()) + " " + std::string(request.path()) + "?" +
                                     std::string(request.query()) + " " + std::string(request.header("x-ask")) + " " +
                                     std::string(request.body());
            request.reply(201, "text/plain", text, "X-Every: cpp\r\n");
        });
        wshub::ChannelHandlers handlers;
        handlers.on_open = [](wshub::ChannelSession client) { client.send_text(client.path() + "?" + client.query()); };
        handlers.on_message = [](wshub::ChannelSession client, const wshub::ChannelMessage& message) {
            if (message.binary) {
                client.send_binary(message.data);
            } else {
                client.close(4001, "as you wish");
            }
        };
        handlers.on_close = [this](wshub::ChannelSession client, std::string_view) {
            info("every_cpp: a channel was closed from " + client.remote());
        };
        channel("/every-cpp-channel/", wshub::Channel::websocket, handlers);
        every(10ms, [this] { ++ticks_; });
    }

protected:
    void on_start() override {
        info("every_cpp starts");
        thread([this](wshub::StopToken stop) {
            ++threads_;
            while (stop.sleep(1h)) continue;
        });
    }
    void on_stop() override { info("every_cpp stops"); }
    std::string save() override { return "saved by C++"; }
    void restore(std::uint32_t version, std::string_view text) override {
        saved_ = std::to_string(version) + " " + std::string(text);
    }

private:
    void judge(wshub::Connect& connect) {
        if (connect.auth()["cpp_refuse"].boolean()) {
            connect.reject("NOT_YOU", "not you");
        } else if (connect.auth()["cpp_hold"].boolean()) {
            const wshub::Verdict verdict = connect.hold();
            after(10ms, [verdict] { verdict.accept(); });
        } else if (connect.auth()["cpp_hold_and_refuse"].boolean()) {
            const wshub::Verdict verdict = connect.hold();
            post([verdict] { verdict.reject("NOT_YOU", "not you either"); });
        }
    }

    void about_host(wshub::Event& event) {
        Report report;
        report.add("text", text_);
        report.add("int", int_);
        report.add("int64", int64_);
        report.add("double", double_);
        report.add("bool", bool_);
        report.add("duration", duration_.count());
        report.add("size", size_.bytes);
        std::string items;
        for (const std::string& item : list_) items += item + ";";
        report.add("list", items);
        report.add("secret", secret_);
        report.add("path", path_.string());
        report.add("saved", saved_);
        report.add("version", !server_version().empty());
        report.add("url", server_url());
        report.add("state", !state_directory().empty());
        report.add("now", now_ms() > 1'600'000'000'000);
        report.add("timestamp", timestamp().size());
        report.add("log enabled", log_enabled(wshub::Level::error));
        report.add("namespaces", namespaces().front());
        report.add("sessions", session_count());
        report.add("connections", total_connections() > 0);
        report.add("ticks", ticks_ > 0);
        report.add("threads", threads_.load());
        report.add("connected", connected_ > 0);
        counter_.inc(3);
        gauge_.set(2);
        gauge_.add(0.5);
        set_var("own", json::obj("a", 1));
        report.add("var", var("own"));
        erase_var("own");
        report.add("erased", var("own"));
        event.ack(report.lines);
    }

    void about_session(wshub::Event& event) {
        const wshub::Session me = event.session();
        Report report;
        report.add("join", me.join("cpp-room"));
        report.add("join again", me.join("cpp-room"));
        report.add("in", me.in("cpp-room"));
        report.add("join private", me.join_private("cpp"));
        report.add("join shared", me.join_private("all", wshub::Share::all_plugins));
        report.add("in private", me.in_private("cpp"));
        report.add("rooms", me.rooms().size());
        report.add("all rooms", rooms().front().name + " " + std::to_string(rooms().front().members));
        report.add("members", members("cpp-room").size());
        report.add("private members", private_members("cpp").size());
        report.add("username", me.set_username("every cpp") == wshub::Session::Claim::done);
        report.add("profile", me.set_profile(json::obj("a", 1)));
        report.add("following", me.set_following(json::arr("somebody")));
        report.add("roles", me.set_roles(json::arr("tester")));
        report.add("has role", me.has_role("tester"));
        report.add("sid", find(me.sid()) == me);
        report.add("nsp", me.nsp());
        report.add("remote", me.remote());
        report.add("auth", me.auth().value_or("none"));
        report.add("user agent", me.user_agent().value_or("none"));
        report.add("username is", me.username());
        report.add("profile is", me.profile());
        report.add("transport", me.transport());
        report.add("headers", me.headers().find("Host:") != std::string::npos);
        report.add("query", me.query());
        report.add("following is", me.following());
        report.add("roles are", me.roles());
        report.add("connected at", me.connected_at_ms() > 1'600'000'000'000);
        report.add("events in", me.events_in() > 0);
        report.add("events out", me.events_out() >= 0);
        report.add("secure", me.secure());
        report.add("user", user("every cpp") == me);
        report.add("users", users().front().name);
        report.add("sessions", sessions().size());
        report.add("followers", followers("somebody").size());
        me.set_var("every.cpp", json::arr(1, 2));
        report.add("var", me.var("every.cpp"));
        me.erase_var("every.cpp");
        report.add("erased", me.var("every.cpp"));
        report.add("per session", ++seen_[me]);
        report.add("leave", me.leave("cpp-room"));
        report.add("leave private", me.leave_private("cpp"));
        event.ack(report.lines);
    }

    void emit_all_ways(wshub::Event& event) {
        const wshub::Session me = event.session();
        me.join("cpp-room");
        me.join_private("cpp");
        to("cpp-room").emit("told", "room");
        to_room("cpp-room").except("nobody").emit("told", "room, not nobody");
        to_private("cpp").except_private("nobody").emit("told", "private");
        to(me).with("\x01\x02").emit("told", "bytes", json::bin(0));
        to(std::vector<wshub::Session>{me}).emit_raw("told", "[\"raw\"]");
        all().in("/").volatile_().local().emit("told", "all");
        all().except(me).emit("told", "others");
        all().except(std::vector<wshub::Session>{me}).emit("told", "others");
        to(me).with(event).emit("told", "back", event[0]);
        event.ack("emitted");
    }

    // A post, a timer, a question to the client, and an operation on the hub; then the answer.
    void answer_later(wshub::Event& event) {
        const wshub::Ack ack = event.take_ack();
        const wshub::Session me = event.session();
        auto report = std::make_shared<Report>();
        report->add("asked", static_cast<bool>(ack));
        wshub::Timer never = after(1ms, [report] { report->add("never", "it ran"); });
        never.cancel();
        post(
            [this, ack, me, report] {
                report->add("post", "ran");
                after(
                    5ms, [this, ack, me, report] { ask(ack, me, report); }, me);
            },
            me);
    }
    void ask(const wshub::Ack& ack, const wshub::Session& me, const std::shared_ptr<Report>& report) {
        report->add("timer", "ran");
        to(me).ask("question", 5s, [this, ack, report](wshub::Reply& reply) {
            report->add("answered", reply.answered() && !reply.timed_out() && !reply.disconnected());
            report->add("answer", reply[0].str() + " " + std::string(reply.raw_args()) + " " +
                                      std::to_string(reply.attachments().size()));
            control("stats", {}, [this, ack, report](const wshub::ControlAnswer& stats) {
                report->add("stats", stats.done() && stats.result()["sessions"].num() > 0);
                control("no such operation", {}, [ack, report](const wshub::ControlAnswer& none) {
                    report->add("operation", std::string(none.code()));
                    ack(report->lines);
                });
            });
        });
    }

    const std::string text_ = config("text", "hello", "A text.");
    const int int_ = config("int", -12, "A number.", {-100, 100});
    const std::int64_t int64_ = config("int64", std::int64_t{1} << 40, "A large number.");
    const double double_ = config("double", 0.5, "A share.", {0.0, 1.0});
    const bool bool_ = config("bool", true, "Yes or no.");
    const wshub::Millis duration_ = config("duration", 25s, "A time.", {1s, 1h});
    const wshub::Size size_ = config("size", wshub::Size{256'000}, "A size.", {{1}, {1'000'000}});
    const std::vector<std::string> list_ = config("list", std::vector<std::string>{"a", "b"}, "Some texts.");
    const std::string secret_ = config_secret("secret", "A secret.");
    const std::filesystem::path path_ = config("path", std::filesystem::path("/etc/./every"), "A path.");
    wshub::Counter counter_ = counter("every_cpp_total", "Events", "kind=\"cpp\"");
    wshub::Gauge gauge_ = gauge("every_cpp_level", "A level");
    wshub::PerSession<int> seen_{*this};
    std::string saved_;
    std::atomic<int> ticks_{0}, threads_{0}, connected_{0}, joined_{0}, left_{0};
};

}  // namespace

WSHUB_PLUGIN_WITH(Every, "every_cpp", "1.0.0", 0, "every_c>=1.0")
