// Where admins' events become operations on the hub, and what comes of them goes back. Any thread.
#pragma once

#include <wshub/plugin.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "operations.h"

namespace admin {

class Desk {
public:
    explicit Desk(wshub::Plugin& plugin) : plugin_(plugin) {}

    // An `admin:OP` event.
    void handle(wshub::Event& event, const Operation& operation);
    // `admin:subscribe`
    void subscribe(wshub::Event& event);
    void forget(const wshub::Session& session) { subscriptions_.remove(session.id()); }
    // Once a second: each topic is computed once, for all who are due.
    void push();

    // A reload of this very plugin is answered by the version that serves when it is done.
    std::string save() const;
    void restore(std::string_view text);
    void started();

private:
    void answer(const wshub::Session& admin, const wshub::Ack& ack, const wshub::ControlAnswer& answer);
    void log_action(const Operation& operation, const wshub::Session& admin, const std::string& subject,
                    std::string_view outcome) const;
    void remember(wshub_ack ack, bool pending);

    wshub::Plugin& plugin_;
    Subscriptions subscriptions_;
    mutable std::mutex mutex_;
    std::vector<wshub_ack> reloading_;   // answers that are owed
    std::vector<wshub_ack> taken_over_;  // of the version before, which has been replaced
};

}  // namespace admin
