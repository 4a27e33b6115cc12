#include <wshub/plugin.h>

#include <variant>

#include "common/sender.h"
#include "messages.h"

namespace {

class Direct : public wshub::Plugin {
public:
    explicit Direct(wshub::Host host) : Plugin(host) {
        on("system:direct", [this](wshub::Event& event) { direct(event); });
    }

private:
    void direct(wshub::Event& event) {
        const auto read = direct::read_message(event[0], event.attachments().size());
        if (const auto* refusal = std::get_if<families::Refusal>(&read)) return families::refuse(event, *refusal);
        const auto& message = std::get<direct::Message>(read);
        const auto sender = families::speaker(event, families::Payload::passed_on);
        if (!sender) return;
        const wshub::Session recipient = user(message.target.str());
        if (!recipient) return nobody(event, message);
        const std::string now = timestamp();
        families::with(to(recipient), event, *sender)
            .emit("system:direct", direct::delivery(sender->object, message, now));
        const wshub::json::Raw sent = direct::sent(message, now);
        to(event.session()).emit("system:directSent", sent);
        event.ack(sent);
    }

    void nobody(wshub::Event& event, const direct::Message& message) {
        const auto [code, reason] = families::kTargetNotFound;
        const wshub::json::Raw not_sent = direct::not_sent(message, reason, timestamp());
        to(event.session()).emit("system:directSent", not_sent);
        event.fail_with(code, reason, not_sent);
    }
};

}  // namespace

WSHUB_PLUGIN(Direct, "direct", "0.1.0")
