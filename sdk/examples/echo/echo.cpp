// A whole plugin: answers `echo`, counts per session, tells a room, refuses banned clients, and reads its settings.
#include <wshub/plugin.h>

using namespace std::chrono_literals;
namespace json = wshub::json;

struct Echo : wshub::Plugin {
    int max_length = config("max_length", 256, "The longest text that is echoed, in bytes.", {1, 10'000});
    std::string room = config("room", "lobby", "The room that hears of every echo.");
    wshub::Millis tick = config("tick", 30s, "How often the room hears the time.", {100ms, 24h});
    wshub::Counter echoed = counter("echo_messages_total", "Messages echoed");
    wshub::PerSession<int> seen{*this};

    explicit Echo(wshub::Host host) : Plugin(host) {
        on_connect([](wshub::Connect& connect) {
            if (connect.auth()["banned"].boolean()) connect.reject("BANNED", "you are banned");
        });
        on("echo", [this](wshub::Event& event) {
            const std::string text = event[0].str();
            if (text.size() > static_cast<std::size_t>(max_length))
                return event.fail("TOO_LONG", "the text is too long");
            echoed.inc();
            const wshub::Session session = event.session();
            to_room(room).except(session).emit("echo:seen", json::obj("from", session.sid(), "text", text));
            event.ack(json::obj("text", text, "nth", ++seen[session]));
        });
        every(tick, [this] { to_room(room).volatile_().emit("echo:tick", json::obj("at", timestamp())); });
        http("GET /echo", [](wshub::Http& request) { request.reply(200, "text/plain", "echo is here\n"); });
    }
};
WSHUB_PLUGIN(Echo, "echo", "1.0.0")
