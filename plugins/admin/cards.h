// The cards of sessions, kept while somebody wants to see them: making one costs more than everything else about a
// list. Any thread.
#pragma once

#include <wshub/plugin.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "connections.h"

namespace admin {

class Cards {
public:
    using CardRef = std::shared_ptr<const Card>;

    explicit Cards(const wshub::Plugin& plugin) : plugin_(plugin) {}

    // Kept from now on if the session is there. Null: it is gone, all of it.
    CardRef get(const wshub::Session& session);
    void forget(const wshub::Session& session);
    void clear();

private:
    const wshub::Plugin& plugin_;
    mutable std::mutex mutex_;
    std::unordered_map<wshub_session, CardRef> cards_;
};

}  // namespace admin
