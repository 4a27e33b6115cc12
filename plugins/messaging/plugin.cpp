#include <wshub/plugin.h>

#include "messages.h"

namespace {

struct Messaging : wshub::Plugin {
    explicit Messaging(wshub::Host host) : Plugin(host) {
        on("message", [this](wshub::Event& event) {
            const std::string sid = event.session().sid();
            all().with(event).emit("message", messaging::delivery(sid, event[0]));
            event.ack(messaging::received(sid));
        });
        on("broadcast", [this](wshub::Event& event) {
            const wshub::Session sender = event.session();
            all().except(sender).with(event).emit("broadcast", messaging::delivery(sender.sid(), event[0]));
            event.ack(messaging::broadcasted());
        });
    }
};

}  // namespace

WSHUB_PLUGIN(Messaging, "messaging", "0.1.0")
