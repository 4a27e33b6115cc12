// A plugin with nothing wrong: says back what it is sent, and does what the tests of the host ask of it.
#include <wshub/plugin.h>

#include <atomic>
#include <chrono>
#include <string>

namespace {

namespace json = wshub::json;
using namespace std::chrono_literals;

class Good : public wshub::Plugin {
public:
    explicit Good(wshub::Host host) : Plugin(host) {
        on_connect([](wshub::Connect& connect) {
            if (connect.auth()["banned"].boolean()) connect.reject("banned", "you are banned");
            if (connect.auth()["throw"].boolean()) throw wshub::Error(WSHUB_EINTERNAL, "secret: hunter2");
        });
        on_connected([this](wshub::Session session) { to(session).emit("welcome", session.sid().size()); });
        on_disconnect([this](wshub::Session session, std::string_view reason) {
            all().emit("gone", session.username(), reason, seen_[session]);
        });
        on_join([this](wshub::Session session, std::string_view room) { to(session).emit("joined", room); });
        on_leave([this](wshub::Session session, std::string_view room) { to(session).emit("left", room); }, "r*");

        on("echo", [this](wshub::Event& event) {
            echoed_.inc();
            ++seen_[event.session()];
            event.ack_raw(event.raw_args());
        });
        on("chain", [](wshub::Event& event) { event.ack("second"); });
        on(
            "chain",
            [](wshub::Event& event) {
                if (event[0].boolean()) event.stop();
                if (event[0].str() == "throw") throw std::runtime_error("the first one fails");
                event.ack("first");
            },
            10);
        on(
            "chain*", [this](wshub::Event& event) { to(event.session()).emit("last"); }, -10);
        on("silent", [](wshub::Event&) {});
        on("refuse", [](wshub::Event& event) { event.fail("NO", "not today"); });
        on("refuse_with", [](wshub::Event& event) { event.fail_with("NO", "not today", json::obj("ok", false)); });
        on("boom", [](wshub::Event&) { throw std::runtime_error("secret: hunter2"); });
        on("boom_int", [](wshub::Event&) { throw 42; });
        on("forward", [this](wshub::Event& event) { all().with(event).emit("forwarded", event[0]["part"]); });
        on("bytes", [this](wshub::Event& event) { to(event.session()).with("abc").emit("bytes", json::bin(0)); });
        on("join", [](wshub::Event& event) { event.ack(event.session().join(event[0].str())); });
        on("leave", [](wshub::Event& event) { event.ack(event.session().leave(event[0].str())); });
        on("hide", [](wshub::Event& event) {
            const wshub::Session session = event.session();
            const bool joined = session.join_private("x");
            event.ack(joined, session.in_private("x"), session.in("x"),
                      session.in_private("x", wshub::Share::all_plugins), session.rooms());
        });
        on("to_hidden", [this](wshub::Event& event) { to_private("x").except(event.session()).emit("psst"); });
        on("name", [this](wshub::Event& event) {
            const wshub::Session session = event.session();
            const bool claimed = session.set_username(event[0].str()) == wshub::Session::Claim::done;
            event.ack(claimed, user(event[0].str()) == session);
        });
        on("vars", [this](wshub::Event& event) {
            event.session().set_var("color", event[0]);
            set_var("last", event[0]);
            event.ack(json::Raw{event.session().var("color")}, json::Raw{var("last")}, var("none"));
        });
        on("who", [this](wshub::Event& event) {
            event.ack(sessions().size(), session_count(), total_connections(), users().size(), namespaces());
        });
        on("fields", [](wshub::Event& event) {
            const wshub::Session session = event.session();
            event.ack(session.nsp(), session.remote(), session.user_agent(), json::Raw{session.auth().value_or("null")},
                      json::Raw{session.profile()}, session.transport());
        });
        on("later", [this](wshub::Event& event) {
            const wshub::Ack ack = event.take_ack();
            after(
                100ms, [ack] { ack("late"); }, event.session());
        });
        on("post", [this](wshub::Event& event) { post([this] { all().emit("posted"); }, event.session()); });
        on("cancelled", [this](wshub::Event& event) {
            after(
                10ms, [this] { all().emit("must not come"); }, event.session())
                .cancel();
        });
        on("ask", [this](wshub::Event& event) {
            to(event.session()).ask("question", 1s, [this](wshub::Reply& reply) {
                all().emit("replied", reply.answered(), reply.timed_out(), reply[0]);
            });
        });
        on("here", [this](wshub::Event&) { all().emit("here"); });
        on("everywhere", [this](wshub::Event& event) {
            post([this, event_session = event.session()] { to_room("lobby").to(event_session).emit("everywhere"); });
        });
        every(1s, [this] { all().volatile_().emit("tick", now_ms()); });
        http("GET /good", [](wshub::Http& request) {
            request.reply(200, "text/plain", "query " + std::string(request.query()), "X-Good: yes\r\n");
        });
        http("POST /good", [](wshub::Http& request) { request.reply(201, "text/plain", request.body()); });
        http("GET /good/later/*", [this](wshub::Http& request) {
            after(1s, [answer = request.answer()] { answer(200, "text/plain", "late"); });
        });
        http("GET /good/never", [](wshub::Http&) {});
        http("GET /good/boom", [](wshub::Http&) { throw std::runtime_error("secret: hunter2"); });
    }

protected:
    void on_stop() override { info("stops"); }

private:
    wshub::Counter echoed_ = counter("good_echoes_total", "Events echoed");
    wshub::PerSession<int> seen_{*this};
};

}  // namespace

WSHUB_PLUGIN(Good, "good", "1.2.0")
