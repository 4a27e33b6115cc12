#include <wshub/plugin.h>

#include <string>
#include <variant>

#include "common/sender.h"
#include "messages.h"

namespace {

class Messaging : public wshub::Plugin {
public:
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
        on("system:general", [this](wshub::Event& event) { general(event); });
    }

private:
    void general(wshub::Event& event) {
        const auto read = messaging::read_general(event[0], event.attachments().size());
        if (const auto* refusal = std::get_if<families::Refusal>(&read)) return families::refuse(event, *refusal);
        const auto& message = std::get<messaging::General>(read);
        const auto sender = families::speaker(event, families::Payload::passed_on);
        if (!sender) return;
        const std::string now = timestamp();
        families::with(all().except(event.session()), event, *sender)
            .emit("system:general", messaging::general_delivery(sender->object, message, now));
        const wshub::json::Raw sent = messaging::general_sent(message, now);
        to(event.session()).with(event).emit("system:generalSent", sent);
        event.ack(sent);
    }
};

}  // namespace

WSHUB_PLUGIN(Messaging, "messaging", "0.1.0")
