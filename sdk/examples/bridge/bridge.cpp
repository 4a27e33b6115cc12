// Lets other programs in: GET /bridge tells who is online, POST /bridge emits an event to a room or to everybody. Both
// need the secret, as a bearer token.
//
//   curl -H 'Authorization: Bearer SECRET' http://127.0.0.1:3000/bridge
//   curl -H 'Authorization: Bearer SECRET' -d '{"event":"news","args":["hello"],"room":"lobby"}'
//   http://127.0.0.1:3000/bridge
#include <wshub/plugin.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace json = wshub::json;

struct Bridge : wshub::Plugin {
    std::string secret =
        config_secret("secret", "What requests to /bridge must carry; while it is empty, all are refused.");
    wshub::Counter emitted = counter("bridge_events_total", "Events that came in by the bridge");

    explicit Bridge(wshub::Host host) : Plugin(host) {
        http("GET /bridge", [this](wshub::Http& request) {
            if (allowed(request)) answer(request, 200, who_is_online());
        });
        http("POST /bridge", [this](wshub::Http& request) {
            if (allowed(request)) emit(request);
        });
    }

    void on_start() override {
        if (secret.empty()) warn("no secret is set: nobody can use the bridge");
    }

private:
    static void answer(wshub::Http& request, int status, const json::Raw& body) {
        request.reply(status, "application/json", body.text);
    }
    static void refuse(wshub::Http& request, int status, std::string_view why) {
        answer(request, status, json::obj("error", why));
    }

    // Answers the request itself if it is not.
    bool allowed(wshub::Http& request) const {
        if (!secret.empty() && same(request.header("Authorization"), "Bearer " + secret)) return true;
        refuse(request, 401, "the secret is wrong");
        return false;
    }
    // Takes as long for a nearly right text as for a wrong one, so that nobody can find it bit by bit.
    static bool same(std::string_view given, std::string_view expected) {
        bool different = given.size() != expected.size();
        for (std::size_t i = 0; i < given.size(); ++i) different |= given[i] != expected[i % expected.size()];
        return !different;
    }

    json::Raw who_is_online() const {
        std::vector<json::Raw> online;
        for (const wshub::Session& session : sessions()) {
            online.push_back(json::obj("sid", session.sid(), "username", session.username()));
        }
        return json::obj("online", online);
    }

    void emit(wshub::Http& request) {
        // What comes from outside of the hub was not checked by it.
        const auto body = json::View::parse(request.body());
        if (!body || !(*body)["event"].is_string()) return refuse(request, 400, "expected {event, args?, room?}");
        const std::string event = (*body)["event"].str();
        const json::View args = (*body)["args"];
        const json::View room = (*body)["room"];
        if (!args.is_missing() && !args.is_array()) return refuse(request, 400, "args must be an array");
        if (!room.is_missing() && room.raw().empty()) return refuse(request, 400, "room must be the name of a room");
        const std::string_view arguments = args.is_missing() ? "[]" : args.text();
        try {
            if (room.is_missing()) {
                all().emit_raw(event, arguments);
            } else {
                to_room(room.str()).emit_raw(event, arguments);
            }
        } catch (const wshub::Error&) {  // such as the protocol's own events
            return refuse(request, 400, "the hub does not send such an event");
        }
        emitted.inc();
        answer(request, 200, json::obj("status", "sent"));
    }
};
WSHUB_PLUGIN(Bridge, "bridge", "1.0.0")
