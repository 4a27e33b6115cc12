#include <wshub/plugin.h>

#include <string>
#include <variant>
#include <vector>

#include "common/sender.h"
#include "notices.h"

namespace {

class Notifications : public wshub::Plugin {
public:
    explicit Notifications(wshub::Host host) : Plugin(host) {
        on("system:notification", [this](wshub::Event& event) { notify(event); });
    }

private:
    void notify(wshub::Event& event) {
        const auto read = notifications::read_notice(event[0], event.attachments().size());
        if (const auto* refusal = std::get_if<families::Refusal>(&read)) return families::refuse(event, *refusal);
        const auto& notice = std::get<notifications::Notice>(read);
        const auto sender = families::speaker(event, families::Payload::passed_on);
        if (!sender) return;
        const wshub::Session session = event.session();
        const std::vector<wshub::Session> recipients =
            notice.to_followers ? followers(session.username()) : families::online(*this, notice.targets);
        const std::string now = timestamp();
        families::with(to(recipients), event, *sender)
            .emit("system:notification", notifications::delivery(sender->object, notice, now));
        const wshub::json::Raw sent = notifications::sent(recipients.size(), now);
        to(session).emit("system:notificationSent", sent);
        event.ack(sent);
    }
};

}  // namespace

WSHUB_PLUGIN(Notifications, "notifications", "0.1.0")
