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

namespace json = wshub::json;

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

    // What is under way when this plugin is reloaded is answered by the version that serves then: a reload of this very
    // plugin by how it went, everything else by INTERNAL, since its answer came to nobody.
    json::Raw save() const;
    void restore(const json::View& saved);
    void started();

private:
    void fail(const wshub::Session& admin, const wshub::Ack& ack, std::string_view code, std::string_view message);
    void log_action(const Operation& operation, const wshub::Session& admin, const std::string& subject,
                    std::string_view outcome) const;
    // An answer that is owed.
    struct Owed {
        wshub_session admin = 0;
        wshub_ack ack = 0;  // 0: none was asked for
        bool reloads_us = false;

        friend bool operator==(const Owed&, const Owed&) = default;
    };
    void forget(const Owed& owed);

    wshub::Plugin& plugin_;
    Subscriptions subscriptions_;
    mutable std::mutex mutex_;
    std::vector<Owed> owed_;
    std::vector<Owed> taken_over_;  // by the version before, which has been replaced
};

}  // namespace admin
