#include <wshub/plugin.h>

#include "answers.h"

namespace {

struct Heartbeat : wshub::Plugin {
    explicit Heartbeat(wshub::Host host) : Plugin(host) {
        on("ping", [](wshub::Event& event) {
            if (event.wants_ack()) event.ack(heartbeat::pong(event.session().sid()));
        });
        on("client-ping", [this](wshub::Event& event) {
            const wshub::json::Raw pong = heartbeat::client_pong(timestamp());
            to(event.session()).emit("client-pong", pong);
            event.ack(pong);
        });
    }
};

}  // namespace

WSHUB_PLUGIN(Heartbeat, "heartbeat", "0.1.0")
